"""Who of the staff may look at the store as a customer: those who talk with customers; and who sees that it was done."""

from django.db import migrations

from accounts import staff_groups

LOOKING = ["view_viewing", "add_viewing"]
TABLE = {
    staff_groups.SUPPORT: LOOKING,
    staff_groups.CSM: LOOKING,
    staff_groups.REP: LOOKING,
    staff_groups.MANAGER: LOOKING,
    staff_groups.REVENUE_OPERATIONS: ["view_viewing"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_viewings"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("accounts", TABLE)]
