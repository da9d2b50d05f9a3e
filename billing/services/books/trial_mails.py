"""The mails of a trial: it began, its end comes near, it goes on longer, it ended without a card, its seats changed.

All about money, to the people who decide about it: nobody can stop them. Templates are under templates/emails/billing/.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from billing.models import Customer, SeatChange, Subscription, Trial
from billing.queries import addons as addon_queries
from billing.queries import tax as tax_queries
from billing.rules import addons, collecting, pricing, tax
from billing.rules import trials as rules
from billing.rules.preview import FirstCharge
from billing.services import notices


def started(row: Subscription, *, at: datetime) -> None:
    """It began: until when it is free, and what it costs then (before discounts and tax)."""
    tiers = [pricing.Tier(**tier) for tier in row.price.tiers]
    plan = pricing.total(tiers, row.price.scheme, row.quantity)
    total = sum(addons.parts(plan, addon_queries.of(row), row.quantity))
    is_taxed = tax_queries.settings().mode is not tax.Mode.NONE
    _write("trial_started", f"subscription:{row.pk}", row, at, total_minor=total, is_taxed=is_taxed)


def ends(
    trial: Trial, row: Subscription, *, charge: FirstCharge, days: int, longer_until: datetime | None, at: datetime
) -> None:
    """It ends soon: with a card what is charged then, to the cent; without one that nothing is."""
    assert row.trial_ends_at is not None
    about = f"trial:{trial.pk}:{row.trial_ends_at:%Y%m%d%H}:{days}"
    left = rules.days_left(row.trial_ends_at, at)
    more = {"amount_minor": charge.due_minor, "tax_minor": charge.tax_minor, "charge_at": charge.at}
    _write("trial_ends", about, row, at, days_left=left, longer_until=longer_until, **more)


def extended(trial: Trial, row: Subscription, *, at: datetime) -> None:
    _write("trial_extended", f"trial:{trial.pk}", row, at)


def paused(trial: Trial, row: Subscription, *, at: datetime) -> None:
    """It ended without a card: nothing was charged, what there is can be read, and how it goes on."""
    _write("trial_paused", f"trial:{trial.pk}", row, at)


def seats_changed(change: SeatChange, *, at: datetime) -> None:
    """Other seats from now on, free until the end; what the first charge becomes."""
    first = change.preview.get("first_charge") or {}
    more = {
        "seats_before": change.quantity_before,
        "amount_minor": first.get("due_minor"),
        "tax_minor": first.get("tax_minor", 0),
        "by": str(change.actor or ""),
    }
    _write("trial_seats", f"seat_change:{change.pk}", change.subscription, at, **more)


def _write(kind: str, about: str, row: Subscription, at: datetime, **more: Any) -> None:
    organization = row.organization
    customer = Customer.objects.filter(organization=organization).first()
    line = urlencode({"line": row.line.code})
    context = {
        "organization": organization.name,
        "plan": row.plan.name,
        "interval": row.price.interval,
        "currency": row.currency,
        "seats": row.quantity,
        "ends_at": row.trial_ends_at,
        "card": customer.last4 if customer else "",
        "how": collecting.how(is_invoiced=False, method_kind=customer.method_kind if customer else "").value,
        "card_url": settings.STORE_URL + reverse("storefront:payment_card"),
        "resume_url": f"{settings.STORE_URL}{reverse('storefront:resumption')}?{line}",
        **more,
    }
    for person in notices.deciders(organization):
        outbox.write(kind=f"billing/{kind}", subject_row=about, to=person, organization=organization, context=context, at=at)
