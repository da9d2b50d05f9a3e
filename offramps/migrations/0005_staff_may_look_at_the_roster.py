"""Who talks to customers may look at leads, their clock and the roster; managers and revenue operations change the roster."""

from django.db import migrations

from accounts import staff_groups

SEEN = ("rep", "workinghours", "leave", "pool", "poolmember", "accountownership", "lead", "leadtrigger", "countdown", "offer")
LOOK = [f"view_{model}" for model in (*SEEN, "callslot")]
WRITE = ["add_rep", "change_rep", "add_pool", "change_pool", "change_accountownership"]


class Migration(migrations.Migration):
    dependencies = [
        ("offramps", "0004_leads_roster_and_clock"),
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
