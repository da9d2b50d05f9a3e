"""`{% load agreements %}`: exceptions in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template

from billing.queries import terms_words

register = template.Library()


@register.filter
def agreed(said: Mapping[str, Any]) -> str:
    """ "10% off", of {kind, value} as mails carry it."""
    return terms_words.gives(said["kind"], said["value"])


@register.filter
def last_day(ends_on: date) -> str:
    """The last day with what is over on a day."""
    return terms_words.last_day(ends_on)


@register.filter
def after_agreed(said: Mapping[str, Any]) -> str:
    """What is true once it has ended."""
    return terms_words.after(said["kind"])
