"""`{% load reductions %}`: discounts in words."""

from collections.abc import Sequence

from django import template

from billing.rules.promotions import Held
from storefront import reductions

register = template.Library()


@register.filter
def reduction_label(held: Sequence[Held]) -> str:
    """ "Welcome (WELCOME20)"."""
    return reductions.label(held)


@register.filter
def reduction_note(held: Sequence[Held], currency: str) -> str:
    """ "20% off until 3 March"."""
    return reductions.note(held, currency)
