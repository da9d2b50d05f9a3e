"""The mails about tax: before reverse charge ends because nobody confirmed an id, when it has ended, and any other change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from billing.models import BillingDetails, TaxId, TaxStanding
from billing.queries import tax as queries
from billing.rules import tax
from billing.services import notices


@dataclass(frozen=True)
class Was:
    """How an organization was taxed so far, and why."""

    reason: str
    levy: tax.Levy

    @classmethod
    def of(cls, row: TaxStanding) -> Self:
        return cls(row.reason, queries.levy_of(row))


def check_ends(row: TaxStanding, *, at: datetime) -> None:
    """An id is still being checked: until when invoices go without tax."""
    assert row.until_at is not None
    _write("tax_check_ends", f"tax:{row.pk}:{row.until_at:%Y%m%d}", row, at, until=row.until_at)


def tax_added(row: TaxStanding, *, at: datetime) -> None:
    """No id was confirmed: tax is on invoices from now on, and how that is put right."""
    _write("tax_added", f"tax:{row.pk}:{at:%Y%m%d}", row, at)


def changed(row: TaxStanding, was: Was, *, at: datetime) -> None:
    """The next charge is taxed otherwise than the one before: from when on, how, and why."""
    details = BillingDetails.objects.filter(organization=row.organization).first()
    levy = queries.levy_of(row)
    context = {
        "percent": levy.percent,
        "inclusive": levy.inclusive,
        "exempt": levy.exempt,
        "is_automatic": levy.is_automatic,
        "percent_before": was.levy.percent,
        "tax_before": was.levy.name,
        "exempt_before": was.levy.exempt,
        "reason": row.reason,
        "country": queries.country_of(row.organization, details),
    }
    _write("tax_changed", f"tax:{row.pk}:{row.wanted}", row, at, **context)


def _write(kind: str, subject_row: str, row: TaxStanding, at: datetime, **more: object) -> None:
    organization = row.organization
    ids = TaxId.objects.filter(organization=organization, removed_at=None, type="eu_vat")
    context = {
        "organization": organization.name,
        "ids": [one.value for one in ids],
        "tax": row.rate.name if row.rate else "",
        "details_url": settings.STORE_URL + reverse("storefront:billing_details"),
        **more,
    }
    for person in notices.deciders(organization):
        outbox.write(
            kind=f"billing/{kind}", subject_row=subject_row, to=person, organization=organization, context=context, at=at
        )
