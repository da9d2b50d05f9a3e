"""Add-ons in templates."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from billing.queries import catalog_words
from billing.queries.overview import Standing
from storefront import addon_words

register = template.Library()


@register.filter
def addon_name(text: Mapping[str, str] | None) -> str:
    """An add-on's name in the reader's language."""
    return addon_words.name(text)


@register.filter
def addon_of_line(line: Mapping[str, Any]) -> str:
    """What an invoice's line, as mails carry it, is for: "10 x Blueprints"; "" for a plan's."""
    return addon_words.counted(line["addon"], line["quantity"] or 1) if line.get("addon") else ""


@register.filter
def between_charge(standing: Standing) -> str:
    """What add-ons by the month are charged before a plan by the year renews; "" for none."""
    return addon_words.between(standing.between) if standing.between else ""


@register.filter
def going_on(standing: Standing) -> str:
    """What add-ons by the month are charged until a plan by the year has ended; "" for none."""
    return addon_words.goes_on(standing)


@register.filter
def last_words(standing: Standing) -> str:
    """What is still charged of a subscription that ends."""
    return addon_words.last_words(standing)


@register.filter
def counted_addons(told: Sequence[Mapping[str, Any]]) -> str:
    """Add-ons as mails carry them (name, number): "Season storage and 3 x Extra rooms"."""
    return catalog_words.listed([addon_words.counted(one["name"], one["number"] or 1) for one in told])


@register.filter
def charged_addons(standing: Standing) -> list[dict[str, Any]]:
    """The add-ons of the next charge: label, note and amount of each."""
    charge = standing.next_charge
    if charge is None:
        return []
    interval, currency = standing.coming_rate.interval, charge.currency
    return [addon_words.line(item, charge.seats, interval, currency) for item in charge.held_addons]
