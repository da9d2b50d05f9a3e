"""Who talks to customers may look at hand-raises, and mark them as answered."""

from django.db import migrations

from accounts import staff_groups

GROUPS = (
    staff_groups.SUPPORT,
    staff_groups.REP,
    staff_groups.MANAGER,
    staff_groups.CSM,
    staff_groups.REVENUE_OPERATIONS,
)


class Migration(migrations.Migration):
    dependencies = [
        ("offramps", "0002_click_and_answer_on"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("offramps", dict.fromkeys(GROUPS, ["view_handraise"]))]
