"""The catalog's tax rates at Stripe, and the rates that Stripe Tax makes there.

A rate never changes its per cent: another one is a new rate, and the old stays on the invoices it was used for.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from billing import gateway, gateway_tax
from billing.models import Invoice, TaxRate
from billing.rules import tax
from billing.rules.stripe_events import Kind
from billing.services import inbox

# Invoices that were waiting for a rate's name: those of a few moments.
RENAMED = 100


def project(wanted: tax.Settings, *, number: int) -> dict[str, str]:
    """Make Stripe hold the catalog's rates, as catalog version `number`: Stripe's id by country.

    Rates are found by a mark before they are made, so a rerun makes nothing twice. Raises gateway.GatewayError.
    """
    if wanted.mode is not tax.Mode.RATES:
        return {}
    held = _held()
    return {rate.country: held.get(_mark(rate)) or _create(rate, number) for rate in wanted.rates}


def write(wanted: tax.Settings, stripe_ids: Mapping[str, str], at: datetime) -> None:
    """The rows of what `project` made. Call inside the transaction that applies the catalog."""
    TaxRate.objects.filter(is_ours=True, retired_at=None).exclude(stripe_id__in=stripe_ids.values()).update(retired_at=at)
    for rate in wanted.rates:
        if rate.country in stripe_ids:
            values = {
                "country": rate.country,
                "name": rate.name,
                "percent": rate.percent,
                "is_inclusive": rate.inclusive,
                "is_ours": True,
                "retired_at": None,
            }
            TaxRate.objects.update_or_create(stripe_id=stripe_ids[rate.country], defaults=values)


def take(answer: gateway.TaxRate, at: datetime) -> None:
    """A rate as Stripe has it: one of Stripe Tax's is known by name from now on; the catalog's are known already."""
    percent = f"{answer.percentage:f}".rstrip("0").rstrip(".")
    values = {
        "country": answer.country or "",
        "name": answer.display_name[:60],
        "percent": percent,
        "is_inclusive": answer.inclusive,
    }
    _row, is_new = TaxRate.objects.get_or_create(stripe_id=answer.id, defaults=values)
    if is_new:
        nameless = Invoice.objects.filter(taxes__contains=[{"name": ""}]).order_by("-pk")
        for stripe_id in nameless.values_list("stripe_id", flat=True)[:RENAMED]:
            inbox.touch(Kind.INVOICE, stripe_id)


def ask(stripe_ids: Sequence[str]) -> None:
    """Have the rates among these that we do not know read soon. Inside the caller's transaction."""
    known = set(TaxRate.objects.filter(stripe_id__in=stripe_ids).values_list("stripe_id", flat=True))
    for stripe_id in sorted(set(stripe_ids) - known):
        inbox.touch(Kind.TAX_RATE, stripe_id)


def _held() -> dict[str, str]:
    found: dict[str, str] = {}
    after = ""
    while True:
        page = gateway_tax.tax_rates({"active": True, "limit": 100, **({"starting_after": after} if after else {})})
        found |= {mark: rate.id for rate in page if (mark := gateway.metadata(rate, "mark"))}
        if len(page) < 100:
            return found
        after = page[-1].id


def _mark(rate: tax.Rate) -> str:
    said = [settings.STRIPE_LOOKUP_PREFIX, rate.country, rate.name, rate.percent, rate.inclusive]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def _create(rate: tax.Rate, number: int) -> str:
    # Per cents as text: none of their digits is lost.
    params = {
        "display_name": rate.name,
        "percentage": rate.percent,
        "inclusive": rate.inclusive,
        "country": rate.country,
        "metadata": {"mark": _mark(rate)},
    }
    return gateway_tax.create_tax_rate(params, key=f"catalog:tax_rate:v{number}:{_mark(rate)}").id


def rows(countries: Sequence[str]) -> dict[str, TaxRate]:
    """The catalog's rates in force, by country."""
    return {row.country: row for row in TaxRate.objects.filter(is_ours=True, retired_at=None, country__in=countries)}


def of_phase(row: gateway.Subscription) -> dict[str, Any]:
    """A subscription's tax as a phase of its schedule keeps it: one that names none would end it."""
    rates = [rate if isinstance(rate, str) else rate.id for rate in row.default_tax_rates or []]
    found: dict[str, Any] = {"default_tax_rates": rates} if rates else {}
    return found | ({"automatic_tax": {"enabled": True}} if row.automatic_tax and row.automatic_tax.enabled else {})
