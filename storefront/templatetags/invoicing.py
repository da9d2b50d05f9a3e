"""Invoices that are paid later, for templates."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template

from billing.queries.overview import Standing
from billing.queries.standing_facts import OpenInvoice
from storefront import invoice_words, overdue_words

register = template.Library()


@register.simple_tag
def sent_facts(
    *, number: str, purchase_order: str, issued_at: datetime, due_at: datetime, account: Mapping[str, str]
) -> list[dict[str, str]]:
    """A sent invoice as rows of {label, value}."""
    return invoice_words.facts(number=number, purchase_order=purchase_order, issued_at=issued_at, due_at=due_at, told=account)


@register.simple_tag
def overdue_facts(
    *, invoices: Sequence[Mapping[str, Any]], currency: str, account: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Several overdue invoices as rows of {label, value}."""
    return invoice_words.overdue_facts(invoices, currency, account or {})


@register.filter
def open_invoices(standing: Standing) -> list[str]:
    """What is open, an invoice a sentence."""
    return invoice_words.open_ones(standing)


@register.filter
def overdue_said(invoices: Sequence[OpenInvoice]) -> str:
    """What is overdue, in a sentence."""
    return overdue_words.said(invoices)


@register.filter
def overdue_pay_label(invoices: Sequence[OpenInvoice]) -> str:
    return overdue_words.pay_label(invoices)


@register.filter
def overdue_pay_url(invoices: Sequence[OpenInvoice]) -> str:
    return overdue_words.pay_url(invoices)


@register.filter
def payment_days(days: int) -> str:
    return invoice_words.terms(days)
