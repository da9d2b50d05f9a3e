"""The roster has a version, raised by triggers; an address is found whatever its case, by its index."""

import django.db.models.functions.text
from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION storefront_roster_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO offramps_rosterversion (id, number, changed_by) VALUES (1, 1, pg_current_xact_id()::text::bigint)
    ON CONFLICT (id) DO UPDATE SET number = offramps_rosterversion.number + 1, changed_by = excluded.changed_by;
    RETURN NULL;
END $$
"""
ANY = "INSERT OR UPDATE OR DELETE"
TRIGGERS = {
    "offramps_pool": ANY,
    "offramps_poolmember": ANY,
    "offramps_workinghours": ANY,
    "offramps_leave": ANY,
    # Presence and unanswered offers change by the minute, and are asked each time.
    "offramps_rep": "INSERT OR DELETE OR UPDATE OF skills, regions, lines, languages, capacity, time_zone, left_on",
}


class Migration(migrations.Migration):
    dependencies = [("offramps", "0007_the_pool_a_manager_chose")]

    operations = [
        migrations.CreateModel(
            name="RosterVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(default=0)),
                ("changed_by", models.BigIntegerField(default=0)),
            ],
            options={"verbose_name": "version of the roster", "verbose_name_plural": "versions of the roster"},
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION storefront_roster_changed()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_roster AFTER {when} ON {table} EXECUTE FUNCTION storefront_roster_changed()",
                f"DROP TRIGGER {table}_roster ON {table}",
            )
            for table, when in TRIGGERS.items()
        ),
        migrations.RemoveIndex(model_name="handraise", name="hand_raise_of_contact"),
        migrations.AddIndex(
            model_name="handraise",
            index=models.Index(
                django.db.models.functions.text.Lower("contact_email"), models.F("raised_at"), name="hand_raise_of_address"
            ),
        ),
    ]
