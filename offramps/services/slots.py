"""Call slots: held when the seconds are over or nobody is on duty, moved or cancelled by the customer, kept or missed by the
rep.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from offramps.models import CallSlot, Countdown, CountdownState, Lead, Miss, Rep, RepCalendar, SlotState
from offramps.queries import leads, roster
from offramps.rules import routing
from offramps.rules import slots as rules
from offramps.rules.hours import Span
from offramps.services import slot_news

TRIES = 5
BATCH = 50


class Gone(Exception):
    """The slot was taken meanwhile, or is none: choose another."""


class Over(Exception):
    """The call has begun, was cancelled or its time is over: nothing to move or cancel."""


def wish(lead: Lead, at: datetime) -> rules.Wish:
    """How slots are cut for this customer."""
    return rules.Wish(
        zone=lead.time_zone,
        length=timedelta(minutes=policies.value("offramps.slot_minutes", at)),
        notice=timedelta(minutes=policies.value("offramps.slot_notice_minutes", at)),
    )


def free(lead: Lead, at: datetime, *, instead_of: CallSlot | None = None) -> list[rules.Free]:
    """The slots that this lead could have, earliest first: of whoever has the customer, else of its pool.

    `instead_of` is what would be given up: its time counts as free, but for the very instant.
    """
    known = roster.roster(at)
    asked = leads.asked(lead, passed=frozenset(), at=at)
    pool = routing.home(asked, known.pools.values(), known.reps)
    members = routing.members_who_qualify(asked, pool, known.reps) if pool else frozenset()
    return next(filter(None, (_free(people, lead, at, instead_of) for people in (asked.owners, members))), [])


def to_choose(slot: CallSlot, at: datetime) -> list[rules.Free]:
    """What the customer may move a call to, earliest first: one for each instant, at hours fit for them."""
    lead = slot.countdown.lead
    return list(rules.fitting(free(lead, at, instead_of=slot), wish(lead, at)))


def _free(people: Iterable[int], lead: Lead, at: datetime, instead_of: CallSlot | None = None) -> list[rules.Free]:
    known = roster.roster(at)
    theirs = {rep: known.hours[rep] for rep in people if rep in known.hours}
    found = rules.free(theirs, _busy(theirs, at, instead_of), wish(lead, at), at)
    return [one for one in found if one.starts_at != instead_of.starts_at] if instead_of else found


def hold(held: Countdown, at: datetime, *, missed: CallSlot | None = None) -> CallSlot | None:
    """Hold the first fitting slot for a countdown and tell everybody. None: nobody works in all those days.

    `missed` is the call that did not come, of which this one is instead. Call inside a transaction that holds the countdown.
    Reps' rows are locked one at a time.
    """
    wanted = wish(held.lead, at)
    for _try in range(TRIES):
        slots = free(held.lead, at)
        chosen = next(rules.fitting(slots, wanted), slots[0] if slots else None)
        if chosen is None:
            return None
        made = _held(held, chosen, wanted, at, sequence=missed.sequence + 1 if missed else 0)
        if made is not None:
            Lead.objects.filter(pk=held.lead_id).update(rep=made.rep)
            slot_news.held(made, held.lead, at, missed)
            return made
    return None


def move(slot: CallSlot, *, starts_at: datetime, at: datetime, origin: Origin) -> CallSlot:
    """Another time, chosen by the customer among the free ones. Raises Gone, Over."""
    with transaction.atomic(durable=True):
        held, current = _locked(slot, at)
        wanted = wish(held.lead, at)
        chosen = next((one for one in to_choose(current, at) if one.starts_at == starts_at), None)
        if chosen is None:
            raise Gone
        current.state, current.ended_at = SlotState.MOVED, at
        current.save(update_fields=["state", "ended_at"])
        made = _held(held, chosen, wanted, at, sequence=current.sequence + 1)
        if made is None:
            raise Gone
        Lead.objects.filter(pk=held.lead_id).update(rep=made.rep)
        _tell("offramps.call.moved", held, made, at, origin)
        slot_news.moved(made, current, held.lead, at)
    return made


def cancel(slot: CallSlot, *, at: datetime, origin: Origin) -> None:
    """The customer needs no call any more; the lead stays, for an answer by mail. Raises Over."""
    with transaction.atomic(durable=True):
        held, current = _locked(slot, at)
        current.state, current.ended_at = SlotState.CANCELLED, at
        current.save(update_fields=["state", "ended_at"])
        held.state, held.due_at = CountdownState.OVER, None
        held.save(update_fields=["state", "due_at"])
        _tell("offramps.call.cancelled", held, current, at, origin)
        slot_news.cancelled(current, held.lead, at)


def give_up(held: Countdown, *, has_talked: bool, at: datetime, origin: Origin) -> None:
    """The case is closed, so a dated call is not needed. Call inside a transaction that holds the countdown."""
    current = CallSlot.objects.filter(countdown=held, state=SlotState.HELD).select_related("rep__user").first()
    if current is not None:
        current.state, current.ended_at = SlotState.RELEASED, at
        current.save(update_fields=["state", "ended_at"])
        _tell("offramps.call.cancelled", held, current, at, origin)
        (slot_news.released if has_talked else slot_news.cancelled)(current, held.lead, at)


def date_anew(held: Countdown, *, at: datetime, origin: Origin, by: Rep | None = None) -> CallSlot | None:
    """The one who was to call cannot: somebody else (or `by`) does, at the same time if free then, else the next. Everybody is
    told. None: nobody can in all those days; the countdown is over and counts as missed.

    Call inside a transaction that holds the countdown, and save it after.
    """
    current = CallSlot.objects.filter(countdown=held, state=SlotState.HELD).select_related("rep__user").first()
    if current is None:
        return None
    current.state, current.ended_at = SlotState.MOVED, at
    current.save(update_fields=["state", "ended_at"])
    wanted = wish(held.lead, at)
    for chosen in _instead(held.lead, current, by, at)[:TRIES]:
        made = _held(held, chosen, wanted, at, sequence=current.sequence + 1)
        if made is not None:
            Lead.objects.filter(pk=held.lead_id).update(rep=made.rep)
            _tell("offramps.call.moved", held, made, at, origin)
            slot_news.moved(made, current, held.lead, at)
            return made
    held.state, held.due_at, held.missed_because = CountdownState.OVER, None, Miss.NOBODY_PRESENT
    current.state = SlotState.DROPPED
    current.save(update_fields=["state"])
    _tell("offramps.call.cancelled", held, current, at, origin)
    slot_news.dropped(current, held.lead, at)
    return None


def _instead(lead: Lead, current: CallSlot, by: Rep | None, at: datetime) -> list[rules.Free]:
    """Slots instead of one that cannot be, the same instant first, then those at hours fit for the customer."""
    asked = leads.asked(lead, passed=frozenset(), at=at)
    known = roster.roster(at)
    everybody = routing.who_qualify(asked, known.pools.values(), known.reps)
    people = [by.pk] if by else sorted(everybody - {current.rep_id}) or [current.rep_id]
    found = _free(people, lead, at) or _free([current.rep_id], lead, at)
    same = [one for one in found if one.starts_at == current.starts_at]
    return [*same, *rules.fitting(found, wish(lead, at)), *found]


def conclude(slot: CallSlot, *, by: Rep, at: datetime) -> None:
    """They are talking: the slot is kept if it is its time and its rep, else not needed. Inside the countdown's transaction."""
    is_kept = by.pk == slot.rep_id and slot.starts_at - timedelta(minutes=15) <= at
    slot.state, slot.ended_at = SlotState.KEPT if is_kept else SlotState.RELEASED, at
    slot.save(update_fields=["state", "ended_at"])
    if not is_kept:
        slot_news.released(slot, slot.countdown.lead, at)


def conclude_missed(at: datetime) -> int:
    """Calls that did not come: a miss each, and the next slot is held. Returns how many."""
    grace = timedelta(minutes=policies.value("offramps.slot_grace_minutes", at))
    missed = CallSlot.objects.filter(state=SlotState.HELD, starts_at__lte=at - grace).order_by("starts_at")
    return sum(_miss(pk, at) for pk in list(missed.values_list("pk", flat=True)[:BATCH]))


def _miss(slot_id: int, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        countdowns = Countdown.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        held = countdowns.select_related("lead__organization").filter(slots=slot_id, state=CountdownState.SLOT).first()
        current = CallSlot.objects.filter(pk=slot_id, state=SlotState.HELD).select_related("rep__user").first()
        if held is None or current is None:
            return False
        current.state, current.ended_at = SlotState.MISSED, at
        current.save(update_fields=["state", "ended_at"])
        held.missed_because = Miss.SLOT_MISSED
        again = hold(held, at, missed=current)
        held.state = CountdownState.SLOT if again else CountdownState.OVER
        held.save(update_fields=["missed_because", "state"])
        if again is None:
            slot_news.dropped(current, held.lead, at)
        _tell("offramps.call.missed", held, current, at, Origin.system())
    return True


def _busy(reps: Iterable[int], at: datetime, besides: CallSlot | None = None) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    held = CallSlot.objects.filter(rep__in=list(reps), state=SlotState.HELD, ends_at__gt=at)
    held = held.exclude(pk=besides.pk) if besides else held
    for rep, starts_at, ends_at in held.values_list("rep_id", "starts_at", "ends_at"):
        found[rep].append(Span(starts_at, ends_at))
    for rep, spans in RepCalendar.objects.filter(rep__in=list(reps)).values_list("rep_id", "spans"):
        found[rep] += [Span(datetime.fromisoformat(begins), datetime.fromisoformat(ends)) for begins, ends in spans]
    return found


def _held(held: Countdown, chosen: rules.Free, wanted: rules.Wish, at: datetime, *, sequence: int = 0) -> CallSlot | None:
    """The slot, unless somebody took it while the rep's row was not ours."""
    rep = Rep.objects.select_for_update(of=("self",), no_key=True).select_related("user").get(pk=chosen.rep)
    span = Span(chosen.starts_at, chosen.starts_at + wanted.length)
    if any(span.meets(other) for other in _busy([rep.pk], at).get(rep.pk, ())):
        return None
    return CallSlot.objects.create(
        countdown=held, rep=rep, starts_at=span.starts_at, ends_at=span.ends_at, held_at=at, sequence=sequence
    )


def _locked(slot: CallSlot, at: datetime) -> tuple[Countdown, CallSlot]:
    countdowns = Countdown.objects.select_for_update(of=("self",), no_key=True).select_related("lead__organization")
    held = countdowns.get(pk=slot.countdown_id)
    current = CallSlot.objects.filter(pk=slot.pk, state=SlotState.HELD).select_related("rep__user").first()
    if current is None or held.contacted_at is not None or current.starts_at <= at:
        raise Over
    current.countdown = held
    return held, current


def _tell(kind: str, held: Countdown, slot: CallSlot, at: datetime, origin: Origin) -> None:
    data = {"lead": held.lead.public_id, "rep": slot.rep.public_id, "starts_at": slot.starts_at}
    journal.append(kind=kind, organization=held.lead.organization, at=at, origin=origin, data=data)
