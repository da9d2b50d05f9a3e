"""Why a code is not taken, and what to do: every reason by itself."""

from django.utils.translation import gettext as _

from billing.queries import catalog
from billing.queries.promotions import Entered
from billing.rules.promotions import Refusal
from config import words


def refusal(entered: Entered) -> str:
    """A sentence or two; nothing of the cart or the subscription is lost."""
    values = {"code": entered.code, "where": _where(entered), "day": _day(entered)}
    return {
        None: "",
        Refusal.UNKNOWN: _("%(code)s is not a code of ours. Check its spelling."),
        Refusal.NOT_YET: _("%(code)s can be used from %(day)s."),
        Refusal.EXPIRED: _("%(code)s has expired: it could be used until %(day)s."),
        Refusal.WITHDRAWN: _("%(code)s is no longer offered."),
        Refusal.USED_UP: _("%(code)s was for a limited number of customers, and they have all used it."),
        Refusal.OTHER_PLAN: _("%(code)s does not count for this plan, but for %(where)s."),
        Refusal.OTHER_INTERVAL: _("%(code)s counts when you pay yearly. Change how often you pay to use it.")
        if _only_yearly(entered)
        else _("%(code)s counts when you pay monthly. Change how often you pay to use it."),
        Refusal.OTHER_CURRENCY: _("%(code)s does not count in this currency."),
        Refusal.FIRST_PURCHASE_ONLY: _("%(code)s is for a first purchase, and your organization has bought before."),
        Refusal.HAS_ONE: _("You have a discount already. One at a time: %(code)s can be used when it is over."),
    }[entered.refusal] % values


def _where(entered: Entered) -> str:
    """The plans it counts for, by name: "Team, Business"."""
    on_sale = catalog.on_sale()
    names = []
    for path in entered.row.plans if entered.row else ():
        plan, line = on_sale.plan(path), on_sale.line(path)
        names.append(plan.name if plan else catalog.text(line.name) if line else path)
    return ", ".join(names)


def _day(entered: Entered) -> str:
    row = entered.row
    at = row and (row.starts_at if entered.refusal == Refusal.NOT_YET else row.expires_at)
    return words.day(at) if at else ""


def _only_yearly(entered: Entered) -> bool:
    return entered.row is not None and "year" in entered.row.intervals
