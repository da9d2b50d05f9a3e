"""`{% load tiers %}`: graduated tiers in words."""

from collections.abc import Mapping

from django import template

from billing.queries.overview import Standing
from billing.rules.pricing import TierShare
from storefront import tier_words

register = template.Library()


@register.filter
def tier_row(share: Mapping[str, int | None], currency: str) -> str:
    """A tier's share as an invoice's line keeps it: "1 to 5: 5 x $20.00 = $100.00"."""
    return tier_words.row(TierShare(**share), currency)  # type: ignore[arg-type] # only `last` may be None


@register.filter
def charged_tiers(standing: Standing) -> list[str]:
    """The tiers of the plan's seats in the next charge; none where all seats cost the same."""
    charge = standing.next_charge
    if charge is None:
        return []
    return tier_words.rows(standing.coming_rate.tiers, standing.coming_rate.scheme, charge.seats, charge.currency)
