"""Cards that expire are announced: before the end of their last month, and before the charge that they would fail.

The sweep decides in one statement a batch, as that of renewals does (renewing.renewals); what is decided is sent row by
row. Another card stops it. Whoever is charged nothing, because all has ended or ends, is told nothing.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from accounts.models import Segment
from accounts.queries import policies
from accounts.services import outbox
from billing.models import CardNotice, CardNoticeKind, CardWatch
from billing.queries import overview, standing_facts
from billing.queries.standing_facts import NextCharge
from billing.services import notices
from config import clock, pulse

BATCH: Final = 50
DECIDED: Final = 500
DECIDE: Final = """
WITH policy AS MATERIALIZED (
    SELECT segment, CASE WHEN first > 0 THEN make_interval(days => first) END AS first,
        CASE WHEN last > 0 THEN make_interval(days => last) END AS last,
        CASE WHEN charge > 0 THEN make_interval(days => charge) END AS charge
    FROM jsonb_to_recordset(%(policies)s::jsonb) AS p (segment text, first int, last int, charge int)
), due AS MATERIALIZED (
    SELECT w.ctid AS place, w.customer_id AS id FROM billing_cardwatch w WHERE w.due_at <= %(now)s
    ORDER BY w.due_at LIMIT %(batch)s FOR NO KEY UPDATE OF w SKIP LOCKED
), looked AS (
    SELECT due.place, c.id, c.payment_method_id, e.ends_at, n.charge_at, p.*
    FROM due JOIN billing_customer c ON c.id = due.id
    LEFT JOIN accounts_organizationprofile o ON o.organization_id = c.organization_id
    JOIN policy p ON p.segment = COALESCE(o.segment, '')
    LEFT JOIN LATERAL (
        SELECT make_timestamptz(c.card_exp_year, c.card_exp_month, 1, 0, 0, 0, 'UTC') + interval '1 month' AS ends_at
        WHERE c.card_last4 <> '' AND c.card_exp_year IS NOT NULL AND c.card_exp_month BETWEEN 1 AND 12) e ON TRUE
    LEFT JOIN LATERAL (SELECT min(s.period_ends_at) AS charge_at FROM billing_subscription s
        WHERE s.organization_id = c.organization_id AND s.status IN ('active', 'trialing')
        AND s.cancel_at IS NULL AND s.period_ends_at > %(now)s AND s.collection_method <> 'send_invoice') n ON TRUE
), decided AS (
    SELECT place, id, payment_method_id, CASE WHEN ends_at <= %(now)s THEN charge_at ELSE ends_at END AS about_at,
        CASE WHEN charge_at IS NULL OR ends_at IS NULL THEN NULL
            WHEN ends_at <= %(now)s THEN CASE WHEN charge_at - charge <= %(now)s THEN 'charge' END
            WHEN ends_at - last <= %(now)s THEN 'last'
            WHEN ends_at - first <= %(now)s THEN 'first' END AS kind,
        LEAST(
            CASE WHEN ends_at - first > %(now)s THEN ends_at - first END,
            CASE WHEN ends_at - last > %(now)s THEN ends_at - last END,
            CASE WHEN ends_at > %(now)s THEN ends_at END,
            -- Charges come and go with subscriptions: an expired card is looked at each week.
            CASE WHEN ends_at <= %(now)s THEN %(now)s + interval '7 days' END,
            CASE WHEN ends_at <= %(now)s AND charge_at - charge > %(now)s THEN charge_at - charge END) AS next_at
    FROM looked
), told AS (
    INSERT INTO billing_cardnotice (customer_id, payment_method_id, kind, about_at, decided_at)
    SELECT id, payment_method_id, kind, about_at, %(now)s FROM decided WHERE kind IS NOT NULL
    ON CONFLICT (customer_id, payment_method_id, kind, about_at) DO NOTHING
)
UPDATE billing_cardwatch w SET due_at = d.next_at FROM decided d WHERE w.ctid = d.place
"""


def sweep(now: datetime, *, batch: int = 5_000) -> int:
    """Decide one batch of what is due at store time `now`. Returns how many cards were looked at; 0: nothing is due."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(DECIDE, {"now": now, "batch": batch, "policies": json.dumps(_policies(now))})
        return int(cursor.rowcount)


def sweep_all(now: datetime) -> int:
    """Decide all that is due. Many may do this at once."""
    count = 0
    while found := sweep(now):
        count += found
    return count


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_cardwatch WHERE due_at <= %(at)s)
    OR EXISTS (SELECT 1 FROM billing_cardnotice WHERE sent_at IS NULL)"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share: what is due is decided, what is decided is sent. On store time."""
    at = clock.now()
    decided = sweep(at, batch=DECIDED)
    waiting = CardNotice.objects.filter(sent_at=None).order_by("decided_at", "pk")
    return pulse.Drained(handled=decided + sum(_send(pk, at) for pk in list(waiting.values_list("pk", flat=True)[:BATCH])))


def next_due_at() -> datetime | None:
    """When a card is to be looked at next, in store time."""
    return CardWatch.objects.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()


def _send(notice_id: int, at: datetime) -> bool:
    """One notice: sent, or dropped where there is another card or nothing to charge. False: another worker has it."""
    with transaction.atomic(durable=True):
        rows = CardNotice.objects.select_related("customer__organization")
        held = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=notice_id, sent_at=None).first()
        if held is None:
            return False
        customer = held.customer
        found = [one.next_charge for one in overview.standings(customer.organization)]
        charge = min((one for one in found if one is not None), key=lambda one: one.at, default=None)
        is_late = held.kind == CardNoticeKind.CHARGE and at >= held.about_at
        if charge is None or is_late or customer.payment_method_id != held.payment_method_id:
            held.delete()
            return True
        held.sent_at = at
        held.save(update_fields=["sent_at"])
        _write(held, charge, at)
    return True


def _write(held: CardNotice, charge: NextCharge, at: datetime) -> None:
    customer = held.customer
    card = standing_facts.card_of(customer)
    assert card is not None
    ends_at = datetime(card.expires_on.year, card.expires_on.month, 1, tzinfo=UTC)
    context: dict[str, Any] = {
        "organization": customer.organization.name,
        "card_brand": card.brand,
        "last4": card.last4,
        "last_on": card.expires_on - timedelta(days=1),
        "is_over": ends_at <= at,
        "fails": charge.at >= ends_at,
        "charge_at": charge.at,
        "amount_minor": charge.due_minor,
        "currency": charge.currency,
        "card_url": settings.STORE_URL + reverse("storefront:payment_card"),
    }
    for person in notices.deciders(customer.organization):
        outbox.write(
            kind="billing/card_expires",
            subject_row=f"card_notice:{held.pk}",
            to=person,
            organization=customer.organization,
            context=context,
            at=at,
        )


def _policies(now: datetime) -> list[dict[str, Any]]:
    names = {"first": "card_first_notice_days", "last": "card_last_notice_days", "charge": "card_charge_notice_days"}
    return [
        {"segment": segment} | {key: policies.value(f"billing.{name}", now, segment or None) for key, name in names.items()}
        for segment in ("", *Segment.values)
    ]
