"""Stripe's schedule follows our scheduled changes.

Whoever changes the pending rows calls `want` in the same transaction; `follow` (at once, or the pulse's lane) sends one command
that creates, rewrites or releases the schedule. Until it has landed the subscription is "being arranged".
"""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F, Q

from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import (
    LIVE_STATUSES,
    Collection,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    StripeCommand,
    Subscription,
)
from billing.queries import addons as addon_queries
from billing.queries import coming
from billing.rules import addons, schedule
from billing.rules.addons import Item
from billing.services import commands
from billing.services.books import items, tax_rates
from config import clock, pulse

BATCH = 20
# Of a paused one Stripe holds nothing: what waits is put in place when it goes on.
HELD_STATUSES: Final = tuple(status for status in LIVE_STATUSES if status != "paused")
AFTER_REFUSAL = timedelta(seconds=30)
SCHEDULED: Final = (schedule.Shape.PHASED, schedule.Shape.CLOSING)
DURATIONS: Final = {"month": {"interval": "month", "interval_count": 1}, "year": {"interval": "year", "interval_count": 1}}
log = structlog.get_logger(__name__)


def want(row: Subscription) -> None:
    """Note, in the caller's transaction and under the row's lock, that Stripe's side no longer fits the pending rows."""
    Subscription.objects.filter(pk=row.pk).update(projection_wanted=F("projection_wanted") + 1, projection_due_at=None)
    row.refresh_from_db(fields=["projection_wanted", "projection_due_at"])


def settled(row: Subscription) -> None:
    """Nothing is to be projected any more: the subscription has ended."""
    Subscription.objects.filter(pk=row.pk).update(projection_done=F("projection_wanted"))
    row.refresh_from_db(fields=["projection_done"])


def waiting(row: Subscription) -> list[schedule.Waiting]:
    """The pending rows about seats and the end as the rule wants them, oldest first."""
    return _of_seats(row.scheduled.filter(state=ScheduledState.PENDING).order_by("id"))


def _of_seats(pending: Iterable[ScheduledChange]) -> list[schedule.Waiting]:
    return [
        schedule.Waiting(effective_at=change.effective_at, delta=change.delta, is_end=change.kind == ScheduledKind.END)
        for change in pending
        if change.kind in (ScheduledKind.SEATS, ScheduledKind.END)
    ]


def has_pending_end(row: Subscription) -> bool:
    """Whether the subscription is to end with its period."""
    return row.scheduled.filter(kind=ScheduledKind.END, state=ScheduledState.PENDING).exists()


def follow(subscription_id: int) -> None:
    """Bring Stripe's schedule in line, if it is not and nothing else is under way. Call outside a transaction."""
    with transaction.atomic(durable=True):
        command = _open(subscription_id)
    if command is not None:
        commands.execute(command.pk)


def drain(now: datetime) -> pulse.Drained:
    """The pulse's lane: follow for every subscription that is behind."""
    behind = Subscription.objects.filter(projection_done__lt=F("projection_wanted"), status__in=HELD_STATUSES)
    due = behind.filter(Q(projection_due_at=None) | Q(projection_due_at__lte=now)).order_by("pk")
    handled = 0
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        follow(pk)
        handled += not behind.filter(pk=pk).exists()
    return pulse.Drained(handled=handled)


def _open(subscription_id: int) -> StripeCommand | None:
    row = Subscription.objects.locked().select_related("organization", "price").get(pk=subscription_id)
    if not row.is_being_arranged or not row.is_live or row.status == "paused":
        return None
    held, pending = addon_queries.of(row), coming.pending(row)
    then = coming.after(row, held, row.quantity, pending)
    early = [change for change in pending if change.addon is not None and change.effective_at < row.period_ends_at]
    aim = schedule.project(
        quantity=row.quantity,
        starts_at=row.period_starts_at,
        ends_at=row.period_ends_at,
        waiting=_of_seats(pending),
        has_other_items=then.held != held or then.price != row.price,
        unbilled=row.unbilled,
        between=sorted({change.effective_at for change in early}),
    )
    phases = [
        items.of_phase(then.price.stripe_price_id, phase.quantity, then.held)
        if phase.ends_at is None
        else items.of_phase(row.price.stripe_price_id, phase.quantity, _had_at(held, early, phase.starts_at))
        for phase in aim.phases
    ]
    payload = {
        "subscription": row.stripe_id,
        "wanted": row.projection_wanted,
        "shape": aim.shape,
        "interval": then.price.interval,
        "starts_anew": then.price.interval != row.price.interval,
        "is_mixed": bool(addons.between(held, row.price.interval)),
        "phases": phases,
        "ends": [int(phase.ends_at.timestamp()) for phase in aim.phases if phase.ends_at is not None],
        "period_ends": int(row.period_ends_at.timestamp()),
    }
    try:
        return commands.open_command(
            kind="schedule.project",
            target=f"subscription:{row.pk}",
            organization=row.organization,
            payload=payload,
            origin=Origin.system(),
            at=clock.now(),
        )
    except commands.Busy:
        return None  # the lane comes back when that command has ended


def _had_at(held: Sequence[Item], early: Iterable[ScheduledChange], at: datetime) -> Sequence[Item]:
    """What is left of the add-ons once those that end within the period, up to `at`, have ended."""
    return addons.after(held, addon_queries.waiting(change for change in early if change.effective_at <= at))


class Project(commands.Handler):
    """The command: a few calls, each under a key of its own, each only when what Stripe holds asks for it."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        aim, key = command.payload, command.idempotency_key
        now = gateway.subscription(aim["subscription"])
        held = now.schedule if isinstance(now.schedule, str) else (now.schedule.id if now.schedule else "")
        if aim["shape"] not in SCHEDULED and held:
            gateway.release_schedule(held, key=f"{key}:release")
            held = ""
        ends = aim["shape"] == schedule.Shape.ENDING
        # Under a schedule the end is the schedule's.
        if not held and bool(now.cancel_at_period_end or now.cancel_at) != ends:
            gateway.update_subscription(now.id, self._end(aim, ends=ends), key=f"{key}:end")
        if aim["shape"] in SCHEDULED:
            held = held or gateway.create_schedule({"from_subscription": now.id}, key=f"{key}:create").id
            self._write_phases(held, aim, key, now)
        return gateway.subscription(aim["subscription"])

    def _end(self, aim: dict[str, Any], *, ends: bool) -> dict[str, Any]:
        """With its period; where an add-on's is shorter than the plan's, at the plan's end."""
        if aim.get("is_mixed"):
            return {"cancel_at": aim["period_ends"] if ends else ""}
        return {"cancel_at_period_end": ends}

    def _write_phases(self, stripe_id: str, aim: dict[str, Any], key: str, row: gateway.Subscription) -> None:
        now = gateway.schedule(stripe_id)
        assert now.current_phase is not None
        # A phase that names no discounts would take those of the customer instead.
        held = [one if isinstance(one, str) else one.id for one in row.discounts or []]
        kept = {"discounts": [{"discount": stripe_id} for stripe_id in held]} if held else {}
        ends = aim.get("ends", [aim["period_ends"]])
        phases = [
            {
                "items": had,
                **({"end_date": end} if end else {"duration": DURATIONS[aim["interval"]]}),
                **kept,
                **tax_rates.of_phase(row),
                **_collection(row),
                "proration_behavior": "none",
            }
            for had, end in itertools.zip_longest(_phases(aim), ends)
        ]
        phases[0]["start_date"] = now.current_phase.start_date
        if aim.get("starts_anew"):  # beside an add-on that stays by the month Stripe would count the year from the old anchor
            phases[-1]["billing_cycle_anchor"] = "phase_start"
        if row.status == "trialing":  # a phase that does not name its trial ends it
            phases[0]["trial_end"] = row.trial_end
        # Nothing is prorated: the changes fall on the ends of periods.
        behavior = "cancel" if aim["shape"] == schedule.Shape.CLOSING else "release"
        params = {"phases": phases, "end_behavior": behavior, "proration_behavior": "none"}
        gateway.update_schedule(stripe_id, params, key=f"{key}:phases")

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        row = Subscription.objects.locked().get(stripe_id=command.payload["subscription"])
        row.projection_done = max(row.projection_done, command.payload["wanted"])
        row.schedule_id = answer.schedule if isinstance(answer.schedule, str) else ""
        is_over = answer.cancel_at_period_end or command.payload["shape"] == schedule.Shape.CLOSING
        ends = answer.cancel_at or (command.payload["period_ends"] if is_over else None)
        row.cancel_at = datetime.fromtimestamp(ends, UTC) if ends else None
        row.mirrored_at = at
        row.save(update_fields=["projection_done", "schedule_id", "cancel_at", "mirrored_at"])
        return {"schedule": row.schedule_id}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Stripe's side is not as we think (a period ended meanwhile): look again, and try a fresh projection later."""
        row = Subscription.objects.locked().select_related("organization").get(stripe_id=command.payload["subscription"])
        row.projection_due_at = clock.wall() + AFTER_REFUSAL
        row.save(update_fields=["projection_due_at"])
        journal.append(
            kind="billing.schedule.refused",
            organization=row.organization,
            at=at,
            data={"subscription": row.pk, "why": refusal.message, "command": command.pk},
        )

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        """What Stripe holds, if it is what was wanted; if not, a new command does what is left (each step looks first)."""
        aim = command.payload
        now = gateway.subscription(aim["subscription"])
        held = now.schedule if isinstance(now.schedule, str) else (now.schedule.id if now.schedule else "")
        if not held and bool(now.cancel_at_period_end or now.cancel_at) != (aim["shape"] == schedule.Shape.ENDING):
            return None
        if bool(held) != (aim["shape"] in SCHEDULED):
            return None
        if held:
            found = gateway.schedule(held)
            if (found.end_behavior == "cancel") != (aim["shape"] == schedule.Shape.CLOSING):
                return None
            phases = [_said(phase["items"]) for phase in found.phases[-len(_phases(aim)) :]]
            if phases != [sorted((one["price"], one["quantity"]) for one in phase) for phase in _phases(aim)]:
                return None
        return now


def _collection(row: gateway.Subscription) -> dict[str, Any]:
    """How a phase is paid: one that does not say it would take what stood when the schedule was made."""
    if row.collection_method != Collection.INVOICED:
        return {"collection_method": row.collection_method}
    return {"collection_method": row.collection_method, "invoice_settings": {"days_until_due": row.days_until_due}}


def _phases(aim: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The items of each phase; a command of before there were add-ons names the plan's quantities alone."""
    if "phases" in aim:
        found: list[list[dict[str, Any]]] = aim["phases"]
        return found
    return [items.of_phase(aim["price"], quantity, ()) for quantity in aim["quantities"]]


def _said(phase_items: Sequence[Any]) -> list[tuple[str, int]]:
    ids = ((one.price if isinstance(one.price, str) else one.price.id, int(one.quantity or 0)) for one in phase_items)
    return sorted(ids)
