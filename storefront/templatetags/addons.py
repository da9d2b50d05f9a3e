"""Add-ons in templates."""

from collections.abc import Mapping
from typing import Any

from django import template

from billing.queries.overview import Standing
from storefront import addon_words

register = template.Library()


@register.filter
def addon_name(text: Mapping[str, str] | None) -> str:
    """An add-on's name in the reader's language."""
    return addon_words.name(text)


@register.filter
def charged_addons(standing: Standing) -> list[dict[str, Any]]:
    """The add-ons of the next charge: label, note and amount of each."""
    charge = standing.next_charge
    if charge is None:
        return []
    interval, currency = standing.row.price.interval, charge.currency
    return [addon_words.line(item, charge.seats, interval, currency) for item in charge.held_addons]
