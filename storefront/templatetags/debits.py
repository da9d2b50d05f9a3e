"""`{% load debits %}`: bank accounts and debits in words."""

from django import template

from billing.queries.standing_facts import Bank, Debit
from storefront import debit_words

register = template.Library()


@register.filter
def bank_name(bank: Bank) -> str:
    return debit_words.bank(bank)


@register.filter
def debit_title(debit: Debit) -> str:
    return debit_words.title(debit)


@register.filter
def debit_text(debit: Debit) -> str:
    return debit_words.text(debit)
