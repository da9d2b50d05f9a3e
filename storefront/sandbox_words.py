"""What the journal says of a stretch of the sandbox's time, in a few words each."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.models import Journal
from config import words


def happened(facts: Sequence[Journal]) -> list[str]:
    """What the journal says of a stretch of time, in a few words each."""
    said: list[str] = []
    for fact in facts:
        data = fact.data
        match fact.kind:
            case "billing.invoice.paid" if data.get("amount_minor"):
                said.append(_("%(amount)s paid") % {"amount": words.money(data["amount_minor"], data["currency"])})
            case "billing.invoice.payment_failed":
                said.append(_("payment of %(amount)s failed") % {"amount": words.money(data["amount_minor"], data["currency"])})
            case "billing.invoice.debited":
                said.append(_("%(amount)s is being debited") % {"amount": words.money(data["amount_minor"], data["currency"])})
            case "billing.dunning.read_only":
                said.append(_("read-only: a payment is missing"))
            case "billing.dunning.recovered":
                said.append(_("the missing payment came"))
            case "billing.subscription.renewed":
                said.append(_("renewed with %(seats)s") % {"seats": words.seats(data["quantity"])})
            case "billing.seats.ended":
                said.append(_("subscription ended"))
    return said
