"""The mails of a pilot: it began, its end comes near, it is over. What the plan costs is said, and that nothing is charged.

All about money, to the people who decide about it: nobody can stop them. Templates are under templates/emails/billing/.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from billing.models import PilotRun, Subscription
from billing.queries import tax as tax_queries
from billing.rules import pricing, tax
from billing.rules import trials as rules
from billing.services import notices


def started(run: PilotRun, row: Subscription, *, at: datetime) -> None:
    """The fee is paid: until when, for how many people, and that it ends by itself."""
    _write("pilot_started", f"pilot:{run.pk}", run, row, at)


def ends(run: PilotRun, row: Subscription, *, days: int, at: datetime) -> None:
    """It ends soon: nothing is charged then; what going on costs."""
    assert run.ends_at is not None
    about = f"pilot:{run.pk}:{run.ends_at:%Y%m%d%H}:{days}"
    _write("pilot_ends", about, run, row, at, days_left=rules.days_left(run.ends_at, at))


def ended(run: PilotRun, row: Subscription, *, at: datetime) -> None:
    """It is over: nothing was charged, what was made can be read, and how it goes on."""
    _write("pilot_ended", f"pilot:{run.pk}", run, row, at)


def _write(kind: str, about: str, run: PilotRun, row: Subscription, at: datetime, **more: Any) -> None:
    organization, fee = row.organization, run.fee
    tiers = [pricing.Tier(**tier) for tier in row.price.tiers]
    query = urlencode({"line": row.line.code})
    context = {
        "organization": organization.name,
        "plan": row.plan.name,
        "interval": row.price.interval,
        "currency": row.currency,
        "seats": run.seats,
        "ends_at": run.ends_at,
        "fee_minor": fee.amount_minor,
        "is_credited": run.is_credited,
        "total_minor": pricing.total(tiers, row.price.scheme, run.seats),
        "is_taxed": tax_queries.settings().mode is not tax.Mode.NONE,
        "convert_url": f"{settings.STORE_URL}{reverse('storefront:pilot_conversion')}?{query}",
        **more,
    }
    for person in notices.deciders(organization):
        outbox.write(kind=f"billing/{kind}", subject_row=about, to=person, organization=organization, context=context, at=at)
