"""The journal and the policy register are append-only: the database itself refuses to change or remove a row.

One change is let through: an actor whose account was deleted becomes nobody (ON DELETE SET NULL).
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION storefront_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id'
       AND to_jsonb(NEW) ->> 'actor_id' IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: add a row that corrects, do not change the past', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION storefront_append_only()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_append_only()"),
        trigger("accounts_journal"),
        trigger("accounts_policy"),
    ]
