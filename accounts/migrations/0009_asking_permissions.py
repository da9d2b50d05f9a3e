"""Who of the staff sees requests, contacts and stopped or suppressed addresses, and who may write to an address again."""

from django.db import migrations

from accounts import staff_groups

SEEING = ["view_joinrequest", "view_seatrequest", "view_billingcontact", "view_mailstop", "view_suppression"]
LIFTING = [*SEEING, "change_suppression"]
TABLE = {
    staff_groups.SUPPORT: LIFTING,
    staff_groups.MANAGER: LIFTING,
    staff_groups.REVENUE_OPERATIONS: LIFTING,
}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_asking_and_mail_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("accounts", TABLE)]
