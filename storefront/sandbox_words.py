"""What the journal says of a stretch of the sandbox's time, in a few words each."""

from collections.abc import Mapping, Sequence
from typing import Any

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
                said.append(_paid(data))
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


def _paid(data: Mapping[str, Any]) -> str:
    """An invoice that was paid, and how much of it from credit."""
    from_credit = min(data.get("credit_minor", 0), data["amount_minor"])
    amount, credit = (words.money(minor, data["currency"]) for minor in (data["amount_minor"], from_credit))
    if from_credit == data["amount_minor"]:
        return _("%(amount)s taken from credit") % {"amount": amount}
    if from_credit > 0:
        return _("%(amount)s paid, %(credit)s of it from credit") % {"amount": amount, "credit": credit}
    return _("%(amount)s paid") % {"amount": amount}
