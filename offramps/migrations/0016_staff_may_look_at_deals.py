"""Who talks to customers or decides about money may look at deals."""

from django.db import migrations

from accounts import staff_groups

GROUPS = [name for name in staff_groups.GROUPS if name != staff_groups.MARKETING]


class Migration(migrations.Migration):
    dependencies = [
        ("offramps", "0015_deals"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("offramps", dict.fromkeys(GROUPS, ["view_deal", "view_dealversion"]))]
