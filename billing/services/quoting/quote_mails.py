"""What is said of a quote: to its approver, and before it lapses."""

from datetime import datetime
from typing import Any

from accounts.services import outbox
from billing.models import Quote
from billing.services.books import quote_rows


def issued(quote: Quote, at: datetime) -> None:
    """To the approver, if the buyer named one. In the transaction of the issue."""
    if quote.approver_email:
        _write("quote_to_approve", quote, quote.approver_email, at)


def lapses(quote: Quote, at: datetime) -> None:
    """Soon: to whoever made it, and to the approver. In the transaction that says so."""
    if quote.actor is not None and quote.actor.is_active:
        outbox.write(
            kind="billing/quote_lapses",
            subject_row=f"quote:{quote.pk}",
            to=quote.actor,
            organization=quote.organization,
            context=_context(quote) | {"is_buyer": True, "open_url": quote_rows.page_url(quote)},
            at=at,
        )
    if quote.approver_email:
        _write("quote_lapses", quote, quote.approver_email, at)


def overtaken(quote: Quote, at: datetime) -> None:
    """To whoever made it: what there is instead, and where it is made anew. In the transaction that closes it."""
    if quote.actor is not None and quote.actor.is_active:
        outbox.write(
            kind="billing/quote_overtaken",
            subject_row=f"quote:{quote.pk}",
            to=quote.actor,
            organization=quote.organization,
            context=_context(quote) | {"overtaken": quote.overtaken, "open_url": quote_rows.page_url(quote)},
            at=at,
        )


def _write(kind: str, quote: Quote, to: str, at: datetime) -> None:
    context = _context(quote) | {"is_buyer": False, "open_url": quote_rows.link(quote)}
    row = f"quote:{quote.pk}"
    outbox.write(kind=f"billing/{kind}", subject_row=row, to=to, organization=quote.organization, context=context, at=at)


def _context(quote: Quote) -> dict[str, Any]:
    return {
        "organization": quote.organization.name,
        "number": quote.number,
        "buyer": quote_rows.asker(quote),
        "plan": quote.document["plan"],
        "interval": quote.document["interval"],
        "seats": quote.document["seats"],
        "is_purchase": quote.kind == "purchase",
        "due_minor": quote.due_minor,
        "period_minor": quote.period_minor,
        "currency": quote.currency,
        "valid_on": quote.valid_on,
    }
