"""What the customer hears of a disputed charge: that there is one and what it means, and how it ended."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from billing.models import Access, Dispute
from billing.rules import disputes as rules
from billing.services import notices


def opened(row: Dispute, *, at: datetime) -> None:
    """Somebody asked the bank to take the money back."""
    is_inquiry = row.status.startswith("warning")
    _write("dispute_opened", row, at, is_inquiry=is_inquiry, is_read_only=row.access == Access.READ_ONLY)


def closed(row: Dispute, *, at: datetime) -> None:
    """The bank has decided."""
    _write("dispute_closed", row, at, is_lost=row.status == rules.LOST)


def _write(kind: str, row: Dispute, at: datetime, **more: Any) -> None:
    context = {
        "organization": row.organization.name,
        "number": row.invoice.number if row.invoice else "",
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "reason": row.reason,
        "opened_at": row.opened_at,
        "invoices_url": settings.STORE_URL + reverse("storefront:invoices"),
        **more,
    }
    for person in notices.deciders(row.organization):
        outbox.write(
            kind=f"billing/{kind}",
            subject_row=f"dispute:{row.pk}",
            to=person,
            organization=row.organization,
            context=context,
            at=at,
        )
