"""Bank accounts and debits in words, for pages."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.queries.standing_facts import Bank, Debit
from billing.rules import debits
from config import words


def bank(found: Bank) -> str:
    """Which bank, or, as an IBAN does not say it, which kind of debit."""
    return found.name or (_("SEPA Direct Debit") if found.kind == debits.SEPA else _("US bank account"))


def title(debit: Debit) -> str:
    return _("%(amount)s is being debited from your bank account") % {"amount": words.money(debit.amount_minor, debit.currency)}


def text(debit: Debit) -> str:
    said = _("It was asked for %(begun)s and has usually arrived %(day)s. Everybody works as usual; there is nothing to do.")
    return said % {"begun": words.on_day(debit.begun_at), "day": words.on_day(debit.arrives_on)}


def beyond() -> dict[str, Any]:
    """What a problem says of a change that is more than can be on its way."""
    return {
        "title": _("That is more than can be on its way from your bank"),
        "text": _(
            "What banks are at work on may come to a limit together, and this would go beyond it. Pay by card and have it at "
            "once, wait until it has arrived, or ask a person for more. Nothing was changed."
        ),
        "action_label": _("Pay by card"),
        "action_url": reverse("storefront:payment_method"),
        "second_label": _("Talk to a person"),
    }
