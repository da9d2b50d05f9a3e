"""A rep hears of an offer: by mail and in a chat here; the desk shows it within two seconds."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.services import outbox
from offramps.models import Lead, Offer, Rep
from offramps.queries import lead_words
from offramps.services import chat


def made(offers: Sequence[tuple[Offer, Lead]], at: datetime) -> None:
    """Of each offer with its lead, its rep hears. Few statements, or none; call inside the offers' transaction."""
    if not offers:
        return
    reps = Rep.objects.select_related("user").in_bulk({offer.rep_id for offer, _lead in offers})
    for offer, _lead in offers:
        offer.rep = reps[offer.rep_id]
    outbox.write_all(_mail(offer, lead, offer.rep, at) for offer, lead in offers)
    chat.write(offers)


def _mail(offer: Offer, lead: Lead, rep: Rep, at: datetime) -> OutgoingMail:
    return outbox.draft(
        kind="offramps/lead_offered",
        subject_row=f"offer:{offer.pk}",
        to=rep.user,
        organization=None,
        context={
            **lead_words.for_rep(lead, rep),
            "basket": lead.basket,
            "until_at": offer.until_at,
            "desk_url": settings.STORE_URL + reverse("offramps:desk"),
        },
        at=at,
    )
