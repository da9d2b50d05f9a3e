"""What the customer and the rep hear of a dated call: when it is held, moved, cancelled or not needed any more."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.services import outbox
from offramps.models import CallSlot, Lead
from offramps.queries import call_slots, lead_words
from offramps.queries import leads as queries
from offramps.services import call_entries


def held(slot: CallSlot, lead: Lead, at: datetime, missed: CallSlot | None) -> None:
    """A call is dated, or dated anew after `missed` did not come. Call inside its transaction, as all of these."""
    if missed is None:
        _write("offramps/call_dated", slot, lead, at)
    else:
        _write("offramps/call_missed", slot, lead, at, before_at=missed.starts_at)
    _write_to_rep("offramps/call_dated_staff", slot, lead, at)
    if missed is not None and missed.rep_id != slot.rep_id:
        _write_to_rep("offramps/call_not_needed_staff", missed, lead, at, is_off=True)


def moved(slot: CallSlot, before: CallSlot, lead: Lead, at: datetime) -> None:
    _write("offramps/call_moved", slot, lead, at, before_at=before.starts_at)
    _write_to_rep("offramps/call_dated_staff", slot, lead, at)
    if before.rep_id != slot.rep_id:
        _write_to_rep("offramps/call_not_needed_staff", before, lead, at, is_off=True)


def cancelled(slot: CallSlot, lead: Lead, at: datetime) -> None:
    """The customer wants none, or the case is closed."""
    _write("offramps/call_cancelled", slot, lead, at, is_off=True, has_talked=False)
    _write_to_rep("offramps/call_not_needed_staff", slot, lead, at, is_off=True)


def dropped(slot: CallSlot, lead: Lead, at: datetime) -> None:
    """Its rep cannot call, and nobody else can in all those days."""
    _write("offramps/call_cancelled", slot, lead, at, is_off=True, has_talked=False, is_dropped=True)
    _write_to_rep("offramps/call_not_needed_staff", slot, lead, at, is_off=True)


def released(slot: CallSlot, lead: Lead, at: datetime) -> None:
    """Somebody called before the time: both need not wait for it."""
    _write("offramps/call_cancelled", slot, lead, at, is_off=True, has_talked=True)
    _write_to_rep("offramps/call_not_needed_staff", slot, lead, at, is_off=True)


def _write(kind: str, slot: CallSlot, lead: Lead, at: datetime, *, is_off: bool = False, **context: Any) -> None:
    outbox.write(
        kind=kind,
        subject_row=f"slot:{slot.pk}",
        to=lead.contact_email,
        organization=lead.organization,
        locale=lead.language,
        context={
            "starts_at": slot.starts_at,
            "channel": lead.channel,
            "rep": slot.rep.user.get_short_name(),
            "phone": lead.contact_phone,
            "room": slot.rep.meeting_url if lead.channel == "video" else "",
            "reader_zone": lead.time_zone,
            "page_url": settings.STORE_URL + reverse("storefront:talk_raised", args=[queries.page_of(lead)]),
            "call_entry": call_entries.facts(slot, at, is_cancelled=is_off),
            **context,
        },
        secret={} if is_off else {"call_url": call_slots.url(slot)},
        at=at,
    )


def _write_to_rep(kind: str, slot: CallSlot, lead: Lead, at: datetime, *, is_off: bool = False) -> None:
    outbox.write(
        kind=kind,
        subject_row=f"slot:{slot.pk}",
        to=slot.rep.user,
        organization=None,
        context={
            "starts_at": slot.starts_at,
            "call_entry": call_entries.facts(slot, at, is_cancelled=is_off),
            **lead_words.for_rep(lead, slot.rep),
            "case_url": settings.STORE_URL + reverse("offramps:case", args=[lead.public_id]),
        },
        at=at,
    )
