"""`{% load collecting %}`: how something is collected, in words. `how` is billing.rules.collecting.How, as a text in mails;
mails that were written before they said it are of cards.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Final

from django import template

from billing.queries import collecting_words, terms_words
from billing.rules.collecting import How
from billing.services.changes import committed
from config import words

register = template.Library()

# What a page or mail has is what is said: by a filter of at most one value beside `how`, by a tag of more.
FILTERS: Final[dict[str, Callable[..., str]]] = {
    "next_charge_label": collecting_words.next_label,
    "then_label": collecting_words.then_label,
    "collected_with_it": collecting_words.with_it,
    "no_more": collecting_words.no_more,
    "not_taken": collecting_words.not_taken,
    "paid_for_rest": collecting_words.paid_for_rest,
    "failed_amount": collecting_words.failed_amount,
    "usual_reason": collecting_words.usual_reason,
    "change_label": collecting_words.change_label,
    "to_pay": collecting_words.to_pay,
    "refunded_to": collecting_words.refunded_to,
    "refunded": collecting_words.refunded,
    "came_back": collecting_words.came_back,
}
TAGS: Final[dict[str, Callable[..., str]]] = {
    "failed_invoice": collecting_words.failed_invoice,
    "open_since_end": collecting_words.open_since_end,
}


def _said(say: Callable[..., str]) -> Callable[..., str]:
    """The same of a `how` as templates have it. Django reads off what is wrapped how many values it takes."""

    @wraps(say)
    def said(how: str, *values: Any) -> str:
        return say(How(how or How.CARD), *values)

    return said


for name, say in FILTERS.items():
    register.filter(name, _said(say))
for name, say in TAGS.items():
    register.simple_tag(_said(say), name=name)


# What puts a day into words first.


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
def charged_by_itself(how: str, at: datetime, days: int | None = None, term: committed.Term | None = None) -> str:
    """`term`: what was agreed to stay for, if that is longer than the present period."""
    found = How(how or How.CARD)
    ends = (terms_words.last_day(term.until), words.day(term.ends_at)) if term else None
    return collecting_words.by_itself(found, words.on_day(at), collecting_words.due(found, at, days), ends)


@register.simple_tag
def charged_monthly(how: str, amount: str, names: str, at: datetime) -> str:
    return collecting_words.monthly(How(how or How.CARD), amount, names, words.on_day(at))


@register.simple_tag
def first_month(how: str, amount: str, at: datetime) -> str:
    return collecting_words.first_month(How(how or How.CARD), amount, words.on_day(at))


@register.filter
def in_full(how: str, at: datetime) -> str:
    return collecting_words.in_full(How(how or How.CARD), words.on_day(at))


@register.simple_tag
def failed_since(how: str, number: str, since: datetime) -> str:
    return collecting_words.failed_since(How(how or How.CARD), number, words.day(since))


@register.simple_tag
def failed_payer(how: str, organization: str, plan: str, since: datetime) -> str:
    return collecting_words.failed_payer(How(how or How.CARD), organization, plan, words.day(since))
