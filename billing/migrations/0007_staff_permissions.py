"""What each staff group may see of billing, and who may have something tried again."""

from django.db import migrations

from accounts import staff_groups

CUSTOMER = ["view_subscription", "view_seatledgerentry", "view_seatchange", "view_scheduledchange", "view_cart"]
MONEY = ["view_invoice", "view_customer", "view_checkoutattempt"]
STRIPE = ["view_stripecommand", "view_stripeobject", "view_inboxevent", "view_eventcursor"]
TRY_AGAIN = ["change_stripecommand", "change_stripeobject"]

TABLE = {
    staff_groups.SUPPORT: CUSTOMER + MONEY + STRIPE + TRY_AGAIN,
    staff_groups.REP: CUSTOMER + ["view_invoice"],
    staff_groups.MANAGER: CUSTOMER + MONEY + ["view_stripecommand"],
    staff_groups.CSM: CUSTOMER + MONEY,
    staff_groups.FINANCE: CUSTOMER + MONEY + STRIPE + TRY_AGAIN,
    staff_groups.REVENUE_OPERATIONS: CUSTOMER + MONEY + STRIPE + TRY_AGAIN,
    staff_groups.MARKETING: ["view_cart", "view_checkoutattempt"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_staff_may_look"),
        ("accounts", "0003_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [staff_groups.grant("billing", TABLE)]
