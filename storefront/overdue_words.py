"""What is overdue in words: how much in all, of which invoices, and the button that pays it. Pages say it from here alone.

One invoice is paid on its own page. Of several the list of invoices says each, as each is paid by itself, the oldest first.
"""

from collections.abc import Iterable, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Invoice
from billing.queries.standing_facts import OpenInvoice
from config import words


def of_rows(rows: Iterable[Invoice]) -> tuple[OpenInvoice, ...]:
    """Rows of billing.queries.unpaid, as a standing has them."""
    return tuple(
        OpenInvoice(
            stripe_id=row.stripe_id,
            number=row.number or row.stripe_id,
            remaining_minor=row.amount_remaining_minor,
            currency=row.currency,
            next_attempt_at=row.next_attempt_at,
            due_at=row.due_at,
        )
        for row in rows
    )


def amount(invoices: Sequence[OpenInvoice]) -> str:
    """All of it; an organization pays in one currency. "": nothing is overdue."""
    return words.money(sum(one.remaining_minor for one in invoices), invoices[0].currency) if invoices else ""


def said(invoices: Sequence[OpenInvoice]) -> str:
    """ "Invoice FN-0001 of $160.00 is overdue.", or how many are, and each with its amount."""
    if len(invoices) == 1:
        return _("Invoice %(number)s of %(amount)s is overdue.") % {"number": invoices[0].number, "amount": amount(invoices)}
    each = (f"{one.number} ({words.money(one.remaining_minor, one.currency)})" for one in invoices)
    text = ngettext(
        "%(count)s invoice is overdue, %(amount)s in all: %(each)s.",
        "%(count)s invoices are overdue, %(amount)s in all: %(each)s.",
        len(invoices),
    )
    return text % {"count": words.number(len(invoices)), "amount": amount(invoices), "each": ", ".join(each)}


def pay_label(invoices: Sequence[OpenInvoice]) -> str:
    """ "Pay $160.00", or how many invoices that is."""
    if len(invoices) == 1:
        return _("Pay %(amount)s") % {"amount": amount(invoices)}
    text = ngettext("Pay %(amount)s: %(count)s invoice", "Pay %(amount)s: %(count)s invoices", len(invoices))
    return text % {"count": words.number(len(invoices)), "amount": amount(invoices)}


def pay_url(invoices: Sequence[OpenInvoice]) -> str:
    if len(invoices) == 1:
        return reverse("storefront:invoice_hosted", args=[invoices[0].stripe_id])
    return reverse("storefront:invoices")
