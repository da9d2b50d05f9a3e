"""`{% load collecting %}`: how something is collected, in words. `how` is billing.rules.collecting.How, as a text in mails;
mails that were written before they said it are of cards.
"""

from datetime import datetime

from django import template

from billing.queries import collecting_words
from billing.rules.collecting import How
from config import words

register = template.Library()


@register.simple_tag
def charged(how: str, at: datetime, days: int | None = None) -> str:
    """ "charged on 3 March, in 12 days"."""
    found = How(how or How.CARD)
    return collecting_words.charged(found, words.on_day_away(at), collecting_words.due(found, at, days))


@register.simple_tag
def charged_label(how: str, at: datetime, days: int | None = None) -> str:
    """ "Charged on 3 March"."""
    found = How(how or How.CARD)
    return collecting_words.charged_label(found, words.on_day(at), collecting_words.due(found, at, days))


@register.simple_tag
def charged_by_itself(how: str, at: datetime, days: int | None = None) -> str:
    found = How(how or How.CARD)
    return collecting_words.by_itself(found, words.on_day(at), collecting_words.due(found, at, days))


@register.simple_tag
def charged_monthly(how: str, amount: str, names: str, at: datetime) -> str:
    return collecting_words.monthly(How(how or How.CARD), amount, names, words.on_day(at))


@register.simple_tag
def first_month(how: str, amount: str, at: datetime) -> str:
    return collecting_words.first_month(How(how or How.CARD), amount, words.on_day(at))


@register.filter
def in_full(how: str, at: datetime) -> str:
    return collecting_words.in_full(How(how or How.CARD), words.on_day(at))


@register.filter
def next_charge_label(how: str) -> str:
    return collecting_words.next_label(How(how or How.CARD))


@register.filter
def no_more(how: str) -> str:
    return collecting_words.no_more(How(how or How.CARD))


@register.filter
def not_taken(how: str, amount: str) -> str:
    return collecting_words.not_taken(How(how or How.CARD), amount)


@register.filter
def paid_for_rest(how: str) -> str:
    return collecting_words.paid_for_rest(How(how or How.CARD))
