"""Credit over all open invoices of an organization: asked before a change is previewed, and again where it is made."""

from datetime import datetime

from django.db import connection

from billing.models import Subscription
from billing.queries import credit, payers, payment_terms


def beyond(row: Subscription, amount_minor: int, at: datetime) -> credit.Beyond | None:
    """The credit that an invoice of so much would go beyond; None: there is room for it, or a card is charged.

    Whose time to pay was taken back gets nothing more on invoice.
    """
    if not _is_lent(row) or row.is_in_trial or amount_minor <= 0:
        return None
    is_agreed = not row.is_invoiced or payment_terms.days(row.organization, at) > 0
    if is_agreed and credit.covers(row.organization, amount_minor, row.currency, at):
        return None
    return credit.Beyond(
        credit=credit.of(row.organization, at, currency=row.currency), order_minor=amount_minor, currency=row.currency
    )


def _is_lent(row: Subscription) -> bool:
    """Whether what is bought is had before it is paid: on an invoice, or while a bank is at work on it."""
    return row.is_invoiced or payers.is_debited(row)


def hold(row: Subscription) -> None:
    """Have changes of one organization counted one after another. Call last of all locks, inside a transaction."""
    if _is_lent(row):
        hold_for(row.organization_id)


def hold_for(organization_id: int) -> None:
    """The lock itself, for an order: it has no subscription yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('credit'), %s)", [organization_id])
