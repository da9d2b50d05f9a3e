"""Taxes as pages, mails and previews show them, and the tax settings in force."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Organization
from billing.models import BillingDetails, CatalogVersion, TaxId, TaxRate, TaxStanding
from billing.rules import tax
from config import words


@dataclass(frozen=True)
class Page:
    """What the billing details page shows."""

    details: BillingDetails
    ids: tuple[TaxId, ...]
    standing: TaxStanding | None


def settings() -> tax.Settings:
    """The tax settings of the catalog last applied, from the database: money rests on them. One query."""
    document = CatalogVersion.objects.order_by("-number").values_list("document__tax", flat=True).first()
    return tax.Settings.of_document(document)


def page(organization: Organization, at: datetime) -> Page:
    """Three queries."""
    ids = tuple(TaxId.objects.filter(organization=organization, removed_at=None))
    details, found = standing(organization, at)
    return Page(details, ids, found)


def standing(organization: Organization, at: datetime) -> tuple[BillingDetails, TaxStanding | None]:
    """What an organization says of itself (of one that said nothing: its country), and how it is taxed. Two queries."""
    details = BillingDetails.objects.filter(organization=organization).first()
    blank = BillingDetails(organization=organization, country=organization.country, updated_at=at)
    return details or blank, TaxStanding.objects.select_related("rate").filter(organization=organization).first()


def purchase_order(organization: Organization) -> str:
    """What is printed on its next invoice; empty: none. One query, unless its details are at hand."""
    details: BillingDetails | None = getattr(organization, "billing_details", None)
    return details.purchase_order if details else ""


def levy(organization: Organization) -> tax.Levy:
    """How an organization's charges are taxed: none where nobody worked it out. One query, unless its standing is at hand."""
    found: TaxStanding | None = getattr(organization, "tax_standing", None)
    return tax.UNTAXED if found is None else levy_of(found)


def levy_of(found: TaxStanding) -> tax.Levy:
    """The same of a standing with its rate."""
    rate = found.rate
    if rate is None:
        return tax.Levy(exempt=found.exempt, is_automatic=found.is_automatic)
    return tax.Levy(exempt=found.exempt, name=rate.name, percent=rate.percent, inclusive=rate.is_inclusive)


def first_levy(organization: Organization, wanted: tax.Settings, at: datetime) -> tax.Levy:
    """How an organization's first purchase is taxed: by its country alone while it has said nothing of itself yet."""
    if wanted.mode is tax.Mode.NONE or getattr(organization, "tax_standing", None) is not None:
        return levy(organization)
    return tax.levy(tax.treat(wanted, country=organization.country, ids=(), now=at, patience=timedelta()))


def billed_in(organization: Organization) -> str:
    """Where an organization is taxed. One query, unless its details are at hand."""
    return country_of(organization, getattr(organization, "billing_details", None))


def country_of(organization: Organization, details: BillingDetails | None) -> str:
    """Where an organization is taxed: its billing address, or where it said that it is."""
    return (details.country if details else "") or organization.country


def lines(taxes: Iterable[Any], *, exempt: str = "") -> tuple[tax.TaxLine, ...]:
    """The `total_taxes` of an invoice of Stripe's, with the rates' names as far as we know them; one query if there are any.

    `exempt` is the invoice's `customer_tax_exempt`: without any rate a reverse charge is a line of its own.
    """
    found = list(taxes)
    known = {row.stripe_id: row for row in TaxRate.objects.filter(stripe_id__in=rate_ids(found))} if found else {}
    if not found and exempt == tax.Exempt.REVERSE:
        nothing = tax.TaxLine(name="", percent="", amount_minor=0, taxable_minor=0, inclusive=False, is_reverse=True)
        return (nothing,)
    return tuple(_line(each, known) for each in found)


def rate_ids(taxes: Iterable[Any]) -> list[str]:
    return [each.tax_rate_details.tax_rate for each in taxes if each.tax_rate_details]


def _line(each: Any, known: Mapping[str, TaxRate]) -> tax.TaxLine:
    rate = known.get(each.tax_rate_details.tax_rate) if each.tax_rate_details else None
    return tax.TaxLine(
        name=rate.name if rate else "",
        percent=rate.percent if rate else "",
        amount_minor=each.amount,
        taxable_minor=each.taxable_amount or 0,
        inclusive=each.tax_behavior == "inclusive",
        is_reverse=each.taxability_reason == "reverse_charge",
    )


def plain(found: Iterable[tax.TaxLine]) -> list[dict[str, Any]]:
    """As JSON data, for an invoice's row."""
    return [asdict(line) for line in found]


def of_plain(data: Iterable[Mapping[str, Any]]) -> tuple[tax.TaxLine, ...]:
    return tuple(tax.TaxLine(**each) for each in data)


def label(line: tax.TaxLine) -> str:
    """ "VAT 19%", "incl. VAT 19%", "VAT, reverse charge: you account for it"."""
    name = line.name or _("Tax")
    if line.is_reverse:
        return _("%(tax)s: reverse charge, you account for it") % {"tax": line.name or _("VAT")}
    said = f"{name} {percent(line.percent)}".strip()
    return _("of which %(tax)s") % {"tax": said} if line.inclusive else said


def percent(written: str) -> str:
    """A rate's per cent in the active language: "19%", "8,1 %"."""
    return words.percent_of(written) if written else ""
