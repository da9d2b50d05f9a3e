"""Where an invoice can be seen, paid and downloaded: addresses that Stripe makes and lets run out, so always asked afresh."""

from billing import gateway, gateway_refunds
from billing.models import CreditNote, Invoice


class NoPage(Exception):
    """Stripe has no page of this invoice: it is a draft, or was deleted."""


def hosted_url(invoice: Invoice) -> str:
    """The page that shows the invoice and takes a payment for it. Raises NoPage and faults.Unreachable."""
    return _address(gateway.invoice(invoice.stripe_id).hosted_invoice_url)


def pdf_url(invoice: Invoice) -> str:
    """The invoice as a PDF. Raises NoPage and faults.Unreachable."""
    return _address(gateway.invoice(invoice.stripe_id).invoice_pdf)


def credit_note_pdf_url(note: CreditNote) -> str:
    """The credit note as a PDF. Raises NoPage and faults.Unreachable."""
    return _address(gateway_refunds.credit_note(note.stripe_id).pdf)


def payment_url(stripe_id: str) -> str:
    """The page that finishes the payment of an invoice that may not be mirrored yet. Raises NoPage and faults.Unreachable."""
    return _address(gateway.invoice(stripe_id).hosted_invoice_url)


def _address(found: str | None) -> str:
    if not found:
        raise NoPage("Stripe shows no page of this invoice.")
    return found
