"""Staff among themselves: who may approve what waits for a second person is asked, and whoever wanted it told what came of it.

Of no organization: a staff address that can't be reached is no reason to write to the customer.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from accounts.services import outbox
from billing.models import Adjustment
from billing.queries import giving_back as queries


def asked(row: Adjustment, *, at: datetime) -> None:
    """To each of the staff within whose limit it is, but whoever asked; once."""
    for person in queries.approvers(row, at):
        _write("approval_asked", row, person, at, note=row.note)


def decided(row: Adjustment, *, at: datetime) -> None:
    """Approved or declined, by whom, and the note."""
    assert row.actor is not None
    is_approved = row.decided_at is not None and row.concluded_at is None
    _write("approval_decided", row, row.actor, at, by=str(row.approver), note=row.decision_note, is_approved=is_approved)


def _write(kind: str, row: Adjustment, to: User, at: datetime, **more: Any) -> None:
    context = {
        "customer": row.organization.name,
        "asked_by": str(row.actor),
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "row_url": settings.STORE_URL + reverse("admin:billing_adjustment_change", args=[row.pk]),
        **more,
    }
    outbox.write(kind=f"billing/{kind}", subject_row=f"adjustment:{row.pk}", to=to, organization=None, context=context, at=at)
