"""Why a plan cannot be tried, in words that lead to what can be had."""

from django.utils.translation import gettext as _

from billing.models import Cart
from billing.queries.trials import Answer
from billing.rules.trials import Refusal
from config import words


def refusal(answer: Answer, cart: Cart) -> str:
    """A sentence or two; empty where it can be tried."""
    values = {
        "plan": cart.plan.name,
        "day": words.day(answer.on) if answer.on else "",
        "domain": answer.domain,
    }
    said = {
        Refusal.NOT_OFFERED: _("%(plan)s has no trial. You can buy it now, and cancel it with any period."),
        Refusal.USED: _("Your organization tried it already, from %(day)s. You can buy it now, and cancel it with any period."),
        Refusal.COMPANY: _(
            "Another organization of your company (%(domain)s) tried it already, and a company tries it once. "
            "You can buy it now, or ask your colleagues for a seat."
        ),
        Refusal.BOUGHT: _("Your organization has had it before. You can buy it now, and cancel it with any period."),
    }
    return said[answer.refusal] % values if answer.refusal else ""
