"""A price that went off sale: whoever still pays it is looked at again, see billing.services.renewing.renewals."""

from datetime import datetime
from typing import Final

from django.db import connection

LOOK_AGAIN: Final = """
UPDATE billing_renewalwatch w SET due_at = %(at)s FROM billing_subscription s JOIN billing_price r ON r.id = s.price_id
WHERE w.subscription_id = s.id AND r.retired_at = %(at)s AND s.status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused')
"""


def look_again(retired_at: datetime) -> int:
    """Look at whoever has a price that went off sale at this instant, as soon as may be. How many they are."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_AGAIN, {"at": retired_at})
        return int(cursor.rowcount)
