"""Invoices that are paid later, for templates."""

from collections.abc import Mapping
from datetime import datetime

from django import template

from billing.queries.overview import Standing
from storefront import invoice_words

register = template.Library()


@register.simple_tag
def sent_facts(
    *, number: str, purchase_order: str, issued_at: datetime, due_at: datetime, account: Mapping[str, str]
) -> list[dict[str, str]]:
    """A sent invoice as rows of {label, value}."""
    return invoice_words.facts(number=number, purchase_order=purchase_order, issued_at=issued_at, due_at=due_at, told=account)


@register.filter
def open_invoices(standing: Standing) -> list[str]:
    """What is open, an invoice a sentence."""
    return invoice_words.open_ones(standing)


@register.filter
def payment_days(days: int) -> str:
    return invoice_words.terms(days)
