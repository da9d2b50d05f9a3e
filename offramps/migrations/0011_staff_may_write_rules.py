"""Who talks to customers may look at rules; managers and revenue operations write them and put them live."""

from django.db import migrations

from accounts import staff_groups

LOOK = ["view_triggerrule", "view_triggerruleversion"]
WRITE = ["add_triggerrule", "change_triggerrule"]


class Migration(migrations.Migration):
    dependencies = [
        ("offramps", "0010_detecting_rules"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        staff_groups.grant(
            "offramps",
            {
                **dict.fromkeys((staff_groups.SUPPORT, staff_groups.REP, staff_groups.CSM), LOOK),
                **dict.fromkeys((staff_groups.MANAGER, staff_groups.REVENUE_OPERATIONS), [*LOOK, *WRITE]),
            },
        )
    ]
