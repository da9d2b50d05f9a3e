"""What of a subscription was billed and not paid: what has to be paid first, and what an end settles."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import ChangeState, Invoice, InvoiceStatus, SeatChange, Subscription


def open_invoices(row: Subscription) -> QuerySet[Invoice]:
    """Those that are open, oldest first; without those that a change waits for (unpaid, it is just not had), or that a bank is
    at work on: nothing is asked for twice."""
    under_way = SeatChange.objects.filter(
        stripe_invoice_id=OuterRef("stripe_id"), state__in=(ChangeState.SENDING, ChangeState.WAITING)
    )
    found = row.invoices.filter(~Exists(under_way), status=InvoiceStatus.OPEN, amount_remaining_minor__gt=0, debited_at=None)
    return found.order_by("issued_at", "pk")


def at_the_bank(row: Subscription) -> Invoice | None:
    """The one whose debit is on its way, the latest to arrive first. One query."""
    return row.invoices.filter(status=InvoiceStatus.OPEN).exclude(debited_at=None).order_by("-debit_arrives_on", "pk").first()


def overdue(row: Subscription, at: datetime) -> Invoice | None:
    """The oldest that was tried in vain, or whose day to be paid has passed. One query."""
    return open_invoices(row).filter(Q(attempt_count__gt=0) | Q(overdue_at__isnull=False) | Q(due_at__lte=at)).first()


def is_behind(row: Subscription, at: datetime) -> bool:
    """Whether a payment is missing. One query, none where the status says so."""
    return row.status in ("past_due", "unpaid") or overdue(row, at) is not None
