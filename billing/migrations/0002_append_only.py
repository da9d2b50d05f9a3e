"""The seat ledger is append-only: the database itself refuses to change or remove an entry (see accounts 0002)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("accounts", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER billing_seatledgerentry_append_only BEFORE UPDATE OR DELETE ON billing_seatledgerentry "
            "FOR EACH ROW EXECUTE FUNCTION storefront_append_only()",
            "DROP TRIGGER billing_seatledgerentry_append_only ON billing_seatledgerentry",
        ),
    ]
