"""A year of a customer's life in the sandbox, told by month: renewals, invoices, mails, a failed payment and its recovery."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import OutgoingMail
from billing.services import time_moves
from billing.services.time_moves import Move
from config import words
from storefront import sandbox_words


@dataclass(frozen=True, kw_only=True)
class Month:
    """`[starts_at, ends_at)` of the way and what happened in it; empty: nothing did."""

    starts_at: datetime
    ends_at: datetime
    said: tuple[str, ...]
    is_now: bool


def months(move: Move, now: datetime) -> list[Month]:
    """Those that are over and the present one, oldest first. Two queries."""
    told = time_moves.facts(move)
    mails = Counter(_mails(move))
    found = []
    for number, (starts_at, ends_at) in enumerate(pairwise([move.started_at, *move.stops])):
        if starts_at > now:
            break
        said = sandbox_words.happened([fact for fact in told if starts_at <= fact.occurred_at < ends_at])
        if count := mails[number]:
            said.append(ngettext("%(count)s mail", "%(count)s mails", count) % {"count": words.number(count)})
        is_now = not move.ended and starts_at <= now < ends_at
        found.append(Month(starts_at=starts_at, ends_at=ends_at, said=tuple(said), is_now=is_now))
    return found


def _mails(move: Move) -> list[int]:
    """Of each mail to the organization the number of the month in which it was written."""
    stops = move.stops
    rows = OutgoingMail.objects.filter(organization=move.organization_id, created_at__gte=move.started_at)
    written = rows.order_by("created_at").values_list("created_at", flat=True)
    return [sum(stop <= at for stop in stops) for at in written]


def ending(move: Move) -> str:
    """How it ended, where it did not reach its end; empty: it did, or goes on."""
    return {
        "late": _("The year takes longer than is waited for here. What has happened until now stands; go on by weeks."),
        "no_answer": _("The sandbox stopped answering on the way. What has happened until then stands."),
    }.get(move.ended, "")
