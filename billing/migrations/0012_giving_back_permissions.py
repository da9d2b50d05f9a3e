"""Who of the staff may refund and credit (how much, the register says), and who sees what was given back."""

from django.db import migrations

from accounts import staff_groups

SEEING = ["view_adjustment", "view_creditnote"]
GIVING = [*SEEING, "add_adjustment"]
TABLE = {
    staff_groups.SUPPORT: GIVING,
    staff_groups.CSM: GIVING,
    staff_groups.MANAGER: GIVING,
    staff_groups.FINANCE: GIVING,
    staff_groups.REVENUE_OPERATIONS: GIVING,
}


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_giving_back"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("billing", TABLE)]
