"""Offers for many at once: as fair as one by one, in as many statements as for two, and never waiting for another process."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from offramps.models import Countdown, HandRaiseReason, Lead, Offer, Rep, WorkingHours
from offramps.queries import roster
from offramps.services import ringing
from tests.faults.grips import database_url

pytestmark = pytest.mark.django_db
CLICK = datetime(2027, 3, 24, 10, tzinfo=UTC)
TOPICS = [reason.value for reason in HandRaiseReason][:6]


def after(seconds):
    return CLICK + timedelta(seconds=seconds)


def let_them_wait(floor, topics):
    """Reps who are not here while these click: their countdowns are due together, five seconds later."""
    Rep.objects.update(presence="offline")
    for topic in topics:
        floor.click(CLICK, reason=topic, email=f"{topic}@acme.example")
    assert not Offer.objects.filter(outcome="").exists()
    Rep.objects.update(presence="online")


def test_many_ring_together_as_if_each_had_come_alone(floor):
    for name, weight in (("Ann", 3), ("Ben", 1), ("Cem", 1), ("Dan", 1), ("Eva", 1), ("Fay", 1)):
        floor.rep(name, weight=weight, skills=["legal", "security", "procurement", "pricing"])
    let_them_wait(floor, TOPICS[:2])
    with CaptureQueriesContext(connection) as for_two:
        assert ringing.ring_due(after(5)) == 2
    Offer.objects.update(outcome="withdrawn", outcome_at=after(6))
    Lead.objects.update(state="lost", closed_at=after(6))
    Countdown.objects.update(state="over", due_at=None)
    let_them_wait(floor, TOPICS)
    with CaptureQueriesContext(connection) as for_six:
        assert ringing.ring_due(after(5)) == len(TOPICS)
    assert len(for_six) == len(for_two) <= 15
    offers = list(Offer.objects.filter(outcome="").order_by("pk").select_related("rep__user"))
    assert {offer.rep.user.name for offer in offers} == {"Ann", "Ben", "Cem", "Dan", "Eva", "Fay"}, "one each, nobody twice"
    assert [len(offer.eligible) for offer in offers] == [6, 5, 4, 3, 2, 1], "whoever got one was out of the next's turn"
    assert set(Countdown.objects.filter(state="ringing").values_list("due_at", flat=True)) == {after(30)}


def test_one_that_cannot_ring_keeps_nobody_from_it(floor):
    floor.rep("Ann")
    floor.rep("Ben")
    let_them_wait(floor, ["other", "terms"])
    broken, whole = Countdown.objects.order_by("pk")
    Lead.objects.filter(pk=broken.lead_id).update(topic="unheard of")
    assert ringing.ring_due(after(5)) == 2
    assert Offer.objects.get().countdown == whole
    broken.refresh_from_db()
    assert broken.due_at == after(10), "it is looked at again, and at the deadline its call is dated"


def test_who_finds_another_ringing_waits_for_nothing_and_is_rung_by_it(floor):
    floor.rep("Ann")
    with psycopg.connect(database_url()) as other:
        other.execute(ringing.TAKE_TURN)
        held = floor.click(CLICK)
        assert not held.offers.exists()
        other.rollback()
    # As whoever had the turn does next: a click that came meanwhile rings, even if later than the instant it works with.
    assert ringing.ring_due(CLICK - timedelta(milliseconds=40)) == 1
    assert held.offers.get().offered_at == CLICK


def test_a_change_of_the_roster_is_seen_whoever_made_it_and_nothing_is_read_before(floor, monkeypatch):
    ann = floor.rep("Ann")
    known = roster.roster(CLICK)
    assert known.is_at_work(ann.pk, CLICK)
    monkeypatch.setattr(roster, "KEPT_SECONDS", 0)
    roster.forget()
    known = roster.roster(CLICK)
    Rep.objects.update(presence="offline", passed_in_a_row=1)
    with CaptureQueriesContext(connection) as asked:
        assert roster.roster(CLICK) is known
    assert len(asked) == 1
    WorkingHours.objects.filter(rep=ann).delete()
    changed = roster.roster(CLICK)
    assert not changed.is_at_work(ann.pk, CLICK)
    Rep.objects.filter(pk=ann.pk).update(capacity=7)
    assert roster.roster(CLICK).reps[ann.pk].capacity == 7
    assert roster.roster(CLICK).duty == changed.duty, "who works as before is not worked out again"
