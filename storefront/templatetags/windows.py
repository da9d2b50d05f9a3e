"""Seats of an invoice window, for templates."""

from django import template

from billing.queries.overview import Standing
from storefront import window_words

register = template.Library()


@register.filter
def window_pay_url(standing: Standing) -> str:
    """Where the seats that could not be charged are paid."""
    return window_words.pay_url(standing)
