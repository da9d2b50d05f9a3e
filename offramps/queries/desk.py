"""What a rep sees at the desk."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from offramps.models import CallSlot, Countdown, CountdownState, Lead, Offer, Rep, SlotState

MOST = 50


@dataclass(frozen=True, kw_only=True)
class Desk:
    """`ringing` is the offer that rings at the rep; `to_call` were accepted and wait for the call; `dated` are the call slots
    ahead; `cases` the rep's open leads; `waiting` those of the rep's pools that nobody has and that ring nowhere. The most
    urgent come first.
    """

    ringing: Offer | None
    to_call: list[Countdown]
    dated: list[CallSlot]
    cases: list[Lead]
    waiting: list[Lead]

    @property
    def is_empty(self) -> bool:
        return not (self.ringing or self.to_call or self.dated or self.cases or self.waiting)


def desk(rep: Rep, at: datetime) -> Desk:
    """Five queries."""
    ringing = Offer.objects.filter(rep=rep, outcome="", until_at__gt=at).select_related("countdown__lead__organization").first()
    accepted = Countdown.objects.filter(rep=rep, contacted_at=None, accepted_at__isnull=False)
    countdowns = accepted.exclude(state=CountdownState.OVER).select_related("lead__organization", "lead__user")
    slots = CallSlot.objects.filter(rep=rep, state=SlotState.HELD).select_related("countdown__lead__organization")
    mine = Lead.objects.open().filter(rep=rep).select_related("organization")
    rings = Countdown.objects.filter(lead=OuterRef("pk"), state=CountdownState.RINGING)
    theirs = Lead.objects.open().filter(~Exists(rings), rep=None, pool__members__rep=rep).select_related("organization", "pool")
    return Desk(
        ringing=ringing,
        to_call=list(countdowns.order_by("deadline_at")[:MOST]),
        dated=list(slots.order_by("starts_at")[:MOST]),
        cases=list(mine.order_by("-priority", "opened_at")[:MOST]),
        waiting=list(theirs.order_by("-priority", "opened_at")[:MOST]),
    )


def offered(rep: Rep, public_id: str) -> Countdown | None:
    """A countdown that was offered to the rep, by its id, or whose dated call is the rep's."""
    mine = Q(offers__rep=rep) | Q(slots__rep=rep) | Q(rep=rep)
    return Countdown.objects.filter(mine, public_id=public_id).select_related("lead").distinct().first()
