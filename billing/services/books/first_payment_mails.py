"""The mails of a first charge that the bank wants to be asked about: it waits, until when and where; or nothing was charged."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from billing.models import ChangeKind, ChangeState, SeatChange
from billing.services import notices


def page(change: SeatChange) -> str:
    """The address of the page on which a person finishes the payment, or drops it."""
    return f"{settings.STORE_URL}{reverse('storefront:seat_change', args=[change.public_id])}"


def waits(change: SeatChange, *, at: datetime) -> None:
    """Finish the payment: the amount, for what, until when, and where."""
    _write("first_payment_waiting", change, at, expires_at=change.expires_at, pay_url=page(change))


def over(change: SeatChange, *, at: datetime) -> None:
    """Dropped, or not paid in time: nothing was charged, what is kept, and how to try again."""
    is_pilot = change.kind == ChangeKind.CONVERSION
    path = reverse("storefront:pilot_conversion" if is_pilot else "storefront:resumption")
    query = urlencode({"line": change.subscription.line.code})
    more = {"is_dropped": change.state == ChangeState.DROPPED, "again_url": f"{settings.STORE_URL}{path}?{query}"}
    _write("first_payment_over", change, at, **more)


def _write(kind: str, change: SeatChange, at: datetime, **more: Any) -> None:
    row = change.subscription
    context = {
        "organization": row.organization.name,
        "plan": row.plan.name,
        "seats": change.quantity_after,
        "amount_minor": change.due_now_minor,
        "currency": change.currency,
        "is_pilot": change.kind == ChangeKind.CONVERSION,
        "trial_ends_at": row.trial_ends_at,
        **more,
    }
    about = f"seat_change:{change.pk}"
    for person in notices.deciders(row.organization):
        outbox.write(
            kind=f"billing/{kind}", subject_row=about, to=person, organization=row.organization, context=context, at=at
        )
