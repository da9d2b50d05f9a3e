"""Who of the staff looks at how customers are taxed; the rates are on the price list."""

from django.db import migrations

from accounts import staff_groups

LOOKING = ["view_taxstanding", "view_taxid", "view_billingdetails", "view_taxrate"]
TABLE = {
    staff_groups.SUPPORT: LOOKING,
    staff_groups.CSM: LOOKING,
    staff_groups.MANAGER: LOOKING,
    staff_groups.FINANCE: LOOKING,
    staff_groups.REVENUE_OPERATIONS: LOOKING,
    staff_groups.REP: ["view_taxrate"],
    staff_groups.MARKETING: ["view_taxrate"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0015_addons"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("billing", TABLE)]
