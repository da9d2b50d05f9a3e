"""Whoever reads what customers do may look at visits."""

from django.db import migrations

from accounts import staff_groups

GROUPS = (staff_groups.MANAGER, staff_groups.REVENUE_OPERATIONS, staff_groups.MARKETING)


class Migration(migrations.Migration):
    dependencies = [
        ("telemetry", "0001_visits"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("telemetry", dict.fromkeys(GROUPS, ["view_visit"]))]
