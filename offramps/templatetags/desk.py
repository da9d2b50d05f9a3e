"""Words of the desk."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone

from billing.queries import catalog
from config import words
from offramps.models import DealVersion, Lead, LeadTrigger
from offramps.queries import hand_raise_words, lead_words, rule_words

register = template.Library()


@register.filter
def company(lead: Lead) -> str:
    """Whose lead it is."""
    return lead_words.company(lead)


@register.filter
def basket_words(basket: Mapping[str, Any]) -> str:
    """ "Team for 12 seats, $192.00 a month"."""
    return hand_raise_words.basket(basket)


@register.filter
def answer_words(answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each question with its answer."""
    return hand_raise_words.answers(answers)


@register.filter
def tel(phone: str) -> str:
    """The number as a tel: link has it: digits, and a plus in front."""
    return re.sub(r"[^\d+]", "", phone)


@register.filter
def time_at(at: datetime, zone: str) -> str:
    """What the clock says there."""
    with timezone.override(ZoneInfo(zone)):
        return words.clock_time(at)


@register.filter
def trigger_words(trigger: LeadTrigger) -> str:
    """Which rule noticed what."""
    return rule_words.saw(trigger)


@register.filter
def in_language(name: Mapping[str, str]) -> str:
    """A name of the catalog in the reader's language."""
    return catalog.text(name)


@register.filter
def list_minor(version: DealVersion) -> int:
    """What a period of a deal is by the price list, before any discount."""
    return sum(line["amount_minor"] for line in version.document["lines"])
