"""`{% load agreements %}`: exceptions in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template

from accounts.models import Segment
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


@register.filter
def segment_name(code: str) -> str:
    """`{{ "mid_market"|segment_name }}` is Mid-market."""
    return str(Segment(code).label) if code in Segment.values else code
