"""Agreed days to pay begin or end: what the buyer hears of it, and from which invoice on."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from billing.models import StripeCommand, Subscription
from billing.queries import overview
from billing.services import notices


def changed(row: Subscription, command: StripeCommand, *, before: int, at: datetime) -> None:
    """Invoices of `row` are due after other days than `before` from now on; once a command. In its transaction."""
    if row.days_until_due is None or row.days_until_due == before:
        return
    standing = overview.standing(row.organization, row.line.code)
    charge = standing.next_charge if standing is not None else None
    between = standing.between if standing is not None else None
    context = {
        "plan": row.plan.name,
        "days": row.days_until_due,
        "days_before": before,
        "next_at": between.at if between is not None else charge.at if charge is not None else None,
        "open_numbers": [one.number for one in standing.sent] if standing is not None else [],
        "pay_url": f"{settings.STORE_URL}{reverse('storefront:payment_method')}",
    }
    notices.write("payment_days", f"payment_days:{command.pk}", row.organization, context, at)
