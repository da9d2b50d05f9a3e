"""A rep hears of an offer: by mail here; the desk shows it within two seconds."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from offramps.models import Lead, Offer, Rep
from offramps.queries import lead_words


def made(offer: Offer, lead: Lead, at: datetime) -> None:
    """Call inside the offer's transaction."""
    offer.rep = Rep.objects.select_related("user").get(pk=offer.rep_id)
    outbox.write(
        kind="offramps/lead_offered",
        subject_row=f"offer:{offer.pk}",
        to=offer.rep.user,
        organization=None,
        context={
            **lead_words.for_rep(lead, offer.rep),
            "basket": lead.basket,
            "until_at": offer.until_at,
            "desk_url": settings.STORE_URL + reverse("offramps:desk"),
        },
        at=at,
    )
