"""What an order goes beyond, in figures: what may be open, what is, what this comes to, and how many seats would do."""

from django.utils.translation import gettext as _

from billing.queries.credit import Beyond
from config import words


def figures(beyond: Beyond) -> str:
    """ "Up to €500.00 may be open together, €320.00 is open now, and this comes to €240.00. 12 seats would fit."

    All in the currency of the order: a limit in another one is told by the rates of `billing.usd_rates`.
    """
    found = beyond.credit
    values = {
        "limit": words.money(found.limit_minor or 0, found.currency),
        "open": words.money(found.open_minor or 0, found.currency),
        "order": words.money(beyond.order_minor, beyond.currency),
        "seats": words.seats(beyond.fits),
    }
    if found.limit_minor is None:
        said = _("This comes to %(order)s, and nothing may be open in this currency.")
    elif found.open_minor is None or found.used is None:
        said = _("Up to %(limit)s may be open together, and this comes to %(order)s.")
    else:
        said = _("Up to %(limit)s may be open together, %(open)s is open now, and this comes to %(order)s.")
    if beyond.fits:
        fits = _("%(seats)s would fit.")
        said = f"{said} {fits}"
    return said % values
