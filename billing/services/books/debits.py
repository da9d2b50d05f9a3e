"""Payments that are on their way from a bank: since when, by when they have usually arrived, and the word of it.

What is on its way is open and not late. If the bank says no after days, the invoice has failed then (mirror_invoices), and goes
up the ladder as any other.
"""

from datetime import UTC, datetime
from typing import Any

from accounts.origin import Origin
from accounts.queries import policies, profiles
from accounts.services import journal
from billing import gateway
from billing.models import Invoice
from billing.rules import debits
from billing.services import notices

PROCESSING = "processing"
SUCCEEDED = "succeeded"


def note(row: Invoice, answer: gateway.Invoice, at: datetime) -> None:
    """Write into `row` whether a bank is at work on it, and what pays it. Does not save."""
    row.method_kind = _kind(row, answer)
    if row.status != "open" or not _is_processing(answer):
        row.debited_at = row.debit_arrives_on = None
        return
    if row.debited_at is None:
        row.debited_at = at
        row.debit_arrives_on = debits.arrives_on(at.astimezone(UTC).date(), _days(row, at))


def _kind(row: Invoice, answer: gateway.Invoice) -> str:
    """What paid it or was tried last. Once it is paid, what is heard of it later says nothing of that any more."""
    if row.paid_at is not None:
        return row.method_kind
    found = row.method_kind
    for intent in _intents(answer):
        refused = getattr(getattr(intent, "last_payment_error", None), "payment_method", None)
        if intent.status == PROCESSING:
            found = debits.of_currency(row.currency)
        elif intent.status == SUCCEEDED:  # by the debit that was on its way, else at once, which no bank is
            found = debits.of_currency(row.currency) if row.debited_at is not None else debits.CARD
        elif refused is not None:
            found = refused.type
    return found


def _intents(answer: gateway.Invoice) -> list[Any]:
    found = answer.payments.data if answer.payments else []
    intents = (payment.payment.payment_intent for payment in found)
    return [intent for intent in intents if hasattr(intent, "status")]


def _is_processing(answer: gateway.Invoice) -> bool:
    return any(intent.status == PROCESSING for intent in _intents(answer))


def _days(row: Invoice, at: datetime) -> int:
    kind = debits.of_currency(row.currency) or debits.SEPA
    found: int = policies.value(f"billing.{kind}_days", at, profiles.segment(row.organization_id))
    return found


def begun(row: Invoice, *, at: datetime) -> None:
    """A bank has been asked: the payer is told beforehand, as SEPA's rules want it."""
    journal.append(
        kind="billing.invoice.debited",
        organization=row.organization,
        at=at,
        origin=Origin.stripe(),
        data={
            "invoice": row.pk,
            "number": row.number,
            "amount_minor": row.amount_remaining_minor,
            "currency": row.currency,
            "arrives_on": row.debit_arrives_on.isoformat() if row.debit_arrives_on else None,
        },
    )
    notices.being_debited(row, at=at)
