"""Why an invoice that was just tried is still open: what the bank said, asked of Stripe."""

from django.utils.translation import gettext as _

from billing import gateway
from billing.services.mirroring import mirror

# Said of a card that was tried while nobody was there to confirm it: on the invoice's page somebody is.
ASKS_FIRST = "authentication_required"


def of(invoice: gateway.Invoice) -> str:
    """What the bank said when it declined; empty where it wants a confirmation (3-D Secure). One call at most."""
    payments = invoice.payments.data if invoice.payments else []
    intent_id = mirror.stripe_id(payments[-1].payment.payment_intent) if payments else ""
    if not intent_id:
        return ""
    try:
        intent = gateway.payment_intent(intent_id)
    except gateway.Refused:
        return ""
    error = intent.last_payment_error
    if intent.status != "requires_payment_method" or error is None or error.code == ASKS_FIRST:
        return ""
    return error.message or _("Your card was declined.")
