"""Quotes whose days are over: reminded of before, then lapsed; those that something else has overtaken are closed, and drafts
that nobody issued are thrown away.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from accounts.services import journal
from billing.models import Cart, Quote, QuoteKind, QuoteState, Subscription
from billing.queries import bundles
from billing.services.books import agreed_rows
from billing.services.changes import seats
from billing.services.quoting import drafts, quote_mails, quotes, terms
from config import clock, pulse

BATCH: Final = 50
A_DRAFT_IS_KEPT: Final = timedelta(days=30)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_quote WHERE (state = 'open' AND (lapses_at <= %(at)s OR remind_at <= %(at)s))
    OR (state = 'open' AND look_at IS NOT NULL) OR (state = 'draft' AND created_at <= %(at)s - interval '30 days'))"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share, in store time; any number of workers may run."""
    return pulse.Drained(handled=sweep(clock.now()))


def sweep(at: datetime, *, batch: int = BATCH) -> int:
    """How many quotes were looked at, reminded of, lapsed or thrown away."""
    due = Q(state=QuoteState.OPEN, lapses_at__lte=at) | Q(state=QuoteState.OPEN, remind_at__lte=at)
    due |= Q(state=QuoteState.OPEN, look_at__isnull=False)
    found = list(Quote.objects.filter(due).order_by("lapses_at", "pk").values_list("pk", flat=True)[:batch])
    handled = sum(_conclude(pk, at) for pk in found)
    old = Quote.objects.filter(state=QuoteState.DRAFT, created_at__lte=at - A_DRAFT_IS_KEPT).order_by("pk")
    return handled + sum(drafts.discard(draft) for draft in old[:batch])


def next_due_at() -> datetime | None:
    """When the next one lapses or is reminded of, in store time."""
    waiting = Quote.objects.filter(state=QuoteState.OPEN)
    lapses = waiting.order_by("lapses_at").values_list("lapses_at", flat=True).first()
    reminds = waiting.exclude(remind_at=None).order_by("remind_at").values_list("remind_at", flat=True).first()
    looks = waiting.exclude(look_at=None).order_by("look_at").values_list("look_at", flat=True).first()
    return min((one for one in (lapses, reminds, looks) if one), default=None)


def _conclude(quote_id: int, at: datetime) -> bool:
    """One quote. False: another worker has it, or it was accepted or withdrawn meanwhile."""
    with transaction.atomic(durable=True):
        rows = Quote.objects.select_for_update(of=("self",), skip_locked=True).select_related("organization", "actor", "rep")
        held = rows.filter(pk=quote_id, state=QuoteState.OPEN).first()
        if held is None or held.lapses_at is None:
            return False
        is_looked_at, held.look_at = held.look_at is not None, None
        is_over = held.lapses_at <= at
        is_due = held.remind_at is not None and held.remind_at <= at
        held.remind_at = None if is_due or is_over else held.remind_at
        overtaken = _overtaken(held) if is_looked_at and not is_over else None
        if is_over:
            held.state, held.closed_at = QuoteState.LAPSED, held.lapses_at
            _tell("lapsed", held, at)
        elif overtaken is not None:
            held.state, held.closed_at, held.remind_at, held.overtaken = QuoteState.OVERTAKEN, at, None, overtaken
            _tell("overtaken", held, at)
            quote_mails.overtaken(held, at)
        elif is_due:
            quote_mails.lapses(held, at)
        held.save(update_fields=["state", "closed_at", "remind_at", "look_at", "overtaken"])
        if held.state != QuoteState.OPEN:
            agreed_rows.dropped(held)
    if held.state != QuoteState.OPEN:
        quotes.end_page(held)
    return True


def _tell(verb: str, held: Quote, at: datetime) -> None:
    data = {"quote": held.public_id, "number": held.number}
    journal.append(kind=f"billing.quote.{verb}", organization=held.organization, at=at, data=data)


def _overtaken(held: Quote) -> dict[str, Any] | None:
    """What there is instead of what it rests on: {why, plan, seats, interval}; None: it can still be accepted as it is.

    Of a purchase: its line was bought. Of a change: other seats, plan or add-ons, or the subscription has ended.
    """
    if held.kind == QuoteKind.PURCHASE:
        cart = Cart.objects.select_related("plan").get(quote=held)
        found = bundles.in_the_way(held.organization, line_id=held.line_id, parts=bundles.parts_of(cart.plan))
        return _said("bought", found) if found is not None else None
    row = seats.live(held.organization).filter(quotes=held).first()
    if row is None:
        return {"why": "ended"}
    return _said("changed", row) if terms.base_of(row) != held.base else None


def _said(why: str, row: Subscription) -> dict[str, Any]:
    return {"why": why, "plan": row.plan.name, "seats": row.quantity, "interval": row.price.interval}
