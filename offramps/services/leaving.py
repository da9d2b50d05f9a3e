"""A rep leaves the company: nothing is offered any more, and everything the rep had goes on with somebody else."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.origin import Origin
from accounts.services import journal
from offramps.models import AccountOwnership, CallSlot, ChatHook, Lead, Leave, PoolMember, Rep, SlotState
from offramps.queries import roster
from offramps.services import owning, reassigning
from offramps.services import roster as reps


@dataclass(frozen=True, kw_only=True)
class Left:
    """What the rep has now and others get: open cases go to their pools, dated calls to others, accounts to nobody."""

    cases: int
    calls: int
    accounts: int
    pools: list[str]

    @property
    def is_nothing(self) -> bool:
        return not (self.cases or self.calls or self.accounts or self.pools)


def consequences(rep: Rep) -> Left:
    """What leaving would do. Four queries."""
    return Left(
        cases=Lead.objects.open().filter(rep=rep).count(),
        calls=CallSlot.objects.filter(rep=rep, state=SlotState.HELD).count(),
        accounts=AccountOwnership.objects.filter(rep=rep, ends_at=None).count(),
        pools=list(PoolMember.objects.filter(rep=rep).order_by("pool__name").values_list("pool__name", flat=True)),
    )


def leave(rep: Rep, *, at: datetime, origin: Origin) -> Left:
    """From now on nothing is offered to the rep. Returns what went to others.

    First the rep is off the roster, so that nothing new comes; then each case goes on in a transaction of its own. Interrupted:
    call it again, the rest follows.
    """
    had = consequences(rep)
    with transaction.atomic(durable=True):
        reps.switch_off(rep, at)
        PoolMember.objects.filter(rep=rep).delete()
        ChatHook.objects.filter(rep=rep).delete()
        Leave.objects.filter(cover=rep, ends_on__gt=at.date()).update(cover=None)
        for row in AccountOwnership.objects.filter(rep=rep, ends_at=None).select_related("organization", "rep__user"):
            owning.end(row, at=at, origin=origin)
        data = {"rep": rep.public_id, "cases": had.cases, "dated_calls": had.calls, "accounts": had.accounts}
        journal.append(kind="offramps.rep.left", organization=None, at=at, origin=origin, data=data)
    roster.forget()
    for lead_id in list(_theirs(rep).values_list("pk", flat=True)):
        reassigning.take_away(lead_id, rep, at=at, origin=origin)
    rep.refresh_from_db()
    return had


def _theirs(rep: Rep) -> QuerySet[Lead]:
    dated = Q(countdowns__slots__rep=rep, countdowns__slots__state=SlotState.HELD)
    rings = Q(countdowns__offers__rep=rep, countdowns__offers__outcome="")
    return Lead.objects.open().filter(Q(rep=rep) | dated | rings).distinct()
