"""Pilots in the buyer's words: what is had for the fee, what comes after it, and why one cannot be had."""

from django.utils.translation import gettext as _

from billing.models import Cart
from billing.queries import pilot_words
from billing.queries.overview import Standing
from billing.queries.pilots import Answer
from billing.queries.standing_facts import PilotFacts
from billing.rules.pilots import Refusal
from config import words


def terms(*, seats: int, days: int) -> str:
    """ "30 days, up to 20 people, one fee"."""
    return pilot_words.terms(seats=seats, days=days)


def after(*, plan: str, is_credited: bool) -> str:
    """What happens at the end: nothing by itself."""
    if is_credited:
        said = _(
            "Then it ends by itself. Going on with %(plan)s is a click of yours, and the fee is taken off its first charge."
        )
    else:
        said = _("Then it ends by itself, and nothing more is charged. Going on with %(plan)s is a click of yours.")
    return said % {"plan": plan}


def refusal(answer: Answer, cart: Cart) -> str:
    """Why it cannot be had, in words that lead to what can be; empty where it can."""
    values = {"plan": cart.plan.name, "day": words.day(answer.on) if answer.on else ""}
    said = {
        Refusal.NOT_OFFERED: _("This pilot is no longer offered. You can buy %(plan)s now, and cancel it with any period."),
        Refusal.USED: _(
            "Your organization had its pilot, from %(day)s. You can buy %(plan)s now, and cancel it with any period."
        ),
        Refusal.BOUGHT: _(
            "A pilot comes before the first purchase, and your organization bought on %(day)s. You can buy %(plan)s."
        ),
    }
    return said[answer.refusal] % values if answer.refusal else ""


def banner(standing: Standing, pilot: PilotFacts) -> str:
    """What comes at its end, beside the date."""
    values = {"plan": standing.row.plan.name, "fee": words.money(pilot.fee_minor, standing.row.currency)}
    if pilot.is_credited:
        said = _(
            "It ends by itself and nothing is charged then: your people can read what they made. Go on with %(plan)s before, "
            "and the fee of %(fee)s is taken off its first charge."
        )
    else:
        said = _(
            "It ends by itself and nothing is charged then: your people can read what they made. "
            "Go on with %(plan)s any day, by a click."
        )
    return said % values
