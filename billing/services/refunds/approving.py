"""What is beyond the limit of whoever wants to give it waits for a second person, within whose limit it is.

Nothing is given, and nothing counted in the customer's month, before that. The figures are worked out once more then: what the
second person gives is what the first was shown, or nothing.
"""

import dataclasses
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.origin import Origin
from billing.models import Adjustment, AdjustmentKind, AdjustmentReason, AdjustmentState, Customer
from billing.models.giving_back import MOST_NOTE
from billing.queries import giving_back as queries
from billing.rules import giving_back as rule
from billing.services.refunds import adjusting, approval_mails, complimentary, giving_back
from billing.services.refunds.giving_back import Gift, GivingError, Wanted


class NotOpen(GivingError):
    """It was decided or withdrawn meanwhile."""


class SamePerson(GivingError):
    """Whoever asked for it can't approve or decline it."""


def ask(gift: Gift, *, origin: Origin, at: datetime) -> Adjustment:
    """Write down what a second person is to approve. The same nonce again finds the same row. Raises rule.NoRate."""
    assert origin.actor is not None
    cents = queries.us_cents(gift.amount_minor, gift.currency, at)
    with transaction.atomic(durable=True):
        Customer.objects.select_for_update().get(organization=gift.organization)
        if (earlier := giving_back.known(gift.wanted.nonce)) is not None:
            return earlier
        row = giving_back.row_of(gift, AdjustmentState.ASKED, cents=cents, origin=origin, at=at)
        row.save()
        adjusting.tell("billing.adjustment.proposed", row, origin=origin, at=at)
        approval_mails.asked(row, at=at)
    return row


def approve(adjustment_id: int, *, note: str, origin: Origin, at: datetime) -> Adjustment:
    """Give it, as it was shown to whoever asked.

    Raises NotOpen, SamePerson, Changed (other figures by now), BeyondLimit, rule.NoRate, commands.Busy, and what working the
    figures out raises.
    """
    seen = _rows().get(pk=adjustment_id)
    if seen.state != AdjustmentState.ASKED:
        raise NotOpen
    gift = _gift(seen, at)
    with transaction.atomic(durable=True):
        row, decider = _open(adjustment_id, origin)
        customer = Customer.objects.select_for_update().get(organization=row.organization)
        if gift.amount_minor != row.amount_minor:
            raise giving_back.Changed
        giving_back.check(decider, row.organization, amount_minor=row.amount_minor, currency=row.currency, at=at)
        _decide(row, AdjustmentState.SENDING, decider, note, at)
        giving_back.send(row, gift.params, customer, origin=origin, at=at)
        adjusting.tell("billing.adjustment.approved", row, origin=origin, at=at)
        approval_mails.decided(row, at=at)
    return giving_back.carried_out(row)


def decline(adjustment_id: int, *, note: str, origin: Origin, at: datetime) -> Adjustment:
    """A second person's no. Raises NotOpen, SamePerson."""
    with transaction.atomic(durable=True):
        row, decider = _open(adjustment_id, origin)
        row.concluded_at = at
        _decide(row, AdjustmentState.DECLINED, decider, note, at)
        adjusting.tell("billing.adjustment.declined", row, origin=origin, at=at, why=row.decision_note)
        approval_mails.decided(row, at=at)
    return row


def withdraw(adjustment_id: int, *, note: str, origin: Origin, at: datetime) -> Adjustment:
    """It is not wanted any more, says whoever asked for it. Raises NotOpen."""
    with transaction.atomic(durable=True):
        row = _held(adjustment_id)
        row.concluded_at = at
        _decide(row, AdjustmentState.WITHDRAWN, None, note, at)
        adjusting.tell("billing.adjustment.withdrawn", row, origin=origin, at=at)
    return row


def _gift(row: Adjustment, at: datetime) -> Gift:
    """What it comes to now. A call to Stripe for a credit note."""
    wanted = Wanted(
        kind=AdjustmentKind(row.kind),
        amount_minor=row.amount_minor,
        reason=AdjustmentReason(row.reason),
        note=row.note,
        nonce=row.nonce,
        credit_minor=row.credit_minor,
    )
    if row.subscription is not None:
        span = rule.Span(row.time_count or 0, rule.Unit(row.time_unit))
        return complimentary.gift(row.subscription, dataclasses.replace(wanted, span=span), at)[0]
    if row.invoice is not None:
        return giving_back.of_invoice(row.invoice, wanted)[0]
    return giving_back.of_credit(row.organization, wanted, row.currency)


def _rows() -> QuerySet[Adjustment]:
    return Adjustment.objects.select_related("organization", "invoice__organization", "subscription__line", "actor")


def _held(adjustment_id: int) -> Adjustment:
    row = _rows().select_for_update(of=("self",)).get(pk=adjustment_id)
    if row.state != AdjustmentState.ASKED:
        raise NotOpen
    return row


def _open(adjustment_id: int, origin: Origin) -> tuple[Adjustment, User]:
    row = _held(adjustment_id)
    if origin.actor is None or origin.actor.pk == row.actor_id:
        raise SamePerson
    return row, origin.actor


def _decide(row: Adjustment, state: AdjustmentState, decider: User | None, note: str, at: datetime) -> None:
    row.state, row.approver, row.decided_at, row.decision_note = state, decider, at, note.strip()[:MOST_NOTE]
    row.save(update_fields=["state", "approver", "decided_at", "decision_note", "concluded_at"])
