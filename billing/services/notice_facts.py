"""What several mails say of a subscription: how it is collected, and what is still to be paid of it."""

from datetime import datetime
from typing import Any

from accounts.models import Organization
from billing.models import Interval, ScheduledChange, ScheduledKind, ScheduledState, Subscription
from billing.queries import booked_ends, overview, payers, windows
from billing.queries import unpaid as queries
from billing.rules import collecting, intervals


def how(row: Subscription) -> str:
    """How it is collected (billing.rules.collecting.How), by which a mail chooses its words."""
    return collecting.how(is_invoiced=row.is_invoiced, method_kind=payers.kind(row)).value


def tried(organization: Organization) -> str:
    """The same of what is tried by itself, whatever else is paid on invoice."""
    customer = getattr(organization, "customer", None)
    return collecting.how(is_invoiced=False, method_kind=customer.method_kind if customer else "").value


def monthly(row: Subscription) -> dict[str, Any]:
    """What is by the month beside a plan by the year, and so goes on being charged until that has ended. One query at most."""
    standing = overview.standing(row.organization, row.line.code) if row.price.interval == Interval.YEAR else None
    charge = standing.between if standing is not None and standing.row.pk == row.pk else None
    if charge is None:
        return {}
    named = [{"name": item.name, "number": item.number} for item in charge.items]
    return {"monthly": named, "monthly_minor": charge.charged_minor, "monthly_at": charge.at}


def ends_at(row: Subscription) -> datetime | None:
    """When it ends, as it was cancelled for then. One query."""
    ends = row.scheduled.filter(kind=ScheduledKind.END, state__in=(ScheduledState.PENDING, ScheduledState.BOOKED))
    return ends.values_list("effective_at", flat=True).first()


def ends_with(change: ScheduledChange) -> datetime | None:
    """When an end that is booked takes place once a plan that waits is had. Two queries at most."""
    assert change.price_after is not None
    interval = change.price_after.interval
    period = change.effective_at, intervals.end(change.effective_at, interval)
    return booked_ends.moved(change.subscription, period=period, interval=interval)


def unbilled(row: Subscription) -> dict[str, Any]:
    """What is still charged for seats that were added: how much, and when."""
    window = windows.running(row)
    return (
        {} if window is None else {"coming_minor": window.due_minor, "coming_at": window.closes_at, "currency": window.currency}
    )


def unpaid(row: Subscription) -> dict[str, Any]:
    """What is overdue, if something is: the oldest invoice's number, how many there are, and what they come to. One query."""
    found = list(queries.overdue(row))
    if not found:
        return {}
    missing = sum(invoice.amount_remaining_minor for invoice in found)
    facts = {"how": how(row), "invoice_number": found[0].number, "open_count": len(found)}
    return {**facts, "open_minor": missing, "currency": row.currency}
