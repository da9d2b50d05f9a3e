"""What tax adds to an order, as far as it is known before the payment page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.models import Cart
from billing.queries import catalog
from billing.queries import tax as queries
from billing.rules import tax
from storefront.queries import pricing_tax


@dataclass(frozen=True)
class Taxed:
    """How an order is taxed; `is_settled`: the payment page adds nothing else."""

    levy: tax.Levy
    is_settled: bool

    def lines(self, net: Sequence[int]) -> list[dict[str, Any]]:
        """On the parts of a charge, as the receipt takes them."""
        return [{"label": queries.label(line), "amount_minor": line.amount_minor} for line in self.levy.on(*net)]

    @property
    def label(self) -> str:
        """What the total is called."""
        if self.is_settled:
            return _("Today")
        return _("Today, with tax") if self.levy.percent else _("Today, without tax")


def of(cart: Cart, at: datetime, spoken: str) -> Taxed:
    """A customer's by what it said of itself; a visitor's as the prices were shown. No query for an open cart as it is read."""
    on_sale = catalog.on_sale()
    if cart.organization is not None:
        levy = queries.first_levy(cart.organization, on_sale.tax, at)
        return Taxed(levy, is_settled=on_sale.tax.mode is tax.Mode.RATES)
    rate = on_sale.tax.rate(pricing_tax.country(on_sale, "", spoken))
    if rate is None:
        return Taxed(tax.UNTAXED, is_settled=False)
    return Taxed(tax.Levy(name=rate.name, percent=rate.percent, inclusive=rate.inclusive), is_settled=False)
