"""A lead goes to somebody else: by a manager's hand, or because its rep cannot have it any more.

The clock that runs for it goes on: what rang at the one before is withdrawn, a dated call is kept by somebody else at the same
time where that can be, else dated anew. Locks: countdown, then rep.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.origin import Origin
from accounts.services import journal
from offramps.models import CallSlot, Countdown, CountdownState, Lead, Offer, OfferOutcome, Pool, Rep, SlotState
from offramps.services import slots

OVER = (CountdownState.CONTACTED, CountdownState.OVER)


class NotOpen(Exception):
    """The lead has its outcome: reload it."""


def reassign(lead: Lead, *, rep: Rep | None, pool: Pool | None, reason: str, at: datetime, origin: Origin) -> None:
    """Give an open lead to a rep, or to a pool whose turn it then is. Raises ValidationError, NotOpen."""
    if (rep is None) == (pool is None):
        raise ValidationError({"to": _("Choose a rep or a pool.")})
    if rep is not None and rep.left_on is not None:
        raise ValidationError({"to": _("%(name)s does not work here any more.") % {"name": rep}})
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    with transaction.atomic(durable=True):
        held = _running(lead.pk)
        values: dict[str, object] = {"rep": rep}
        if pool is not None:
            values |= {"pool": pool, "chosen_pool": pool}
        if not Lead.objects.open().filter(pk=lead.pk).update(**values):
            raise NotOpen
        if held is not None:
            held.lead.refresh_from_db()
            _let_go(held, None, kept_by=rep, at=at, origin=origin)
        _tell(lead, at, origin, to=str(rep or pool), reason=reason.strip()[:300])


def take_away(lead_id: int, rep: Rep, *, at: datetime, origin: Origin) -> None:
    """The rep cannot have the lead any more: it is its pool's again, and what was promised is offered or dated anew."""
    with transaction.atomic(durable=True):
        held = _running(lead_id)
        lead = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("organization").get(pk=lead_id)
        if lead.rep_id == rep.pk:
            Lead.objects.filter(pk=lead_id).update(rep=None)
            _tell(lead, at, origin, to=str(lead.pool or ""), reason="left")
        if held is not None:
            held.lead.refresh_from_db()
            _let_go(held, rep, kept_by=None, at=at, origin=origin)


def date_anew(countdown_id: int, *, at: datetime, origin: Origin) -> CallSlot | None:
    """The rep of a dated call cannot call then: somebody else calls at that time, else another time. None: no time found."""
    with transaction.atomic(durable=True):
        held = _rows().filter(pk=countdown_id, state=CountdownState.SLOT).first()
        made = slots.date_anew(held, at=at, origin=origin) if held is not None else None
        if held is not None:
            held.save()
    return made


def _rows() -> QuerySet[Countdown]:
    rows = Countdown.objects.select_for_update(of=("self",), no_key=True).exclude(state__in=OVER)
    return rows.select_related("lead__organization")


def _running(lead_id: int) -> Countdown | None:
    return _rows().filter(lead=lead_id).first()


def _let_go(held: Countdown, rep: Rep | None, *, kept_by: Rep | None, at: datetime, origin: Origin) -> None:
    """Take from `rep` (None: from everybody but `kept_by`) what rings, what was accepted, and the dated call."""
    offers = Offer.objects.filter(countdown=held, outcome="")
    ringing = (offers.filter(rep=rep) if rep else offers).update(outcome=OfferOutcome.WITHDRAWN, outcome_at=at)
    had = held.rep_id is not None and held.rep_id == (rep.pk if rep else held.rep_id) and held.rep != kept_by
    if had:
        held.rep, held.accepted_at = None, None
        if held.state == CountdownState.ACCEPTED:
            held.state = CountdownState.RINGING
    if held.state == CountdownState.RINGING and (ringing or had or kept_by):
        held.offers_ran_until = held.due_at = at
    slot = held.slots.filter(state=SlotState.HELD).first()
    if slot is not None and slot.rep_id == (rep.pk if rep else slot.rep_id) and slot.rep != kept_by:
        slots.date_anew(held, at=at, origin=origin, by=kept_by)
    held.save()


def _tell(lead: Lead, at: datetime, origin: Origin, **more: object) -> None:
    data = {"lead": lead.public_id, **more}
    journal.append(kind="offramps.lead.reassigned", organization=lead.organization, at=at, origin=origin, data=data)
