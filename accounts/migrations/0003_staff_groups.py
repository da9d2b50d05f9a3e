"""The vendor's staff groups, and what each may see of accounts. Only revenue operations may set numbers of the business."""

from django.db import migrations

from accounts import staff_groups

EVERYBODY = ["view_organization", "view_organizationprofile", "view_membership", "view_user", "view_journal", "view_policy"]
HELPING = ["view_invitation", "view_apikey", "view_outgoingmail", "view_legaldocument", "view_acceptance"]

TABLE = {
    staff_groups.SUPPORT: EVERYBODY + HELPING,
    staff_groups.REP: EVERYBODY,
    staff_groups.MANAGER: EVERYBODY + HELPING,
    staff_groups.CSM: EVERYBODY + ["view_invitation"],
    staff_groups.FINANCE: EVERYBODY + ["view_legaldocument", "view_acceptance"],
    staff_groups.REVENUE_OPERATIONS: EVERYBODY + HELPING + ["view_journalcursor", "add_policy"],
    staff_groups.MARKETING: ["view_organization", "view_organizationprofile", "view_policy"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.make(), staff_groups.grant("accounts", TABLE)]
