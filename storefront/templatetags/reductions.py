"""`{% load reductions %}`: discounts in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from billing.queries import promotion_words
from billing.rules.promotions import Held
from storefront import reductions

register = template.Library()


@register.filter
def reduction_label(held: Sequence[Held]) -> str:
    """ "Welcome (WELCOME20)"."""
    return reductions.label(held)


@register.filter
def discount_name(said: Mapping[str, Any]) -> str:
    """ "Welcome (WELCOME20)", of {name, code} as mails carry it."""
    return promotion_words.name(said["name"], said["code"])


@register.filter
def after_discounts(said: Sequence[Mapping[str, Any]]) -> str:
    """ "These prices are after this reduction: Welcome (WELCOME20)." """
    return promotion_words.after(said)


@register.filter
def reduction_note(held: Sequence[Held], currency: str) -> str:
    """ "20% off until 3 March"."""
    return reductions.note(held, currency)
