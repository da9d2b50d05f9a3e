"""The 90-second clock, second by second: who is rung when, what is promised, and what becomes of it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from accounts.models import Journal, OutgoingMail
from accounts.origin import Origin, Source
from offramps.models import CallSlot, Countdown, CountdownState, HandRaise, Lead, Miss, Offer, Presence, SlotState
from offramps.services import offers, presence, shifts, slots
from tests.shop import text

pytestmark = pytest.mark.django_db
CLICK = datetime(2027, 3, 24, 10, tzinfo=UTC)  # a Wednesday, 11:00 in Berlin
PAGE = Origin(source=Source.PAGE)


def after(seconds):
    return CLICK + timedelta(seconds=seconds)


def rung(held):
    """Who was rung, when (seconds from the click), and what came of it."""
    rows = Offer.objects.filter(countdown=held).order_by("pk").select_related("rep__user")
    return [(row.rep.user.name, int((row.offered_at - CLICK).total_seconds()), row.outcome) for row in rows]


def mails(kind):
    return list(OutgoingMail.objects.filter(kind=f"offramps/{kind}").order_by("pk"))


def test_from_the_click_to_the_call(floor):
    ann = floor.rep("Ann")
    held = floor.click(CLICK)
    assert rung(held) == [("Ann", 0, "")]
    assert (held.routed_at, held.offered_at, held.deadline_at) == (CLICK, CLICK, after(90))
    assert [mail.recipient for mail in mails("lead_offered")] == ["ann@vendor.example"]
    held = offers.accept(held, rep=ann, at=after(12), origin=PAGE)
    assert (held.state, held.due_at, held.lead.rep_id) == (CountdownState.ACCEPTED, after(90), None)
    assert Lead.objects.get().rep == ann
    assert offers.talking(held, rep=ann, at=after(41), origin=PAGE)
    assert not offers.talking(held, rep=None, at=after(43), origin=PAGE)
    floor.until(after(1_000))
    held.refresh_from_db()
    assert (held.state, held.contacted_at, held.missed_because) == (CountdownState.CONTACTED, after(41), "")
    assert not CallSlot.objects.exists()
    told = list(Journal.objects.filter(kind__startswith="offramps.call").order_by("pk").values_list("kind", flat=True))
    assert told == ["offramps.call.accepted", "offramps.call.begun"]


def test_two_silent_reps_and_the_third_calls_before_the_deadline(floor):
    reps = {name: floor.rep(name) for name in ("Ann", "Ben", "Cem")}
    held = floor.click(CLICK)
    floor.until(after(61))
    assert rung(held) == [("Ann", 0, "passed"), ("Ben", 30, "passed"), ("Cem", 60, "")]
    offers.accept(held, rep=reps["Cem"], at=after(70), origin=PAGE)
    offers.talking(held, rep=reps["Cem"], at=after(85), origin=PAGE)
    floor.until(after(200))
    held.refresh_from_db()
    assert held.contacted_at < held.deadline_at
    assert not held.missed_because


def test_at_ninety_seconds_a_call_is_dated(floor):
    for name in ("Ann", "Ben", "Cem", "Dan"):
        floor.rep(name)
    held = floor.click(CLICK)
    floor.until(after(89.9))
    assert not CallSlot.objects.exists()
    floor.until(after(90))
    assert [outcome for _name, _at, outcome in rung(held)] == ["passed"] * 3
    held.refresh_from_db()
    slot = CallSlot.objects.get()
    assert (held.state, held.missed_because, held.due_at) == (CountdownState.SLOT, Miss.NOBODY_ANSWERED, None)
    assert slot.starts_at == datetime(2027, 3, 24, 10, 30, tzinfo=UTC)  # a quarter of an hour's notice, on the quarter
    assert Lead.objects.get().rep == slot.rep
    (told,) = mails("call_dated")
    assert (told.recipient, told.context["rep"]) == ("ada@acme.example", slot.rep.user.name)
    assert [mail.recipient for mail in mails("call_dated_staff")] == [slot.rep.user.email]


def test_nobody_home_is_watched_for_until_the_deadline(floor):
    ann = floor.rep("Ann", is_here=False)
    held = floor.click(CLICK)
    floor.until(after(50))
    assert rung(held) == []
    presence.switch(ann, to=Presence.ONLINE, cause="self", at=after(51), origin=PAGE)
    floor.until(after(56))
    assert rung(held) == [("Ann", 55, "")]
    floor.until(after(90))
    held.refresh_from_db()
    assert held.missed_because == Miss.NOBODY_ANSWERED
    nobody = floor.click(after(100), reason="terms")
    presence.switch(ann, to=Presence.OFFLINE, cause="self", at=after(100), origin=PAGE)
    Offer.objects.filter(countdown=nobody).delete()
    floor.until(after(190))
    nobody.refresh_from_db()
    assert nobody.state == CountdownState.SLOT


@pytest.mark.parametrize(
    ("clicked", "begins"),
    [
        (datetime(2027, 3, 24, 20, tzinfo=UTC), datetime(2027, 3, 25, 8, tzinfo=UTC)),
        (datetime(2027, 3, 26, 20, tzinfo=UTC), datetime(2027, 3, 29, 7, tzinfo=UTC)),  # clocks change in between
        (datetime(2027, 3, 24, 6, tzinfo=UTC), datetime(2027, 3, 24, 8, tzinfo=UTC)),
    ],
)
def test_out_of_hours_a_call_is_dated_at_once(floor, clicked, begins):
    floor.rep("Ann")
    held = floor.click(clicked)
    assert (held.state, held.is_dated, held.missed_because) == (CountdownState.SLOT, True, "")
    assert CallSlot.objects.get().starts_at == begins
    assert rung(held) == []
    assert len(mails("call_dated")) == 1


def test_leave_is_no_time_to_call(floor):
    ann = floor.rep("Ann")
    floor.away(ann, date(2027, 3, 24), date(2027, 3, 26))
    assert floor.click(CLICK).is_dated
    assert CallSlot.objects.get().starts_at == datetime(2027, 3, 26, 8, tzinfo=UTC)


def test_declined_is_offered_on_at_once(floor):
    ann, _ben = floor.rep("Ann"), floor.rep("Ben")
    held = floor.click(CLICK)
    assert offers.decline(held, rep=ann, at=after(10), origin=PAGE)
    assert not offers.decline(held, rep=ann, at=after(11), origin=PAGE)
    floor.until(after(10))
    assert rung(held) == [("Ann", 0, "declined"), ("Ben", 10, "")]
    assert Offer.objects.get(outcome="").until_at == after(40)


def test_two_in_a_row_unanswered_switch_a_rep_off(floor):
    ann = floor.rep("Ann")
    for number, reason in enumerate(("other", "terms", "seats")):
        floor.click(CLICK + timedelta(minutes=5 * number), reason=reason)
        floor.until(CLICK + timedelta(minutes=5 * number, seconds=30))
    ann.refresh_from_db()
    assert (ann.presence, ann.presence_cause, ann.presence_at) == (Presence.OFFLINE, "passed", CLICK + timedelta(seconds=330))
    assert Offer.objects.filter(rep=ann).count() == 2
    assert [mail.recipient for mail in mails("sent_offline")] == ["ann@vendor.example"]


def test_the_end_of_a_shift_switches_off_and_what_rings_rings_on(floor, client):
    evening = datetime(2027, 3, 24, 15, 59, 50, tzinfo=UTC)  # ten seconds before five in Berlin
    ann = floor.rep("Ann", presence_at=CLICK)
    ben = floor.rep("Ben", hours=(9, 18), presence_at=CLICK)
    held = floor.click(evening)
    assert shifts.end_all(evening) == 0
    five = evening + timedelta(seconds=10)
    assert (shifts.end_all(five), shifts.end_all(five)) == (1, 0)
    floor.until(five)
    assert [(row.rep, row.outcome) for row in held.offers.order_by("pk")] == [(ann, "withdrawn"), (ben, "")]
    ann.refresh_from_db()
    assert (ann.presence, ann.presence_cause, ann.presence_at) == (Presence.OFFLINE, "shift", five)
    client.force_login(ann.user)
    assert "your shift is over" in text(client.get("/desk/"))
    presence.switch(ann, to=Presence.ONLINE, cause="self", at=five + timedelta(minutes=1), origin=PAGE)
    assert shifts.end_all(five + timedelta(hours=1)) == 1, "Ben's; Ann came back by herself"


def test_an_answer_begins_the_count_anew(floor):
    ann = floor.rep("Ann")
    floor.click(CLICK)
    floor.until(after(30))
    second = floor.click(after(300), reason="terms")
    offers.accept(second, rep=ann, at=after(310), origin=PAGE)
    floor.click(after(600), reason="seats")
    floor.until(after(630))
    ann.refresh_from_db()
    assert (ann.presence, ann.passed_in_a_row) == (Presence.ONLINE, 1)


def test_whoever_is_full_or_ringing_is_passed_over(floor):
    ann, ben = floor.rep("Ann", capacity=1), floor.rep("Ben")
    first = floor.click(CLICK)
    second = floor.click(CLICK, reason="terms")
    assert (rung(first), rung(second)) == ([("Ann", 0, "")], [("Ben", 0, "")])
    offers.accept(first, rep=ann, at=after(2), origin=PAGE)
    offers.accept(second, rep=ben, at=after(2), origin=PAGE)
    third = floor.click(after(3), reason="seats")
    offer = Offer.objects.get(countdown=third)
    assert (offer.rep, offer.step) == (ben, "owner")


def test_whoever_has_the_customer_is_rung_first(floor):
    floor.rep("Ann")
    ben = floor.rep("Ben")
    first = floor.click(CLICK)
    floor.until(after(30))
    offers.accept(first, rep=ben, at=after(31), origin=PAGE)
    second = floor.click(after(200), reason="terms")
    offer = Offer.objects.get(countdown=second)
    assert (offer.rep, offer.step, offer.eligible) == (ben, "owner", [])


def test_accepted_and_not_called_is_dated_and_offered_on(floor):
    ann, ben = floor.rep("Ann"), floor.rep("Ben")
    held = floor.click(CLICK)
    offers.accept(held, rep=ann, at=after(5), origin=PAGE)
    floor.until(after(90))
    held.refresh_from_db()
    assert (held.state, held.missed_because, held.is_offered_on) == (CountdownState.SLOT, Miss.NOT_CALLED, True)
    assert rung(held) == [("Ann", 0, "accepted"), ("Ben", 90, "")]
    offers.accept(held, rep=ben, at=after(95), origin=PAGE)
    slot = CallSlot.objects.get()
    assert slot.state == SlotState.HELD, "until they talk, the dated call stands"
    assert offers.talking(held, rep=ben, at=after(100), origin=PAGE)
    slot.refresh_from_db()
    assert slot.state == (SlotState.KEPT if slot.rep == ben else SlotState.RELEASED)
    assert Lead.objects.get().rep == ben


def test_of_two_who_accept_one_is_told_who_was_first(floor):
    ann, ben, cem = floor.rep("Ann"), floor.rep("Ben"), floor.rep("Cem")
    held = floor.click(CLICK)
    floor.until(after(30))
    offers.accept(held, rep=ann, at=after(31), origin=PAGE)  # late, but nobody else was faster
    assert offers.accept(held, rep=ann, at=after(32), origin=PAGE).accepted_at == after(31)
    with pytest.raises(offers.TakenByAnother) as told:
        offers.accept(held, rep=ben, at=after(31), origin=PAGE)
    assert told.value.rep == ann
    assert rung(held) == [("Ann", 0, "accepted"), ("Ben", 30, "taken")]
    with pytest.raises(offers.NotOffered):
        offers.accept(held, rep=cem, at=after(33), origin=PAGE)
    with pytest.raises(offers.TakenByAnother):
        offers.talking(held, rep=ben, at=after(34), origin=PAGE)


def test_the_same_topic_joins_the_clock_that_runs(floor):
    floor.rep("Ann")
    held = floor.click(CLICK)
    assert floor.click(after(20)).pk == held.pk
    lead = Lead.objects.get()
    assert (lead.priority, HandRaise.objects.count(), lead.triggers.count()) == (2, 2, 2)
    assert floor.click(after(20), reason="terms").pk != held.pk
    assert floor.click(after(20), organization=None, channel="mail", reason="procurement") is None


def test_a_missed_call_is_said_and_dated_anew(floor):
    floor.rep("Ann", is_here=False)
    held = floor.click(CLICK)
    floor.until(after(90))
    first = CallSlot.objects.get()
    floor.until(first.starts_at + timedelta(minutes=4, seconds=59))
    assert CallSlot.objects.count() == 1
    floor.until(first.starts_at + timedelta(minutes=5))
    first.refresh_from_db()
    again = CallSlot.objects.get(state=SlotState.HELD)
    held.refresh_from_db()
    assert (first.state, held.missed_because, again.starts_at > first.starts_at) == (SlotState.MISSED, Miss.SLOT_MISSED, True)
    assert Journal.objects.filter(kind="offramps.call.missed").count() == 1


def test_the_customer_moves_and_cancels_the_call(floor):
    floor.rep("Ann")
    held = floor.click(datetime(2027, 3, 24, 20, tzinfo=UTC))
    now = datetime(2027, 3, 24, 20, 5, tzinfo=UTC)
    slot = CallSlot.objects.get()
    wanted = datetime(2027, 3, 25, 12, 15, tzinfo=UTC)
    moved = slots.move(slot, starts_at=wanted, at=now, origin=PAGE)
    assert (moved.starts_at, moved.sequence, CallSlot.objects.get(pk=slot.pk).state) == (wanted, 1, SlotState.MOVED)
    with pytest.raises(slots.Over):
        slots.move(slot, starts_at=wanted, at=now, origin=PAGE)
    with pytest.raises(slots.Gone):
        slots.move(moved, starts_at=wanted, at=now, origin=PAGE)
    with pytest.raises(slots.Gone):
        slots.move(moved, starts_at=datetime(2027, 3, 25, 3, tzinfo=UTC), at=now, origin=PAGE)
    slots.cancel(moved, at=now, origin=PAGE)
    held.refresh_from_db()
    assert held.state == CountdownState.OVER
    with pytest.raises(slots.Over):
        slots.cancel(moved, at=now, origin=PAGE)
    assert Lead.objects.open().exists()


def test_two_leads_never_hold_one_hour_of_a_rep(floor):
    floor.rep("Ann", is_here=False)
    for reason in ("other", "terms", "seats"):
        floor.click(CLICK, reason=reason)
    floor.until(after(90))
    begins = sorted(CallSlot.objects.values_list("starts_at", flat=True))
    assert [later - earlier for earlier, later in pairwise(begins)] == [timedelta(minutes=30)] * 2


def test_small_and_unstaffed_are_answered_by_mail(floor, cast):
    assert floor.click(CLICK) is None, "nobody works here: no call is promised"
    floor.rep("Ann")
    assert floor.click(CLICK, organization=cast.globex) is None
    assert floor.click(CLICK, channel="mail", reason="seats") is None
    unrouted = Lead.objects.filter(pool=None).order_by("pk")
    assert [lead.organization for lead in unrouted] == [cast.acme, cast.globex], (
        "before there were pools; for the store to answer"
    )
    assert Lead.objects.count() == 3


def test_turns_are_dealt_by_weight_and_shown_why(floor, cast):
    floor.rep("Ann", weight=3, capacity=50)
    floor.rep("Ben", capacity=50)
    for number in range(8):
        floor.customer.leads.update(state="lost", closed_at=CLICK)
        held = floor.click(after(200 * number), email=f"ada{number}@acme.example")
        offer = Offer.objects.get(countdown=held)
        offers.accept(held, rep=offer.rep, at=after(200 * number + 1), origin=PAGE)
        offers.talking(held, rep=offer.rep, at=after(200 * number + 2), origin=PAGE)
    assert [name for name, *_rest in (row for held in Countdown.objects.order_by("pk") for row in rung(held))].count("Ann") == 6
    assert Offer.objects.order_by("pk").first().explained["share"] == 0.75
