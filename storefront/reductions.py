"""Discounts and credit wherever money is shown: one wording for receipts, figures, timelines and mails."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from billing.queries import promotion_words
from billing.rules.promotions import Held
from config import words


def name(held: Held) -> str:
    """ "Welcome (WELCOME20)"."""
    return promotion_words.name(held.name, held.code)


def short(held: Held, currency: str) -> str:
    """ "20% off until 3 March"."""
    off = promotion_words.taken_off(percent_bps=held.percent_bps, amount_minor=held.amount_minor, currency=currency)
    return _("%(off)s %(until)s") % {"off": off, "until": promotion_words.until(held.ends_at, held.duration)}


def label(held: Sequence[Held]) -> str:
    """What a line that sums up several is called."""
    return ", ".join(name(one) for one in held) or _("Discount")


def note(held: Sequence[Held], currency: str) -> str:
    return ", ".join(short(one, currency) for one in held)


def worked_in(held: Sequence[Held], currency: str) -> list[str]:
    """Of amounts that are less for a discount already: which."""
    counted = [one for one in held if one.counts]
    if not counted:
        return []
    values = {"name": label(counted), "short": note(counted, currency)}
    return [_("%(name)s is worked into these amounts: %(short)s.") % values]


def credit_first(*, used_minor: int, due_minor: int, left_minor: int, currency: str) -> list[str]:
    """How much of the credit is used, so that a charge of nothing is understood, and what stays of it."""
    if used_minor <= 0:
        return []
    values = {
        "used": words.money(used_minor, currency),
        "due": words.money(due_minor, currency),
        "left": words.money(left_minor, currency),
    }
    if left_minor > 0:
        return [_("Credit %(used)s is used first; %(due)s due now. %(left)s stays as your credit.") % values]
    return [_("Credit %(used)s is used first; %(due)s due now.") % values]
