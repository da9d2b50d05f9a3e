"""Who of the staff may take lists along as files."""

from django.db import migrations

from accounts import staff_groups

TABLE = {
    staff_groups.FINANCE: ["export_rows"],
    staff_groups.REVENUE_OPERATIONS: ["export_rows"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_exports"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("accounts", TABLE)]
