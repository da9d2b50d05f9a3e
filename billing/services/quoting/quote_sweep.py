"""Quotes whose days are over: reminded of before, then lapsed; drafts that nobody issued are thrown away."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from accounts.services import journal
from billing.models import Quote, QuoteState
from billing.services.quoting import drafts, quote_mails, quotes
from config import clock, pulse

BATCH: Final = 50
A_DRAFT_IS_KEPT: Final = timedelta(days=30)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_quote WHERE (state = 'open' AND (lapses_at <= %(at)s OR remind_at <= %(at)s))
    OR (state = 'draft' AND created_at <= %(at)s - interval '30 days'))"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share, in store time; any number of workers may run."""
    return pulse.Drained(handled=sweep(clock.now()))


def sweep(at: datetime, *, batch: int = BATCH) -> int:
    """How many quotes were reminded of, lapsed or thrown away."""
    due = Q(state=QuoteState.OPEN, lapses_at__lte=at) | Q(state=QuoteState.OPEN, remind_at__lte=at)
    found = list(Quote.objects.filter(due).order_by("lapses_at", "pk").values_list("pk", flat=True)[:batch])
    handled = sum(_conclude(pk, at) for pk in found)
    old = Quote.objects.filter(state=QuoteState.DRAFT, created_at__lte=at - A_DRAFT_IS_KEPT).order_by("pk")
    return handled + sum(drafts.discard(draft) for draft in old[:batch])


def next_due_at() -> datetime | None:
    """When the next one lapses or is reminded of, in store time."""
    waiting = Quote.objects.filter(state=QuoteState.OPEN)
    lapses = waiting.order_by("lapses_at").values_list("lapses_at", flat=True).first()
    reminds = waiting.exclude(remind_at=None).order_by("remind_at").values_list("remind_at", flat=True).first()
    return min((one for one in (lapses, reminds) if one), default=None)


def _conclude(quote_id: int, at: datetime) -> bool:
    """One quote. False: another worker has it, or it was accepted or withdrawn meanwhile."""
    with transaction.atomic(durable=True):
        rows = Quote.objects.select_for_update(of=("self",), skip_locked=True).select_related("organization", "actor")
        held = rows.filter(pk=quote_id, state=QuoteState.OPEN).first()
        if held is None or held.lapses_at is None:
            return False
        is_over = held.lapses_at <= at
        held.remind_at = None
        if is_over:
            held.state, held.closed_at = QuoteState.LAPSED, held.lapses_at
            data = {"quote": held.public_id, "number": held.number}
            journal.append(kind="billing.quote.lapsed", organization=held.organization, at=at, data=data)
        else:
            quote_mails.lapses(held, at)
        held.save(update_fields=["state", "closed_at", "remind_at"])
    if is_over:
        quotes.end_page(held)
    return True
