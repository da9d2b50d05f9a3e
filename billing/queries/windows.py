"""Invoice windows, as flows and pages ask for them."""

from datetime import datetime
from typing import Any

from accounts.queries import policies
from billing.models import RUNNING, ChangeKind, ChangeState, Interval, Invoice, InvoiceWindow, SeatChange, Subscription
from billing.queries import giving_back
from billing.rules import pricing, windows
from billing.rules.giving_back import NoRate


def running(row: Subscription) -> InvoiceWindow | None:
    """The window whose seats are had and not paid. No query where there are none such seats."""
    if not row.unbilled:
        return None
    return InvoiceWindow.objects.filter(subscription=row, state__in=RUNNING).first()


def closing(row: Subscription, seats: int, at: datetime) -> datetime | None:
    """When `seats` seats would be billed if they were had now; None: at once.

    Small additions to a month that a card pays wait for the window's end; a year, much money, a trial, and what was not paid
    before do not, nor does what is paid on invoices. Going back to no fewer than Stripe has is a matter of the window too. At
    most one query.
    """
    if (
        row.price.interval != Interval.MONTH
        or row.status != "active"
        or row.is_in_trial
        or row.is_invoiced
        or seats < row.billed
    ):
        return None
    if row.unbilled:
        window = running(row)
        if window is None or not window.is_open or at >= window.closes_at:
            return None
        closes_at: datetime | None = window.closes_at
    else:
        hours = policies.value("billing.window_hours", at=at)
        closes_at = windows.closing(now=at, hours=hours, period_ends_at=row.period_ends_at)
    return closes_at if closes_at is not None and _is_small(row, seats, closes_at, at) else None


def _is_small(row: Subscription, seats: int, closes_at: datetime, at: datetime) -> bool:
    """Whether all that the window would bill is within what may wait."""
    tiers = [pricing.Tier(**tier) for tier in row.price.tiers]
    prices = [pricing.total(tiers, row.price.scheme, number) for number in (seats, row.billed)]
    times = {"starts_at": row.period_starts_at, "ends_at": row.period_ends_at, "at": closes_at}
    minor = windows.rest_minor(price_minor=prices[0] - prices[1], **times)
    if seats <= row.quantity:
        return True
    if minor <= 0:
        return False  # at a price step more seats may cost less: that is given back at once, not promised
    try:
        cents = giving_back.us_cents(max(minor, 0), row.currency, at)
    except NoRate:
        return False
    return bool(cents <= policies.value("billing.window_most_minor", at=at))


def additions(window: InvoiceWindow) -> list[dict[str, Any]]:
    """Each change of a window, the first one first: {seats (below 0: taken back), by, at}. One query."""
    made = SeatChange.objects.filter(window=window).select_related("actor").order_by("pk")
    return [
        {"seats": one.quantity_after - one.quantity_before, "by": str(one.actor or ""), "at": one.created_at} for one in made
    ]


def billed_by_invoice(invoice: Invoice) -> InvoiceWindow | None:
    """The window that an invoice has billed. One query, of a change's invoice."""
    if invoice.billing_reason != "subscription_update":
        return None
    return InvoiceWindow.objects.filter(billed_by__stripe_invoice_id=invoice.stripe_id).first()


def attempt(row: Subscription) -> SeatChange | None:
    """The newest attempt to bill a window that was not paid. One query."""
    mine = SeatChange.objects.filter(subscription=row, kind=ChangeKind.WINDOW)
    return mine.exclude(state=ChangeState.DONE).order_by("-id").first()
