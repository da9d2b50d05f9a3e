"""Graduated tiers in words: where each seat has its own tier's price, a row a tier instead of an average."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from billing.rules import pricing
from billing.rules.pricing import Tier, TierShare
from config import words


def rows(tiers: Sequence[Tier], scheme: str, quantity: int, currency: str, *, above: int = 0) -> list[str]:
    """ "1 to 5: 5 x $20.00 = $100.00", and so on for the seats above `above`; nothing where all seats cost the same."""
    return [row(share, currency) for share in pricing.shares(tiers, scheme, quantity, above=above)]


def row(share: TierShare, currency: str) -> str:
    said = _("%(seats)s: %(count)s x %(unit)s = %(amount)s")
    return said % {
        "seats": span(share.first, share.last),
        "count": words.number(share.quantity),
        "unit": words.money(share.unit_minor, currency),
        "amount": words.money(share.amount_minor, currency),
    }


def span(first: int, last: int | None) -> str:
    """Which seats a tier is of: "1 to 5", "from 21"."""
    if last is None:
        return _("from %(number)s") % {"number": words.number(first)}
    if first == last:
        return words.number(first)
    return _("%(least)s to %(most)s") % {"least": words.number(first), "most": words.number(last)}
