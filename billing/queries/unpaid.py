"""What of a subscription was billed and not paid: what is overdue, has to be paid first, and is settled by an end.

Overdue is what was tried in vain, or was not paid by its date: the date is over when its day is, where the customer is
(billing.services.books.sent_invoices). Every page, mail and program is told all of it, and pays the oldest first.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Organization
from billing.models import OWING_STATUSES, ChangeState, Invoice, InvoiceStatus, SeatChange, Subscription, SubscriptionStatus

OVERDUE = Q(attempt_count__gt=0) | Q(overdue_at__isnull=False)


def open_invoices(row: Subscription) -> QuerySet[Invoice]:
    """Those that are open, oldest first; without those that a change waits for (unpaid, it is just not had), or that a bank is
    at work on: nothing is asked for twice."""
    return _open(row.invoices.all())


def _open(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    under_way = SeatChange.objects.filter(
        stripe_invoice_id=OuterRef("stripe_id"), state__in=(ChangeState.SENDING, ChangeState.WAITING)
    )
    found = invoices.filter(~Exists(under_way), status=InvoiceStatus.OPEN, amount_remaining_minor__gt=0, debited_at=None)
    return found.order_by("issued_at", "pk")


def at_the_bank(row: Subscription) -> Invoice | None:
    """The one whose debit is on its way, the latest to arrive first. One query."""
    return row.invoices.filter(status=InvoiceStatus.OPEN).exclude(debited_at=None).order_by("-debit_arrives_on", "pk").first()


def overdue(row: Subscription) -> QuerySet[Invoice]:
    """All that is overdue of a subscription, the oldest first."""
    return open_invoices(row).filter(OVERDUE)


def overdue_of(organization: Organization) -> QuerySet[Invoice]:
    """The same of all that an organization has, or had."""
    return _open(organization.invoices.all()).filter(OVERDUE)


def status(row: Subscription) -> str:
    """Stripe's word for it, but that nothing is past due on the very day it is due. Two queries at most, mostly none.

    Stripe calls past due what is not paid by the second, of which no page ever spoke.
    """
    if row.status not in OWING_STATUSES:
        return row.status
    is_due_today = open_invoices(row).filter(due_at__isnull=False).exists() and not overdue(row).exists()
    return SubscriptionStatus.ACTIVE if is_due_today else row.status


def is_behind(row: Subscription) -> bool:
    """Whether a payment is missing. Two queries at most."""
    return status(row) in OWING_STATUSES or overdue(row).exists()
