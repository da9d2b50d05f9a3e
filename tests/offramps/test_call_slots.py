"""A dated call by its signed link: moved, cancelled, taken along into a calendar; and what the mails about it say and carry."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.urls import reverse
from icalendar import Calendar

from accounts.models import OutgoingMail
from accounts.origin import Origin, Source
from accounts.services import links, rendering
from config import clock
from offramps.models import CallSlot, Countdown, CountdownState, HandRaise, RepCalendar, SlotState
from offramps.queries import call_slots
from offramps.services import calendars, offers, roster, slots
from tests import receiver
from tests.offramps.conftest import PAGE
from tests.shop import text

pytestmark = pytest.mark.django_db
EVENING = datetime(2027, 3, 24, 20, tzinfo=UTC)  # a Wednesday, 21:00 in Berlin
FREE = datetime(2027, 3, 25, 12, 15, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    """Say what time it is."""
    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)


@pytest.fixture
def dated(floor, at):
    """A call that was dated in the evening, for 9 in the morning in Berlin."""
    at(EVENING)
    floor.rep("Ann", meeting_url="https://meet.example/ann")
    floor.click(EVENING)
    return CallSlot.objects.get()


def url(slot, name="call"):
    return reverse(f"storefront:{name}", args=[call_slots.token(slot)])


def sent(kind):
    """The latest mail of a kind as it goes out, and the entry it carries."""
    message = rendering.message(OutgoingMail.objects.filter(kind=f"offramps/{kind}").latest("pk"))
    ((name, content, media),) = message.attachments
    assert name == "call.ics"
    calendar = Calendar.from_ical(content)
    assert media == f"text/calendar; method={calendar['method']}"
    return message, calendar


def test_moved_and_the_entry_in_the_calendar_moves_along(dated, client, django_assert_max_num_queries):
    first, asked = sent("call_dated")
    assert url(dated) in first.body
    with django_assert_max_num_queries(12):
        page = text(client.get(url(dated)))
    assert "Ann calls you on " in page
    assert "25 March at 09:00 (Berlin time)" in page
    assert page.count("<summary>") == 5
    assert 'value="2027-03-25T12:15:00+00:00"' in page
    assert 'value="2027-03-25T08:15:00+00:00"' in page, "a quarter of an hour later is free: the call itself goes away"
    assert "27 March" not in page, "no weekend"
    assert text(client.get(f"{url(dated)}?more=1")).count("<summary>") > 5
    answers = [client.post(url(dated), {"starts_at": FREE.isoformat()}) for _double_click in range(2)]
    moved = CallSlot.objects.get(state=SlotState.HELD)
    assert [answer.url for answer in answers] == [f"{url(moved)}?moved=1"] * 2
    assert (moved.starts_at, CallSlot.objects.count()) == (FREE, 2)
    assert "The call is moved." in text(client.get(answers[0].url))
    message, again = sent("call_moved")
    assert "Before, it was" not in message.body
    (before,), (after,) = asked.walk("VEVENT"), again.walk("VEVENT")
    assert (asked["method"], again["method"]) == ("REQUEST", "REQUEST")
    assert before["uid"] == after["uid"]
    assert (int(before["sequence"]), int(after["sequence"])) == (0, 1)
    assert (after["dtstart"].dt, after["dtend"].dt) == (FREE, FREE + timedelta(minutes=30))
    assert after["attendee"] == "mailto:ada@acme.example"
    assert after["summary"] == "Ann of Fieldnote calls you"
    _staff, theirs = sent("call_dated_staff")
    assert theirs.walk("VEVENT")[0]["summary"] == "Call Acme"


def test_a_time_that_was_taken_meanwhile(dated, floor, client):
    for said in ("2027-03-25T03:00:00+00:00", dated.starts_at.isoformat(), "tomorrow", "2027-03-25T12:15:00", ""):
        answer = client.post(url(dated), {"starts_at": said})
        assert answer.status_code == 409
        assert "That time was taken meanwhile" in text(answer)
        assert 'value="2027-03-25T12:15:00+00:00"' in text(answer)
    assert CallSlot.objects.get().state == SlotState.HELD


def test_cancelled_after_asking_and_both_calendars_hear_of_it(dated, client):
    asked = text(client.get(url(dated, "call_cancellation")))
    assert "Your request stays, and is answered by mail." in asked
    assert CallSlot.objects.get().state == SlotState.HELD, "a look changes nothing"
    page = reverse("storefront:talk_raised", args=[HandRaise.objects.get().public_id])
    for _double_click in range(2):
        assert client.post(url(dated, "call_cancellation")).url == page
    assert CallSlot.objects.get().state == SlotState.CANCELLED
    assert "The call is cancelled" in text(client.get(page))
    for kind in ("call_cancelled", "call_not_needed_staff"):
        _message, calendar = sent(kind)
        (event,) = calendar.walk("VEVENT")
        assert (calendar["method"], event["status"], int(event["sequence"])) == ("CANCEL", "CANCELLED", 1)
    assert client.get(url(dated)).status_code == 410
    assert "This call was cancelled" in text(client.get(url(dated, "call_cancellation")))
    assert client.post(url(dated), {"starts_at": FREE.isoformat()}).status_code == 410


def test_a_missed_call_is_apologized_for_and_the_entry_gets_its_new_time(dated, floor, at):
    floor.until(dated.starts_at + timedelta(minutes=5))
    message, calendar = sent("call_missed")
    assert "We missed your call; Ann calls you 25 March at 09:30" in message.subject
    assert "We are sorry." in message.body
    assert int(calendar.walk("VEVENT")[0]["sequence"]) == 1
    assert OutgoingMail.objects.filter(kind="offramps/call_dated").count() == 1


def test_talking_before_takes_the_call_out_of_the_calendar(dated, floor):
    held = Countdown.objects.get()
    offers.talking(held, rep=floor.reps["Ann"], at=EVENING + timedelta(minutes=1), origin=PAGE)
    message, calendar = sent("call_cancelled")
    assert "You have talked already" in message.body
    assert calendar["method"] == "CANCEL"


def test_the_link_opens_this_call_until_it_begins_and_nothing_else(dated, floor, client, at):
    for token in (
        "guessed",
        signing.Signer(salt="link:call").sign_object([10**9]),
        links.token(links.QUOTE, dated.pk),
        links.token(links.CALL, dated.pk, dated.pk),
        call_slots.token(dated)[:-1],
    ):
        for name in ("call", "call_cancellation", "call_file"):
            assert client.get(reverse(f"storefront:{name}", args=[token])).status_code == 404
        assert client.post(reverse("storefront:call", args=[token]), {"starts_at": FREE.isoformat()}).status_code == 404
    old = url(dated)
    client.post(old, {"starts_at": FREE.isoformat()})
    assert "It is on 25 March at 13:15 (Berlin time) now." in _plain(client.get(old))
    later = datetime(2027, 3, 25, 14, tzinfo=UTC)
    assert client.post(old, {"starts_at": later.isoformat()}).status_code == 410
    assert client.post(url(dated, "call_cancellation")).status_code == 410
    moved = CallSlot.objects.get(state=SlotState.HELD)
    assert moved.starts_at == FREE
    at(FREE)
    assert "The time of this call is over" in text(client.get(url(moved)))
    assert client.post(url(moved), {"starts_at": later.isoformat()}).status_code == 410
    assert client.post(url(moved, "call_cancellation")).status_code == 410
    assert client.get(url(moved, "call_file")).status_code == 404
    assert Countdown.objects.get().state == CountdownState.SLOT


def _plain(response):
    return re.sub(r"<[^>]+>", "", text(response))


def test_the_entry_as_a_file_and_the_video_room(dated, client):
    lead = dated.countdown.lead
    lead.channel = "video"
    lead.save()
    answer = client.get(url(dated, "call_file"))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["location"] == "https://meet.example/ann"


def test_whoever_asked_signed_in_gets_there_from_the_page(floor, cast, client, at):
    at(EVENING)
    floor.rep("Ann")
    floor.click(EVENING, origin=Origin(actor=cast.owner, source=Source.PAGE))
    made = HandRaise.objects.get()
    way = reverse("storefront:talk_call", args=[made.public_id])
    assert "/account/login/" in client.get(way).url
    client.force_login(cast.stranger)
    assert client.get(way).status_code == 404
    client.force_login(cast.owner)
    assert client.get(way).url == url(CallSlot.objects.get())
    assert way in text(client.get(reverse("storefront:talk_raised", args=[made.public_id])))


def test_of_a_visitor_the_page_names_the_mail(dated, client):
    page = reverse("storefront:talk_raised", args=[HandRaise.objects.get().public_id])
    assert "By the link in your mail you move the call, or cancel it." in text(client.get(page))
    assert client.get(reverse("storefront:talk_call", args=[HandRaise.objects.get().public_id])).status_code == 404


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("kind", ["dated", "moved", "missed", "cancelled", "dated_staff", "not_needed_staff"])
def test_every_mail_about_a_call(kind, locale, dated):
    mail = OutgoingMail.objects.filter(kind="offramps/call_dated").get()
    mail.kind, mail.locale = f"offramps/call_{kind}", locale
    told = {"before_at": EVENING, "has_talked": False, "company": "Acme", "who": "Ada", "topic_label": "X", "case_url": "u"}
    mail.context |= rendering.pack(told)
    message = rendering.message(mail)
    for said in (message.subject, message.body, message.alternatives[0].content):
        assert "{" not in said.split("</style>")[-1]
        assert "None" not in said
    assert bool(re.search(r"\b[Cc]alls? ", message.body)) == (locale == "en")


def test_in_german(dated, client):
    page = text(client.get(url(dated), headers={"Accept-Language": "de"}))
    assert "Freie Zeiten" in page
    assert "Passt Ihnen eine andere Zeit besser?" in page
    assert "Anruf absagen?" in text(client.get(url(dated, "call_cancellation"), headers={"Accept-Language": "de"}))


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
BEGIN:VEVENT
UID:a
DTSTART:20270325T080000Z
DTEND:20270325T101000Z
END:VEVENT
END:VCALENDAR
"""


def test_a_busy_rep_is_left_out_and_a_broken_calendar_is_shown(floor, at, cast, client):
    at(EVENING)
    ann = floor.rep("Ann")
    wall, who = clock.wall(), {"at": EVENING, "origin": PAGE}
    with receiver.listening() as server:
        profile = roster.Profile(time_zone="Europe/Berlin", calendar_url=server.url)
        with pytest.raises(ValidationError):
            roster.change(ann, profile=replace(profile, calendar_url="https://10.0.0.1/a.ics"), **who)
        roster.change(ann, profile=profile, **who)
        server.answers = [(200, {}, CALENDAR.encode()), (200, {}, b"<html>"), (404, {}, b"")]
        assert calendars.drain(wall + timedelta(seconds=1)).handled == 1
        assert calendars.drain(wall + timedelta(seconds=2)).handled == 0, "not before some minutes are over"
        floor.click(EVENING)
        slot = CallSlot.objects.get()
        assert slot.starts_at == datetime(2027, 3, 25, 10, 15, tzinfo=UTC), "busy from 9 to 11:10 in Berlin"
        assert slot.starts_at - timedelta(minutes=45) not in {one.starts_at for one in slots.to_choose(slot, EVENING)}
        client.force_login(cast.staff_member("manager"))
        page = reverse("admin:offramps_rep_change", args=[ann.pk])
        assert "busy times ahead: 1" in text(client.get(page))
        for minutes, said in ((6, "what is there is no calendar"), (12, "Answered 404")):
            calendars.drain(wall + timedelta(minutes=minutes))
            assert said in text(client.get(page))
        assert len(RepCalendar.objects.get().spans) == 1, "what it said last still counts"
        roster.change(ann, profile=replace(profile, calendar_url=""), **who)
    assert not RepCalendar.objects.exists()
