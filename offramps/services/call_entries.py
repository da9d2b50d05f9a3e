"""A dated call as an entry of a calendar (iCalendar, RFC 5545), for the mails about it and as a file.

One entry stays one: its UID is the countdown's, and each move or new date has a higher sequence number, so that calendars move
what they have and take away what was cancelled (RFC 5546).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from accounts.services.rendering import File
from offramps.models import CallSlot

NAME = "call.ics"


def facts(slot: CallSlot, at: datetime, *, is_cancelled: bool = False) -> dict[str, Any]:
    """What a mail's context keeps of the entry, as `call_entry`."""
    return {
        "uid": f"call-{slot.countdown.public_id}@{urlsplit(settings.STORE_URL).hostname}",
        "sequence": slot.sequence + is_cancelled,
        "is_cancelled": is_cancelled,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "written_at": at,
    }


def of_mail(context: Mapping[str, Any]) -> list[File]:
    """The file of a mail about a call, in the active language (settings.MAIL_FILES)."""
    kept = context["call_entry"]
    method = "CANCEL" if kept["is_cancelled"] else "REQUEST"
    content = _calendar(kept, context, method, attendee=context["recipient"])
    return [File(name=NAME, content=content, kind=f"text/calendar; method={method}")]


def of_slot(slot: CallSlot, at: datetime) -> str:
    """The entry as a file to take along."""
    lead = slot.countdown.lead
    context = {"rep": slot.rep.user.get_short_name(), "room": slot.rep.meeting_url if lead.channel == "video" else ""}
    return _calendar(facts(slot, at), context, "PUBLISH")


def _calendar(kept: Mapping[str, Any], context: Mapping[str, Any], method: str, attendee: str = "") -> str:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{settings.BRAND['name']}//Storefront//EN")
    calendar.add("method", method)
    calendar.add_component(_event(kept, context, attendee))
    return str(calendar.to_ical(), "utf-8")


def _event(kept: Mapping[str, Any], context: Mapping[str, Any], attendee: str) -> Event:
    event = Event()
    event.add("uid", kept["uid"])
    event.add("sequence", kept["sequence"])
    event.add("dtstamp", kept["written_at"])
    event.add("dtstart", kept["starts_at"])
    event.add("dtend", kept["ends_at"])
    event.add("status", "CANCELLED" if kept["is_cancelled"] else "CONFIRMED")
    event.add("summary", _summary(context))
    if context.get("room"):
        event.add("location", context["room"])
    if context.get("page_url"):
        event.add("url", context["page_url"])
    event["organizer"] = _person(settings.BRAND["support_email"], settings.BRAND["name"])
    if attendee:
        event["attendee"] = _person(attendee, attendee)
    return event


def _summary(context: Mapping[str, Any]) -> str:
    if context.get("company"):
        return _("Call %(company)s") % {"company": context["company"]}
    return _("%(name)s of %(brand)s calls you") % {"name": context["rep"], "brand": settings.BRAND["name"]}


def _person(address: str, name: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{address}")
    found.params["cn"] = vText(name)
    return found
