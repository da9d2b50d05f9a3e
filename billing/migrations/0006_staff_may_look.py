"""Every staff group may look at the catalog."""

from django.db import migrations

from accounts import staff_groups

CATALOG = ["view_productline", "view_plan", "view_price", "view_move", "view_catalogversion"]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_idempotent_requests"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("billing", dict.fromkeys(staff_groups.GROUPS, CATALOG))]
