"""The mails about tax: before reverse charge ends because nobody confirmed an id, and when it has ended."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from billing.models import TaxId, TaxStanding
from billing.services import notices


def check_ends(row: TaxStanding, *, at: datetime) -> None:
    """An id is still being checked: until when invoices go without tax."""
    assert row.until_at is not None
    _write("tax_check_ends", f"tax:{row.pk}:{row.until_at:%Y%m%d}", row, at, until=row.until_at)


def tax_added(row: TaxStanding, *, at: datetime) -> None:
    """No id was confirmed: tax is on invoices from now on, and how that is put right."""
    _write("tax_added", f"tax:{row.pk}:{at:%Y%m%d}", row, at)


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
