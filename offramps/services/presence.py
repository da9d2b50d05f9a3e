"""The presence switch: who is here, since when and why. Two unanswered offers in a row turn it off, and the rep is told."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal, outbox
from offramps.models import Presence, PresenceCause, Rep
from offramps.queries import roster


class HasLeft(Exception):
    """The rep does not work here any more: a manager makes them a rep again first."""


def switch(rep: Rep, *, to: Presence, cause: PresenceCause, at: datetime, origin: Origin) -> bool:
    """Turn it on or off. False: it was so already. Raises HasLeft."""
    if rep.left_on is not None and to == Presence.ONLINE:
        raise HasLeft
    with transaction.atomic():
        rows = Rep.objects.filter(pk=rep.pk).exclude(presence=to)
        changed = bool(rows.update(presence=to, presence_at=at, presence_cause=cause, passed_in_a_row=0))
        if changed:
            data = {"rep": rep.public_id, "presence": to, "cause": cause}
            journal.append(kind="offramps.rep.switched", organization=None, at=at, origin=origin, data=data)
    roster.forget()
    rep.refresh_from_db()
    return changed


def note_passed(reps: Sequence[int], at: datetime) -> None:
    """An offer to each of these ran out unanswered. Call inside its transaction."""
    Rep.objects.filter(pk__in=reps).update(passed_in_a_row=F("passed_in_a_row") + 1)
    most = policies.value("offramps.passes_until_offline", at)
    over = Rep.objects.filter(pk__in=reps, presence=Presence.ONLINE, passed_in_a_row__gte=most)
    for rep in over.select_related("user").order_by("pk"):
        switch(rep, to=Presence.OFFLINE, cause=PresenceCause.PASSED, at=at, origin=Origin.system())
        outbox.write(
            kind="offramps/sent_offline",
            subject_row=f"rep:{rep.pk}:{at:%Y%m%dT%H%M%S}",
            to=rep.user,
            organization=None,
            context={"desk_url": settings.STORE_URL + reverse("offramps:desk")},
            at=at,
        )


def note_answered(rep_id: int) -> None:
    """The rep answered an offer, by yes or no: counting begins anew."""
    Rep.objects.filter(pk=rep_id, passed_in_a_row__gt=0).update(passed_in_a_row=0)
