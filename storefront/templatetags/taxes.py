"""`{% load taxes %}`: taxes in words."""

from django import template

from billing.queries import tax as queries
from billing.rules.tax import TaxLine

register = template.Library()


@register.filter
def tax_label(line: TaxLine) -> str:
    """ "VAT 19%", "of which VAT 19%", "VAT: reverse charge, you account for it"."""
    return queries.label(line)
