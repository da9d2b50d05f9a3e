"""The lane that makes webhooks of news: facts of the journal, and versions of what may be used. Sending them is another lane's.

A fact is told once: the journal's cursor moves in the transaction that writes the events, and an event names its cause. What
cannot be told, because of a defect, is logged and passed over; the rest must not wait for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import translation

from accounts.models import Journal, Organization, WebhookEndpoint, WebhookType
from accounts.queries import rows
from accounts.queries import webhooks as read
from accounts.services import journal, webhook_events
from accounts.services.webhook_events import News
from billing.api import agreements, entitlement_outputs, webhook_shapes, words
from billing.api.views import credit_notes, invoices, quotes
from billing.models import CreditNote, EntitlementVersion, Invoice, Quote, SeatAssignment, Terms
from billing.queries import entitlements, overview
from config import clock, pulse

READER: Final = "webhooks"
AT_ONCE: Final = 200
UPDATED: Final = WebhookType.SUBSCRIPTION_UPDATED
# Kind of the journal: what programs are told of it. A ledger's entry is told as what it does to the seats.
TOLD: Final[Mapping[str, WebhookType]] = {
    "billing.subscription.started": WebhookType.SUBSCRIPTION_STARTED,
    "billing.subscription.renewed": WebhookType.SUBSCRIPTION_RENEWED,
    "billing.seats.ended": WebhookType.SUBSCRIPTION_ENDED,
    **dict.fromkeys(
        (f"billing.seats.{kind}" for kind in ("added", "removed", "renewed", "addon", "plan", "stripe", "released")),
        WebhookType.SEATS_CHANGED,
    ),
    **dict.fromkeys((f"billing.change.{verb}" for verb in ("scheduled", "taken_back")), UPDATED),
    **dict.fromkeys((f"billing.cancellation.{verb}" for verb in ("scheduled", "taken_back")), UPDATED),
    **dict.fromkeys((f"billing.discount.{verb}" for verb in ("started", "ended")), UPDATED),
    **dict.fromkeys((f"billing.trial.{verb}" for verb in ("started", "extended", "paused", "converted")), UPDATED),
    **dict.fromkeys((f"billing.pilot.{verb}" for verb in ("started", "converted", "ended")), UPDATED),
    **dict.fromkeys((f"billing.dunning.{step}" for step in ("begun", "read_only", "off", "recovered")), UPDATED),
    **dict.fromkeys((f"billing.subscription.{verb}" for verb in ("paused", "resumed", "collected")), UPDATED),
    **dict.fromkeys((f"billing.window.{verb}" for verb in ("billed", "unpaid")), UPDATED),
    "billing.schedule.missed": UPDATED,
    **dict.fromkeys((f"billing.sunset.{verb}" for verb in ("chosen", "settled")), UPDATED),
    "billing.sunset.told": WebhookType.SUBSCRIPTION_SUNSET,
    "billing.seat.assigned": WebhookType.SEAT_ASSIGNED,
    "billing.seat.ended": WebhookType.SEAT_RELEASED,
    "billing.invoice.sent": WebhookType.INVOICE_SENT,
    "billing.invoice.overdue": WebhookType.INVOICE_OVERDUE,
    "billing.invoice.debited": WebhookType.INVOICE_DEBITED,
    "billing.invoice.paid": WebhookType.INVOICE_PAID,
    "billing.invoice.payment_failed": WebhookType.INVOICE_PAYMENT_FAILED,
    "billing.dispute.lost": WebhookType.INVOICE_PAYMENT_RETURNED,
    "billing.invoice.replaced": WebhookType.INVOICE_REPLACED,
    "billing.credit_note.issued": WebhookType.INVOICE_CREDITED,
    "billing.quote.issued": WebhookType.QUOTE_ISSUED,
    "billing.quote.accepted": WebhookType.QUOTE_ACCEPTED,
    "billing.quote.lapsed": WebhookType.QUOTE_LAPSED,
    "billing.quote.withdrawn": WebhookType.QUOTE_WITHDRAWN,
    "billing.quote.overtaken": WebhookType.QUOTE_WITHDRAWN,
    "billing.terms.began": WebhookType.AGREEMENT_BEGAN,
    **dict.fromkeys((f"billing.terms.{verb}" for verb in ("ended", "ended_early")), WebhookType.AGREEMENT_ENDED),
}
CHANGED: Final = "SELECT EXISTS (SELECT 1 FROM billing_entitlementversion WHERE number > announced)"
ANNOUNCED: Final = """
UPDATE billing_entitlementversion v SET announced = seen.number
FROM (SELECT w.organization_id, s.number FROM unnest(%(ids)s::bigint[], %(numbers)s::bigint[]) AS s (id, number)
    JOIN billing_entitlementversion w ON w.organization_id = s.id
    ORDER BY w.organization_id FOR UPDATE OF w SKIP LOCKED) seen
WHERE v.organization_id = seen.organization_id
"""
log = structlog.get_logger(__name__)


@dataclass
class _Batch:
    """What several facts of one batch are told of: an organization's subscriptions are read once."""

    at: datetime
    subscriptions: dict[int, dict[int, dict[str, Any]]] = field(default_factory=dict)

    def subscription(self, organization: Organization, pk: int) -> dict[str, Any]:
        if organization.pk not in self.subscriptions:
            self.subscriptions[organization.pk] = {
                standing.row.pk: words.subscription(standing, self.at) for standing in overview.standings(organization)
            }
        return self.subscriptions[organization.pk][pk]


def drain(now: datetime) -> pulse.Drained:
    """Turn what has happened since the last turn into events; `now` is wall time."""
    handled = journal.read(READER, lambda told: _tell(told, now)) if journal.has_news(READER) else 0
    return pulse.Drained(handled=handled + _announce(now))


def _tell(facts: Sequence[Journal], wall: datetime) -> None:
    told = [row for row in facts if row.kind in TOLD and row.organization is not None]
    if not told:
        return
    listening = webhook_events.listeners({row.organization_id for row in told if row.organization_id})
    batch = _Batch(clock.now())
    wanted = [row for row in told if _is_wanted(row, listening)]
    webhook_events.publish([one for row in wanted if (one := _news(row, batch))], listening, wall=wall)


def _is_wanted(row: Journal, listening: Sequence[WebhookEndpoint]) -> bool:
    kind = TOLD[row.kind]
    if row.data.get("invoice", 0) is None:  # a disputed charge of none of our invoices
        return False
    return any(webhook_events.wants(end, kind, row.organization_id, row.occurred_at) for end in listening)


def _news(row: Journal, batch: _Batch) -> News | None:
    """A fact as it is told; None for what is a defect of ours, or has gone meanwhile."""
    kind, organization = TOLD[row.kind], row.organization
    assert organization is not None, "facts of nobody are left out"
    try:
        with transaction.atomic(), translation.override(organization.locale):
            shape, _example, _when = webhook_shapes.SHAPES[kind]
            data = shape(_plain(row, kind, organization, batch)).data
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("webhook_not_told", journal=row.pk, kind=row.kind)
        return None
    return News(type=kind, organization=organization, source=f"journal:{row.pk}", data=data, at=row.occurred_at)


def _plain(row: Journal, kind: WebhookType, organization: Organization, batch: _Batch) -> dict[str, Any]:
    parts = _PARTS.get(kind, _subscription)
    return {"organization": read.named(organization), **parts(row, organization, batch)}


def _subscription(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    cause = row.kind.removeprefix("billing.")
    return {"subscription": batch.subscription(organization, row.data["subscription"]), "cause": cause}


def _seats(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    change = {
        "delta": row.data["delta"],
        "seats": row.data["quantity"],
        "addon": row.data.get("addon", ""),
        "addon_after": row.data.get("addon_after"),
    }
    return _subscription(row, organization, batch) | {"change": change}


def _seat(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    seats = SeatAssignment.objects.select_related("subscription", "membership__user")
    seat = seats.get(pk=row.data["seat"])
    member = seat.membership
    whose = {"member": member.pk if member else None, "external_id": member.user.external_id if member else None}
    return {"subscription": seat.subscription.stripe_id, "seat": whose | {"invitation": seat.invitation_id}}


def _invoice(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    found = Invoice.objects.select_related("subscription").get(organization=organization, pk=row.data["invoice"])
    return {"invoice": invoices.detail(found)}


def _credit(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    notes = CreditNote.objects.select_related("invoice").filter(invoice=row.data["invoice"], number=row.data["number"])
    note = notes.order_by("-pk").first()
    assert note is not None, "it is written with the fact"
    return _invoice(row, organization, batch) | {"credit_note": credit_notes.plain(note)}


def _returned(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    taken = {"amount_minor": row.data["amount_minor"], "currency": row.data["currency"], "reason": row.data["reason"]}
    return _invoice(row, organization, batch) | {"returned": taken}


def _replaced(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    return _invoice(row, organization, batch) | {"replacement": row.data["by"], "credit_note": row.data["note"]}


def _quote(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    rows = Quote.objects.select_related("line", "decision")
    return {"quote": quotes.plain(rows.get(organization=organization, public_id=row.data["quote"]))}


def _agreement(row: Journal, organization: Organization, batch: _Batch) -> dict[str, Any]:
    rows = Terms.objects.select_related("line")
    return {"agreement": agreements.of_row(rows.get(organization=organization, public_id=row.data["terms"]))}


_PARTS: Final[Mapping[WebhookType, Callable[[Journal, Organization, _Batch], dict[str, Any]]]] = {
    WebhookType.SEATS_CHANGED: _seats,
    WebhookType.SEAT_ASSIGNED: _seat,
    WebhookType.SEAT_RELEASED: _seat,
    WebhookType.INVOICE_SENT: _invoice,
    WebhookType.INVOICE_OVERDUE: _invoice,
    WebhookType.INVOICE_PAID: _invoice,
    WebhookType.INVOICE_PAYMENT_FAILED: _invoice,
    WebhookType.INVOICE_CREDITED: _credit,
    WebhookType.INVOICE_DEBITED: _invoice,
    WebhookType.INVOICE_PAYMENT_RETURNED: _returned,
    WebhookType.INVOICE_REPLACED: _replaced,
    WebhookType.QUOTE_ISSUED: _quote,
    WebhookType.QUOTE_ACCEPTED: _quote,
    WebhookType.QUOTE_LAPSED: _quote,
    WebhookType.QUOTE_WITHDRAWN: _quote,
    WebhookType.AGREEMENT_BEGAN: _agreement,
    WebhookType.AGREEMENT_ENDED: _agreement,
}


# --- What may be used ---------------------------------------------------------------------------------------------------


def _announce(wall: datetime) -> int:
    """Tell of versions that have gone up. Those of organizations that nobody listens to are only marked."""
    if not rows.fetch(CHANGED, {})[0][0]:
        return 0
    found = EntitlementVersion.objects.filter(number__gt=F("announced")).select_related("organization")
    changed = list(found.order_by("organization")[:AT_ONCE])
    now, listening = clock.now(), webhook_events.listeners([row.organization_id for row in changed])
    kind = WebhookType.ENTITLEMENTS_CHANGED
    wanted = [row for row in changed if any(webhook_events.wants(end, kind, row.organization_id, now) for end in listening)]
    with transaction.atomic():
        webhook_events.publish([_entitled(row.organization, now) for row in wanted], listening, wall=wall)
        # The rows are locked at the very end, and none that somebody holds: whoever commits a grant waits for nobody here.
        with connection.cursor() as cursor:
            ids, numbers = [row.organization_id for row in changed], [row.number for row in changed]
            cursor.execute(ANNOUNCED, {"ids": ids, "numbers": numbers})
            return int(cursor.rowcount)


def _entitled(organization: Organization, now: datetime) -> News:
    version = entitlements.stamp(organization.pk).version
    found = entitlements.several(organization.pk, features=[], member="", now=now).entitlements
    plain = {
        "organization": read.named(organization),
        "version": version,
        "entitlements": [entitlement_outputs.entitlement(one, version) for one in found],
    }
    data = webhook_shapes.EntitlementsNews(plain).data
    source = f"entitlements:{organization.pk}:{version}"
    return News(type=WebhookType.ENTITLEMENTS_CHANGED, organization=organization, source=source, data=data, at=now)
