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
def then_label(how: str) -> str:
    return collecting_words.then_label(How(how or How.CARD))


@register.filter
def collected_with_it(how: str) -> str:
    return collecting_words.with_it(How(how or How.CARD))


@register.filter
def no_more(how: str) -> str:
    return collecting_words.no_more(How(how or How.CARD))


@register.filter
def not_taken(how: str, amount: str) -> str:
    return collecting_words.not_taken(How(how or How.CARD), amount)


@register.filter
def paid_for_rest(how: str) -> str:
    return collecting_words.paid_for_rest(How(how or How.CARD))


@register.simple_tag
def failed_invoice(how: str, number: str) -> str:
    return collecting_words.failed_invoice(How(how or How.CARD), number)


@register.simple_tag
def failed_since(how: str, number: str, since: datetime) -> str:
    return collecting_words.failed_since(How(how or How.CARD), number, words.day(since))


@register.simple_tag
def failed_payer(how: str, organization: str, plan: str, since: datetime) -> str:
    return collecting_words.failed_payer(How(how or How.CARD), organization, plan, words.day(since))


@register.simple_tag
def open_since_end(how: str, number: str, amount: str) -> str:
    return collecting_words.open_since_end(How(how or How.CARD), number, amount)


@register.filter
def failed_amount(how: str, amount: str) -> str:
    return collecting_words.failed_amount(How(how or How.CARD), amount)


@register.filter
def usual_reason(how: str) -> str:
    return collecting_words.usual_reason(How(how or How.CARD))


@register.filter
def change_label(how: str) -> str:
    return collecting_words.change_label(How(how or How.CARD))


@register.filter
def pay_or_change(how: str) -> str:
    return collecting_words.pay_or_change(How(how or How.CARD))


@register.filter
def refunded_to(how: str) -> str:
    return collecting_words.refunded_to(How(how or How.CARD))


@register.filter
def refunded(how: str, amount: str) -> str:
    return collecting_words.refunded(How(how or How.CARD), amount)


@register.filter
def came_back(how: str, amount: str) -> str:
    return collecting_words.came_back(How(how or How.CARD), amount)
