"""The customer's page of a hand-raise: each state in words, asked for every second at the price of one query."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from config import clock
from offramps.models import CallSlot, Countdown, HandRaise
from offramps.services import hand_raises, offers, slots
from tests.offramps.conftest import PAGE
from tests.shop import text

pytestmark = pytest.mark.django_db
CLICK = datetime(2027, 3, 24, 10, tzinfo=UTC)  # a Wednesday, 11:00 in Berlin


def after(seconds):
    return CLICK + timedelta(seconds=seconds)


@pytest.fixture
def at(monkeypatch):
    """Say what time it is."""

    def say(instant):
        monkeypatch.setattr(clock, "now", lambda: instant)

    say(CLICK)
    return say


@pytest.fixture
def page(client, at, floor):
    """The hand-raise's page in words, at an instant to which the lane has done its part."""

    def look(instant, *, language="en"):
        floor.until(instant)
        at(instant)
        return text(client.get(url("talk_raised"), headers={"Accept-Language": language}))

    return look


def url(name):
    return reverse(f"storefront:{name}", args=[HandRaise.objects.latest("pk").public_id])


def test_from_looking_for_somebody_to_talking(floor, page, client):
    floor.rep("Ann")
    ben = floor.rep("Ben Berg")
    held = floor.click(CLICK)
    said = page(after(5))
    assert "We are looking for somebody who calls you" in said
    assert '<count-down class="countdown" left="85" seconds="90"' in said
    assert "It rings at a colleague now." in said
    assert f'<p class="no-js"><a href="{url("talk_raised")}">Look again</a>' in said
    assert "We are talking" not in said
    assert "1 colleague could not answer." in page(after(40))
    offers.accept(held, rep=ben, at=after(41), origin=PAGE)
    said = page(after(42))
    assert "Ben calls you now" in said
    assert "The call comes to +49 … 1." in said
    assert "+49 30 1" not in said
    assert "ada@acme.example" not in said
    for _twice in range(2):
        assert client.post(url("talk_talking")).url == url("talk_raised")
    assert Countdown.objects.get().contacted_at == after(42)
    said = page(after(300))
    assert "You are in touch with Ben" in said
    assert "<count-down" not in said


def test_at_the_deadline_the_call_is_dated_where_the_customer_is(floor, page, client):
    floor.rep("Ann")
    floor.customer.time_zone = "America/New_York"
    floor.customer.save()
    floor.click(CLICK.replace(hour=14))
    click = CLICK.replace(hour=14)
    said = page(click + timedelta(seconds=90))
    assert "Ann calls you on 24 March at 10:30 (New York time)" in said
    assert "Nobody could call you in time, and we are sorry." in said
    client.post(url("talk_talking"))
    assert Countdown.objects.get().contacted_at is None, "nobody calls yet"
    said = page(click + timedelta(minutes=31))
    assert "Ann calls you now" in said
    assert "We are talking" in said


def test_the_instant_between_the_deadline_and_the_lane(floor, page, at, client):
    floor.rep("Ann")
    floor.click(CLICK)
    at(after(90.2))
    assert "We hold a time for your call" in text(client.get(url("talk_raised")))


def test_out_of_hours_the_date_stands_there_at_once(floor, page):
    floor.rep("Ann")
    floor.click(CLICK.replace(hour=20))
    said = page(CLICK.replace(hour=20))
    assert "Ann calls you on 25 March at 09:00 (Berlin time)" in said
    assert "Nobody is at work right now" in said
    assert "sorry" not in said


def test_a_missed_call_is_owned_up_to(floor, page):
    floor.rep("Ann", is_here=False)
    floor.click(CLICK)
    floor.until(after(90))
    first = CallSlot.objects.get()
    said = page(first.starts_at + timedelta(minutes=5))
    assert "We did not call when we said we would, and we are sorry." in said
    assert "Ann calls you on 24 March at" in said


def test_accepted_and_not_called(floor, page):
    ann, ben = floor.rep("Ann"), floor.rep("Ben")
    held = floor.click(CLICK)
    offers.accept(held, rep=ann, at=after(5), origin=PAGE)
    said = page(after(91))
    assert "somebody may still call before" in said
    assert "Whoever had your request did not call in time." in said
    offers.accept(held, rep=ben, at=after(95), origin=PAGE)
    assert "Ben calls you now" in page(after(96))


def test_a_video_call_has_its_room_on_the_page(floor, page):
    ann = floor.rep("Ann", meeting_url="https://meet.example/ann")
    held = floor.click(CLICK, channel="video")
    assert "meet.example" not in page(after(3)), "nobody has taken it yet"
    offers.accept(held, rep=ann, at=after(5), origin=PAGE)
    said = page(after(6))
    assert 'href="https://meet.example/ann"' in said
    assert "You meet by video" in said
    assert "+49" not in said


def test_cancelled_it_is_answered_by_mail(floor, page):
    floor.rep("Ann")
    floor.click(CLICK.replace(hour=20))
    slots.cancel(CallSlot.objects.get(), at=CLICK.replace(hour=20, minute=5), origin=PAGE)
    said = page(CLICK.replace(hour=20, minute=6))
    assert "The call is cancelled" in said
    assert "A person answers to a…@acme.example by mail, by the end of 25 March" in said
    floor.click(CLICK.replace(hour=21), channel="mail")
    assert "We have your request" in page(CLICK.replace(hour=21)), "what was asked later has no call"
    hand_raises.close(hand_raise=HandRaise.objects.latest("pk"), at=CLICK.replace(hour=22), origin=PAGE)
    assert "We answered on 24 March at 23:00" in page(CLICK.replace(hour=22))


def test_nobody_works_for_days_and_it_is_answered_by_mail(floor, page):
    ann = floor.rep("Ann")
    floor.away(ann, CLICK.date(), CLICK.date() + timedelta(days=30))
    floor.click(CLICK)
    said = page(after(1))
    assert "We have your request" in said
    assert "by mail, by the end of 25 March" in said


def test_asking_again_costs_one_query_and_nothing_is_sent_twice(floor, at, client, django_assert_num_queries):
    ann = floor.rep("Ann")
    held = floor.click(CLICK)
    page, progress = url("talk_raised"), url("talk_progress")
    first = client.get(progress)
    known = {"If-None-Match": first.headers["ETag"]}
    assert f'tag="{first.headers["ETag"]}"' in text(client.get(page))
    at(after(7))
    with django_assert_num_queries(1):
        again = client.get(progress, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    offers.accept(held, rep=ann, at=after(8), origin=PAGE)
    with django_assert_num_queries(1):
        changed = client.get(progress, headers=known)
    assert changed.status_code == 200
    assert 'data-said="Ann calls you now"' in text(changed)
    german = client.get(progress, headers={**known, "Accept-Language": "de"})
    assert german.headers["ETag"] != changed.headers["ETag"]
    assert "sessionid" not in client.cookies
    with django_assert_num_queries(2):  # the hand-raise with its cart, and how it stands
        client.get(page)


def test_a_page_that_was_never_given_out(client):
    for name, ask in (("talk_raised", client.get), ("talk_progress", client.get), ("talk_talking", client.post)):
        assert ask(reverse(f"storefront:{name}", args=["aaaaaaaaaaaaaaaa"])).status_code == 404


def test_in_german(floor, page):
    ann = floor.rep("Ann")
    held = floor.click(CLICK)
    assert "Wir suchen jemanden, der Sie anruft" in page(after(2), language="de")
    offers.accept(held, rep=ann, at=after(5), origin=PAGE)
    assert "Ann ruft Sie jetzt an" in page(after(6), language="de")
    floor.until(after(90))
    said = page(after(91), language="de")
    assert "Ann ruft Sie am 24. März, 11:30 Uhr (Ortszeit Berlin) an" in said
