"""The lane that asks the live rules: at news of the journal (carts, declined payments, hand-raises), and every few minutes for
what nobody's click tells (abandoned carts, repeated visits).

A rule counts a thing once (LeadTrigger.subject), so that each turn may be repeated. What a defect keeps from being judged is
logged and passed over; the rest must not wait for it. Store time, as carts and leads are on it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from accounts.models import Journal
from accounts.queries import policies
from accounts.services import journal
from config import clock, pulse
from offramps.models import LeadTrigger, Sweep
from offramps.queries import occasions, trigger_rules
from offramps.queries.occasions import Seen
from offramps.queries.trigger_rules import Watching
from offramps.rules.detecting import Condition, Occasion
from offramps.services import detected

READER: Final = "detecting"
SWEEP: Final = "detecting"
TRIES: Final = 2
FRESH: Final = timedelta(days=1)  # older facts are history when a store begins to watch
Read = Callable[[Collection[Any], datetime], list[Seen]]
# Kind of the journal: the occasion, the name of its subject in the entry's data, and who reads it.
WATCHED: Final[Mapping[str, tuple[Occasion, str, Read]]] = {
    **dict.fromkeys(
        (f"billing.cart.{verb}" for verb in ("started", "changed", "adopted")),
        (Occasion.CART, "cart", occasions.of_carts),
    ),
    "billing.invoice.payment_failed": (Occasion.DECLINED, "invoice", occasions.of_declined),
    "offramps.hand_raise.raised": (Occasion.ASKED, "hand_raise", occasions.of_asked),
}
log = structlog.get_logger(__name__)


def drain(now: datetime) -> pulse.Drained:
    """The lane: two statements while nothing is new."""
    at = clock.now()
    handled = journal.read(READER, lambda entries: judge(entries, at)) if journal.has_news(READER) else 0
    return pulse.Drained(handled=handled + _sweep(at))


def judge(entries: Sequence[Journal], at: datetime) -> None:
    """Ask the rules about what the journal's entries tell, each thing once, as it is now. Repeatable."""
    asked: dict[Occasion, tuple[Read, dict[Any, None]]] = {}
    for entry in entries:
        occasion, name, read = WATCHED.get(entry.kind, (None, "", None))
        if occasion is not None and read is not None and entry.occurred_at > at - FRESH and entry.data.get(name):
            asked.setdefault(occasion, (read, {}))[1][entry.data[name]] = None
    if not asked:
        return
    watching = trigger_rules.watching()
    for occasion, (read, subjects) in asked.items():
        if watching[occasion]:
            _judge(watching[occasion], read(subjects, at), at)


def _sweep(at: datetime) -> int:
    """Look for what nobody's click tells, if it is time to. Returns how many leads were opened or joined."""
    if not Sweep.objects.filter(name=SWEEP, due_at__gt=at).exists():
        every = timedelta(minutes=policies.value("offramps.sweep_minutes", at))
        with transaction.atomic(durable=True):
            Sweep.objects.bulk_create([Sweep(name=SWEEP, due_at=at)], ignore_conflicts=True)
            held = Sweep.objects.select_for_update(skip_locked=True).filter(name=SWEEP, due_at__lte=at).first()
            if held is not None:
                count = _look_around(at)
                held.due_at = at + every
                held.save(update_fields=["due_at"])
                return count
    return 0


def _look_around(at: datetime) -> int:
    watching, count = trigger_rules.watching(), 0
    longest = timedelta(days=policies.value("offramps.abandoned_longest_days", at))
    for one in watching[Occasion.ABANDONED]:
        hours, seats = max(one.conditions.least("abandoned_hours"), 1), one.conditions.least("cart_seats")
        for batch in occasions.of_abandoned(rule=one.version.rule_id, hours=hours, seats=seats, longest=longest, at=at):
            count += _judge([one], batch, at)
    for one in watching[Occasion.VISITS]:
        for days in one.conditions.days:
            seen = occasions.of_visits(days=days, least=one.conditions.least("pricing_people"), at=at)
            count += _judge([one], _not_counted_lately(one, seen, at), at)
    return count


def _judge(watching: Iterable[Watching], seen: Sequence[Seen], at: datetime) -> int:
    """Open or join the lead of each thing that a rule holds of, and that it has not counted. Returns how many."""
    rules = list(watching)
    counted = _counted(rules, seen)
    found = [
        (one, thing, met)
        for thing in seen
        for one in rules
        if (one.version.rule_id, thing.subject) not in counted and (met := one.conditions.met(thing.facts))
    ]
    return sum(_raise(one, thing, met, at) for one, thing, met in found)


def _raise(one: Watching, thing: Seen, met: tuple[Condition, ...], at: datetime) -> bool:
    saw = trigger_rules.saw(met, thing.facts)
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return detected.raise_lead(one.version, thing, saw=saw, at=at) is not None
        except IntegrityError:  # somebody opened the lead this instant: join it; or counted this: then it is done
            continue
        except (OperationalError, InterfaceError):
            raise  # the database itself: the whole turn is tried again
        except Exception:
            log.exception("rule_not_followed", rule=one.version.rule_id, version=one.version.number, subject=thing.subject)
            return False
    return False


def _counted(rules: Sequence[Watching], seen: Sequence[Seen]) -> set[tuple[int | None, str]]:
    known = LeadTrigger.objects.filter(
        rule__in=[one.version.rule_id for one in rules], subject__in=[thing.subject for thing in seen]
    )
    return set(known.values_list("rule_id", "subject"))


def _not_counted_lately(one: Watching, seen: Sequence[Seen], at: datetime) -> list[Seen]:
    """Without domains whose visits the rule counted some days ago: people look more than once."""
    since = at - timedelta(days=policies.value("offramps.visits_quiet_days", at))
    lately = LeadTrigger.objects.filter(rule=one.version.rule_id, subject__startswith="visits:", at__gt=since)
    domains = {subject.split(":")[1] for subject in lately.values_list("subject", flat=True)}
    return [thing for thing in seen if thing.subject.split(":")[1] not in domains]
