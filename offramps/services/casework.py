"""What is written on a case: notes, the next step with its time, and the way back to the store."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.origin import Origin
from accounts.services import journal, outbox
from billing.models import CartState
from offramps.models import Countdown, Lead, LeadNote, LeadState, NextStep, Rep
from offramps.services import leads

MOST_TEXT = 2_000
MOST_STEP = 200


def take(lead: Lead, rep: Rep, *, at: datetime, origin: Origin) -> bool:
    """A case that nobody has, and whose clock does not run, becomes the rep's. False: somebody was first, or it rings."""
    running = Countdown.objects.filter(lead=lead).exclude(state__in=leads.OVER)
    with transaction.atomic(durable=True):
        free = Lead.objects.open().filter(~Exists(running), pk=lead.pk, rep=None)
        taken = bool(free.update(rep=rep))
        if taken:
            data = {"lead": lead.public_id, "to": str(rep), "reason": "taken"}
            journal.append(kind="offramps.lead.reassigned", organization=lead.organization, at=at, origin=origin, data=data)
    return taken


def note(lead: Lead, *, text: str, at: datetime, origin: Origin) -> LeadNote:
    """Write something down, for whoever has the case next. Raises ValidationError."""
    said = text.strip()
    if not said or len(said) > MOST_TEXT:
        raise ValidationError({"text": _("Write something, of 2,000 characters at most.")})
    return LeadNote.objects.create(lead=lead, author=origin.actor, text=said, at=at)


def set_step(lead: Lead, *, text: str, due_at: datetime, at: datetime, origin: Origin) -> NextStep:
    """What is next, by when; the step before is done with it. Raises ValidationError, leads.AlreadyClosed."""
    said = text.strip()
    if not said or len(said) > MOST_STEP:
        raise ValidationError({"text": _("Say what is next, in 200 characters at most.")})
    if due_at <= at:
        raise ValidationError({"due_at": _("That time is over: choose one to come.")})
    with transaction.atomic(durable=True):
        _hold(lead)
        _conclude(lead, at)
        made = NextStep.objects.create(lead=lead, text=said, due_at=due_at, author=origin.actor, at=at)
        data = {"lead": lead.public_id, "due_at": due_at}
        journal.append(kind="offramps.lead.step_set", organization=lead.organization, at=at, origin=origin, data=data)
    return made


def finish_step(lead: Lead, *, at: datetime) -> bool:
    """The step is done. False: there was none."""
    return bool(_conclude(lead, at))


def hand_back(lead: Lead, *, note: str, at: datetime, origin: Origin) -> None:
    """The customer goes on alone: the case is closed, and the kept cart comes by mail, with the note. Raises
    leads.AlreadyClosed; ValidationError without a note.
    """
    said = note.strip()
    if not said or len(said) > MOST_TEXT:
        raise ValidationError({"note": _("Say to the customer what you found, in 2,000 characters at most.")})
    with transaction.atomic(durable=True):
        leads.close(lead, outcome=LeadState.HANDED_BACK, reason=said, at=at, origin=origin)
        _conclude(lead, at)
        outbox.write(
            kind="offramps/handed_back",
            subject_row=f"lead:{lead.pk}",
            to=lead.user or lead.contact_email,
            organization=lead.organization,
            locale="" if lead.user else lead.language,
            context={
                "rep": origin.actor.get_short_name() if origin.actor else "",
                "note": said,
                "basket": lead.basket,
                "cart_url": settings.STORE_URL + _way_to_cart(lead),
            },
            at=at,
        )


def _way_to_cart(lead: Lead) -> str:
    """To the cart itself where it is still there; else to a new one of the same things; else to the prices."""
    basket: dict[str, Any] = lead.basket
    if lead.organization_id is not None and lead.cart is not None and lead.cart.state == CartState.OPEN:
        return reverse("storefront:cart")
    if basket.get("plan"):
        wanted = {name: basket[name] for name in ("plan", "seats", "interval", "currency") if name in basket}
        return f"{reverse('storefront:cart_new')}?{urlencode(wanted)}"
    return reverse("storefront:pricing")


def _hold(lead: Lead) -> None:
    if not Lead.objects.open().select_for_update(no_key=True, of=("self",)).filter(pk=lead.pk).exists():
        raise leads.AlreadyClosed


def _conclude(lead: Lead, at: datetime) -> int:
    return NextStep.objects.filter(lead=lead, done_at=None).update(done_at=at)
