"""Who of the staff may ask for a new owner, who may approve it, and who may open a closed organization again.

Support asks; managers and revenue operations decide. That the two are different people is held by the service and by a constraint.
"""

from django.db import migrations

from accounts import staff_groups

SEEING = ["view_ownerrecovery", "view_closedorganization"]
TABLE = {
    staff_groups.SUPPORT: [*SEEING, "add_ownerrecovery"],
    staff_groups.MANAGER: [*SEEING, "add_ownerrecovery", "change_ownerrecovery", "change_closedorganization"],
    staff_groups.REVENUE_OPERATIONS: [*SEEING, "add_ownerrecovery", "change_ownerrecovery", "change_closedorganization"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_account_endings"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("accounts", TABLE)]
