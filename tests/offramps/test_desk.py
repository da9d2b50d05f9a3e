"""The desk: a rep accepts, calls and closes; nobody else finds it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.origin import Origin, Source
from config import clock
from offramps.models import Countdown, CountdownState, Lead, LeadState, Presence, RingTest
from offramps.queries import roster
from offramps.services import offers
from tests.shop import text

pytestmark = pytest.mark.django_db
DESK = "/desk/"
PAGE = Origin(source=Source.PAGE)


@pytest.fixture
def ann(floor, client):
    """A rep who works around the clock, signed in."""
    made = floor.rep("Ann", hours=(0, 24), time_zone="UTC")
    made.shifts.create(weekday=5, starts_minute=0, ends_minute=24 * 60)
    made.shifts.create(weekday=6, starts_minute=0, ends_minute=24 * 60)
    roster.forget()
    client.force_login(made.user)
    return made


def test_from_ringing_to_the_outcome(ann, floor, client, django_assert_max_num_queries):
    assert "Nobody waits" in text(client.get(DESK))
    held = floor.click(clock.now())
    with django_assert_max_num_queries(12):
        page = text(client.get(DESK))
    assert "Acme" in page
    assert "Accept and call" in page
    answer = client.post(reverse("offramps:call_accept", args=[held.public_id]))
    case = reverse("offramps:case", args=[held.lead.public_id])
    assert answer.url == case
    with django_assert_max_num_queries(19):
        page = text(client.get(case))
    assert "Call +49 30 1" in page
    assert "ada@acme.example" in page
    assert client.post(reverse("offramps:call_talking", args=[held.public_id])).url == case
    assert Countdown.objects.get().state == CountdownState.CONTACTED
    close = reverse("offramps:case_close", args=[held.lead.public_id])
    assert "Choose an outcome and say why." in text(client.post(close, {"outcome": "won", "reason": " "}, follow=True))
    assert Lead.objects.get().state == LeadState.OPEN
    page = text(client.post(close, {"outcome": "handed_back", "reason": "Buys online"}, follow=True))
    assert "Handed back to the store: Buys online" in page
    assert "It was closed already." in text(client.post(close, {"outcome": "lost", "reason": "x"}, follow=True))


def test_the_desk_lives_by_one_query_while_nothing_changes(ann, floor, client, django_assert_num_queries):
    def look(version=""):
        return client.get(reverse("offramps:desk_queue"), headers={"If-None-Match": version})

    first = look()
    assert (first.status_code, first["ETag"] in client.get(DESK).content.decode()) == (200, False)
    assert first["ETag"].strip('"') in client.get(DESK).content.decode()
    with django_assert_num_queries(4):  # session, person, rep, and the desk's own one
        same = look(first["ETag"])
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    held = floor.click(clock.now())
    rings = look(first["ETag"])
    assert (rings.status_code, rings["ETag"] != first["ETag"]) == (200, True)
    assert 'data-words="Acme is calling"' in text(rings)
    assert 'data-key="a"' in text(rings)
    assert "<html" not in text(rings)
    offers.accept(held, rep=ann, at=clock.now(), origin=PAGE)
    to_call = look(rings["ETag"])
    assert "Call now" in text(to_call)
    client.post(reverse("offramps:desk_presence"), {"to": "offline"})
    assert "You are not here" in text(look(to_call["ETag"]))
    assert look(look()["ETag"]).status_code == 304


def test_the_desk_rings_once_a_day_so_that_the_rep_knows(ann, floor, client):
    test = reverse("offramps:desk_test")
    before = client.get(reverse("offramps:desk_queue"))
    assert "Not tested today" in text(before)
    page = text(client.post(test, {"to": "ring"}, follow=True))
    assert 'data-words="This is a test"' in page
    assert "Not tested today" not in page
    assert client.get(reverse("offramps:desk_queue"))["ETag"] != before["ETag"]
    RingTest.objects.update(rung_at=clock.now() - timedelta(seconds=31))
    assert "Not tested today" in text(client.get(DESK)), "it was silent again before anybody said so"
    client.post(test, {"to": "ring"})
    page = text(client.post(test, {"to": "heard"}, follow=True))
    assert "This is a test" not in page
    assert "Not tested today" not in page
    assert client.post(test, {"to": "else"}).status_code == 404
    RingTest.objects.update(on=clock.now().date() - timedelta(days=1))
    assert "Not tested today" in text(client.get(DESK)), "each day anew"


def test_a_rep_is_led_to_the_desk(ann, client, cast):
    assert client.get("/").url == DESK
    page = text(client.get(DESK))
    assert f'href="{DESK}" aria-current="page">Desk' in page
    assert "/seats/" not in page
    assert f'href="{DESK}"' in text(client.get("/header/"))
    client.force_login(cast.owner)
    assert f'href="{DESK}"' not in text(client.get("/seats/"))
    client.force_login(cast.staff_member("support"))
    assert client.get("/").url == "/admin/"


def test_passed_on_and_switched_off(ann, floor, client):
    ben = floor.rep("Ben", is_here=False)
    held = floor.click(clock.now())
    client.post(reverse("offramps:call_decline", args=[held.public_id]))
    assert held.offers.get().outcome == "declined"
    assert "You are not here" in text(client.post(reverse("offramps:desk_presence"), {"to": "offline"}, follow=True))
    ann.refresh_from_db()
    assert (ann.presence, ann.presence_cause) == (Presence.OFFLINE, "self")
    assert client.post(reverse("offramps:desk_presence"), {"to": "asleep"}).status_code == 404
    client.force_login(ben.user)
    assert client.post(reverse("offramps:call_accept", args=[held.public_id])).status_code == 404, "never offered to Ben"


def test_who_was_slower_is_told_who_was_first(ann, floor, client):
    ben = floor.rep("Ben", hours=(0, 24), time_zone="UTC")
    held = floor.click(clock.now())
    floor.until(held.clicked_at + timedelta(seconds=31))
    client.post(reverse("offramps:call_accept", args=[held.public_id]))
    client.force_login(ben.user)
    assert held.offers.filter(rep=ben).exists(), "thirty seconds after the first he has it, too"
    answer = client.post(reverse("offramps:call_accept", args=[held.public_id]), follow=True)
    assert "Ann was first." in text(answer)


def test_a_rep_of_another_pool_sees_nothing_of_it(ann, floor, client):
    held = floor.click(clock.now())
    other = floor.rep("Zoe", pool="Asia")
    case = reverse("offramps:case", args=[held.lead.public_id])
    assert client.get(case).status_code == 200
    client.force_login(other.user)
    assert client.get(case).status_code == 404
    assert "Acme" not in text(client.get(DESK))
    other.left_on = clock.now().date()
    other.presence = Presence.OFFLINE
    other.save()
    assert client.get(DESK).status_code == 404
