"""Who of the staff may look at customers' webhooks."""

from django.db import migrations

from accounts import staff_groups

SEEING = ["view_webhookendpoint", "view_webhookdelivery"]
TABLE = {name: SEEING for name in (staff_groups.SUPPORT, staff_groups.MANAGER, staff_groups.REVENUE_OPERATIONS)}


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_webhooks"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("accounts", TABLE)]
