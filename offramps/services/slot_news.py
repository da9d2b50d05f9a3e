"""What the customer and the rep hear of a dated call: when it is held, moved, cancelled or not needed any more."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from offramps.models import CallSlot, Lead
from offramps.queries import lead_words
from offramps.queries import leads as queries


def held(slot: CallSlot, lead: Lead, at: datetime) -> None:
    """A call is dated, or dated anew after one was missed. Call inside its transaction, as all of these."""
    _write("offramps/call_dated", slot, lead, at, **_of_customer(slot, lead))
    _write_to_rep("offramps/call_dated_staff", slot, lead, at)


def moved(slot: CallSlot, before: CallSlot, lead: Lead, at: datetime) -> None:
    _write("offramps/call_moved", slot, lead, at, **_of_customer(slot, lead), before_at=before.starts_at)
    _write_to_rep("offramps/call_dated_staff", slot, lead, at)
    if before.rep_id != slot.rep_id:
        _write_to_rep("offramps/call_not_needed_staff", before, lead, at)


def cancelled(slot: CallSlot, lead: Lead, at: datetime) -> None:
    _write_to_rep("offramps/call_not_needed_staff", slot, lead, at)


def released(slot: CallSlot, lead: Lead, at: datetime) -> None:
    """Somebody called before the time: both need not wait for it."""
    _write_to_rep("offramps/call_not_needed_staff", slot, lead, at)


def _of_customer(slot: CallSlot, lead: Lead) -> dict[str, Any]:
    return {"rep": slot.rep.user.get_short_name(), "phone": lead.contact_phone, "reader_zone": lead.time_zone}


def _write(kind: str, slot: CallSlot, lead: Lead, at: datetime, **context: Any) -> None:
    outbox.write(
        kind=kind,
        subject_row=f"slot:{slot.pk}",
        to=lead.contact_email,
        organization=lead.organization,
        locale=lead.language,
        context={
            "starts_at": slot.starts_at,
            "channel": lead.channel,
            "page_url": settings.STORE_URL + reverse("storefront:talk_raised", args=[queries.page_of(lead)]),
            **context,
        },
        at=at,
    )


def _write_to_rep(kind: str, slot: CallSlot, lead: Lead, at: datetime) -> None:
    outbox.write(
        kind=kind,
        subject_row=f"slot:{slot.pk}",
        to=slot.rep.user,
        organization=None,
        context={
            "starts_at": slot.starts_at,
            **lead_words.for_rep(lead, slot.rep),
            "case_url": settings.STORE_URL + reverse("offramps:case", args=[lead.public_id]),
        },
        at=at,
    )
