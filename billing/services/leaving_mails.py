"""The mails of ending at once, pausing and going on: rows in the causing transaction, to the people who decide about money."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.services import outbox
from billing.models import Invoice, Subscription
from billing.services import notices


def write(kind: str, subject_row: str, row: Subscription, context: dict[str, Any], at: datetime) -> None:
    """One to each who decides; the plan's name, interval and currency are in every one."""
    full = {"organization": row.organization.name, **plan(row), **context}
    for person in notices.deciders(row.organization):
        outbox.write(
            kind=f"billing/{kind}", subject_row=subject_row, to=person, organization=row.organization, context=full, at=at
        )


def plan(row: Subscription) -> dict[str, Any]:
    return {"plan": row.plan.name, "interval": row.price.interval, "currency": row.currency}


def ended_now(row: Subscription, *, given_minor: int, settled: Sequence[Invoice], how: str, at: datetime) -> None:
    """It was ended at once: what was given back, and which open invoices nobody has to pay any more.

    It takes the place of the mail of any end: one an end, of the same kind and subject.
    """
    context: dict[str, Any] = {
        "ended_at": at,
        "is_now": True,
        "given_minor": given_minor,
        "settled": [one.number or one.stripe_id for one in settled],
        "is_void": how != "uncollectible",
    }
    write("ended", f"subscription:{row.pk}", row, context, at)
