"""What is said of an invoice window: when seats are had that will be charged, charged, not paid, given back."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from billing.models import InvoiceWindow, SeatChange, Subscription
from billing.services import charge_notes, notice_facts, notices


def opened(window: InvoiceWindow, change: SeatChange, *, at: datetime) -> None:
    """The first seats of a window: how much is charged when, unless something changes."""
    context = {
        "seats": change.quantity_after,
        "added": change.quantity_after - change.quantity_before,
        "amount_minor": change.due_now_minor,
        "closes_at": window.closes_at,
        "carried_minor": change.carried_minor,
        "renewal_minor": notices.renewal_minor(change.preview),
        "by": str(change.actor or ""),
    }
    _write("opened", window, change.subscription, context, at)


def billed(window: InvoiceWindow, change: SeatChange, *, at: datetime) -> None:
    """All of them in one charge."""
    context = {
        "seats": change.quantity_after,
        "added": change.quantity_after - change.quantity_before,
        "amount_minor": change.due_now_minor,
        "since": window.opened_at,
        **charge_notes.of_change(change),
        "renewal_minor": notices.renewal_minor(change.preview),
    }
    _write("billed", window, change.subscription, context, at)


def unpaid(window: InvoiceWindow, change: SeatChange, *, at: datetime) -> None:
    """The card did not pay: until when it can be put right, and what goes then."""
    context = {
        "added": window.seats,
        "amount_minor": change.due_now_minor,
        "release_at": window.release_at,
        "refusal": change.message,
        "pay_url": settings.STORE_URL + reverse("storefront:seat_change", args=[change.public_id]),
        "card_url": settings.STORE_URL + reverse("storefront:payment_method"),
    }
    _write("unpaid", window, change.subscription, context, at)


def released(window: InvoiceWindow, row: Subscription, *, count: int, at: datetime) -> None:
    """Not paid in time: so many seats are gone, nothing was charged for them."""
    _write("released", window, row, {"gone": count, "seats": row.quantity}, at)


def _write(verb: str, window: InvoiceWindow, row: Subscription, context: dict[str, Any], at: datetime) -> None:
    full = {**notices.plan_of(row), "how": notice_facts.how(row), **context}
    notices.write(f"window_{verb}", f"window:{window.pk}", row.organization, full, at)
