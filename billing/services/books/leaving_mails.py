"""The mails of ending at once, pausing and going on: rows in the causing transaction, to the people who decide about money."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from billing.models import Invoice, Pause, Subscription
from billing.queries import payers
from billing.rules.preview import FirstCharge
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


def paused(row: Subscription, pause: Pause, *, at: datetime) -> None:
    """It rests: until when, what was given back, and how to go on sooner."""
    context = {"resumes_at": pause.resumes_at, "credit_minor": pause.credit_minor, "seats": row.quantity, **_go_on(row)}
    write("paused", f"pause:{pause.pk}", row, context, at)


def pause_ends(row: Subscription, pause: Pause, charge: FirstCharge, *, at: datetime) -> None:
    """It goes on soon: when, and what is charged then."""
    card = payers.of(row)
    context = {
        "resumes_at": pause.resumes_at,
        "amount_minor": charge.due_minor,
        "credit_minor": charge.balance_applied_minor,
        "tax_minor": charge.tax_minor,
        "seats": charge.quantity,
        "card": card.card_last4 if card else "",
        **_go_on(row),
    }
    write("pause_ends", f"pause:{pause.pk}", row, context, at)


def pause_stays(row: Subscription, pause: Pause, *, due_minor: int, at: datetime) -> None:
    """It was to go on, and the card was declined: it stays paused, nothing was charged, and when it is tried again."""
    context = {"amount_minor": due_minor, "refusal": pause.message, "again_at": pause.due_at, **_go_on(row)}
    write("pause_stays", f"pause:{pause.pk}:{pause.tries}", row, context, at)


def resumed(row: Subscription, *, at: datetime) -> None:
    """It goes on: everybody is in again."""
    context = {"seats": row.quantity, "period_ends_at": row.period_ends_at}
    write("resumed", f"subscription:{row.pk}:{row.period_starts_at.isoformat()}", row, context, at)


def _go_on(row: Subscription) -> dict[str, Any]:
    query = urlencode({"line": row.line.code})
    return {"go_on_url": f"{settings.STORE_URL}{reverse('storefront:resumption')}?{query}"}
