"""The desk: a rep accepts, calls and closes; nobody else finds it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from config import clock
from offramps.models import Countdown, CountdownState, Lead, LeadState, Presence
from offramps.queries import roster
from tests.shop import text

pytestmark = pytest.mark.django_db
DESK = "/desk/"


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
    with django_assert_max_num_queries(9):
        page = text(client.get(DESK))
    assert "Acme" in page
    assert "Accept and call" in page
    answer = client.post(reverse("offramps:call_accept", args=[held.public_id]))
    case = reverse("offramps:case", args=[held.lead.public_id])
    assert answer.url == case
    with django_assert_max_num_queries(9):
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
    if held.offers.filter(rep=ben).exists():
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
