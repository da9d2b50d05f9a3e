"""Before an exception ends the buyer is told: what changes, from when on, and the new amount. Once for each.

The sweep (terms_sweep) decides which are due. One that has ended meanwhile, or whose subscription has, is told to nobody.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from billing.models import Terms, TermsKind, TermsNotice, TermsState
from billing.queries import overview
from billing.queries.overview import Standing
from billing.rules import intervals
from billing.services import notices

BATCH: Final = 50
LOOK_AGAIN: Final = timedelta(days=1)


def send(at: datetime) -> int:
    """What is decided and not sent; how many were handled."""
    waiting = TermsNotice.objects.filter(sent_at=None).order_by("decided_at", "pk")
    return sum(_send(pk, at) for pk in list(waiting.values_list("pk", flat=True)[:BATCH]))


def _send(notice_id: int, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        rows = TermsNotice.objects.select_related("terms__organization", "terms__line")
        held = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=notice_id, sent_at=None).first()
        if held is None:
            return False
        row = held.terms
        standing = _standing(row)
        if row.state != TermsState.APPROVED or at >= row.ends_at or (row.line is not None and standing is None):
            held.delete()
            return True
        if not notices.deciders(row.organization):
            _wait(held, at)
            return True
        held.sent_at = at
        if standing is not None:
            _note_amounts(held, row, standing, at)
        held.save()
        notices.write("terms_end", f"terms:{row.pk}", row.organization, _context(row, held, standing), at)
    return True


def _wait(held: TermsNotice, at: datetime) -> None:
    """Nobody is there to read it, as where an owner has not accepted the invitation yet: it is decided again tomorrow."""
    again = Q(due_at=None) | Q(due_at__gt=at + LOOK_AGAIN)
    Terms.objects.filter(again, pk=held.terms_id).update(due_at=at + LOOK_AGAIN)
    held.delete()


def _standing(row: Terms) -> Standing | None:
    """That of its line, or, of the customer as a whole, the first there is; None where nothing goes on."""
    found = overview.standing(row.organization, row.line.code if row.line else "")
    return found if found is not None and found.row.is_live and found.ends_at is None and found.coming else None


def _note_amounts(held: TermsNotice, row: Terms, standing: Standing, at: datetime) -> None:
    """What a period comes to with it and without it, where it is about money."""
    held.subscription, held.currency = standing.row, standing.row.currency
    if row.kind == TermsKind.DISCOUNT:
        held.now_minor = standing.charged_minor(standing.coming, at)
        held.then_minor = standing.charged_minor(standing.coming, row.ends_at)


def _context(row: Terms, held: TermsNotice, standing: Standing | None) -> dict[str, Any]:
    charge_at = None
    if standing is not None:
        held_row = standing.row
        interval = held_row.price.interval
        charge_at = intervals.period_of(held_row.period_starts_at, held_row.period_ends_at, interval, row.ends_at)[1]
    line = f"?line={row.line.code}" if row.line else ""
    return {
        "agreement": {"kind": row.kind, "value": row.value},
        "last_on": row.ends_on - timedelta(days=1),
        "plan": standing.row.plan.name if standing else "",
        "interval": standing.row.price.interval if standing else "",
        "now_minor": held.now_minor,
        "then_minor": held.then_minor,
        "currency": held.currency,
        "charge_at": charge_at,
        "how": standing.how.value if standing else "",
        "plan_url": f"{settings.STORE_URL}{reverse('storefront:plan')}{line}",
    }
