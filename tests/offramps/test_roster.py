"""The roster: who is a rep, when, in which pools, and whose account a customer is. What a change breaks is dated anew."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Journal, OutgoingMail
from accounts.origin import Origin, Source
from accounts.services import rendering
from offramps.models import (
    AccountOwnership,
    CallSlot,
    CountdownState,
    Lead,
    Leave,
    OwnerKind,
    OwnerStyle,
    Pool,
    PoolMember,
    Rep,
    SlotState,
)
from offramps.rules import shift_words
from offramps.services import leaving, offers, owning, pools, reassigning, roster
from tests import factories
from tests.shop import text

pytestmark = pytest.mark.django_db
CLICK = datetime(2027, 3, 24, 10, tzinfo=UTC)  # a Wednesday, 11:00 in Berlin
PAGE = Origin(source=Source.PAGE)
WHO = {"at": CLICK, "origin": PAGE}


def told(kind):
    return Journal.objects.filter(kind=f"offramps.{kind}").count()


def test_hours_are_read_as_they_are_said():
    assert shift_words.read("13:00-17:30; 9-12:30") == [(540, 750), (780, 1050)]
    assert shift_words.read("22:00 \u2013 24:00") == [(1320, 1440)]
    assert shift_words.read(" ") == []
    assert shift_words.say(shift_words.read("9-12:30, 13-24")) == "9:00-12:30, 13:00-24:00"
    for wrong in ("nine to five", "9:00-25:00", "12-9", "9-12, 11-13", "9:75-10", "9-"):
        with pytest.raises(shift_words.Unreadable):
            shift_words.read(wrong)


def test_a_rep_is_made_of_staff_once(floor, cast):
    profile = roster.Profile(skills=["legal"], languages=("de",), time_zone="Europe/Berlin", capacity=3)
    with pytest.raises(ValidationError, match="Only staff"):
        roster.make_rep(factories.UserFactory(), profile=profile, **WHO)
    person = factories.UserFactory(name="Eva", is_staff=True)
    for wrong in ({"time_zone": "Mars/Base"}, {"languages": ["german"]}, {"capacity": 0}):
        with pytest.raises(ValidationError):
            roster.make_rep(person, profile=roster.Profile(**wrong), **WHO)
    assert not Rep.objects.exists()
    eva = roster.make_rep(person, profile=profile, **WHO)
    with pytest.raises(ValidationError, match="is a rep already"):
        roster.make_rep(person, profile=profile, **WHO)
    leaving.leave(eva, **WHO)
    again = roster.make_rep(person, profile=roster.Profile(), **WHO)
    assert (again.pk, again.left_on, again.skills) == (eva.pk, None, [])
    assert told("rep.made") == 2


def test_who_leaves_hands_everything_on(floor, cast):
    ann, ben = floor.rep("Ann", is_here=False), floor.rep("Ben", is_here=False)
    floor.click(CLICK)
    floor.until(CLICK + timedelta(seconds=90))
    slot = CallSlot.objects.get()
    goes, stays = (ann, ben) if slot.rep == ann else (ben, ann)
    owning.set_owner(
        cast.acme, kind=OwnerKind.REP, style=OwnerStyle.FARMER, rep=goes, pool=None, reason="Region", at=CLICK, origin=PAGE
    )
    had = leaving.consequences(goes)
    assert (had.cases, had.calls, had.accounts, had.pools) == (1, 1, 1, ["Europe"])
    at = CLICK + timedelta(minutes=3)
    leaving.leave(goes, at=at, origin=PAGE)
    slot.refresh_from_db()
    again = CallSlot.objects.get(state=SlotState.HELD)
    assert (slot.state, again.rep, again.starts_at) == (SlotState.MOVED, stays, slot.starts_at)
    assert Lead.objects.get().rep == stays
    assert OutgoingMail.objects.filter(kind="offramps/call_moved", recipient="ada@acme.example").exists()
    assert AccountOwnership.objects.get().ends_at == at
    assert not PoolMember.objects.filter(rep=goes).exists()
    assert leaving.consequences(goes).is_nothing
    floor.click(at, reason="terms")
    assert not Lead.objects.filter(rep=goes).exists()
    assert told("rep.left") == 1


def test_what_rings_or_was_accepted_rings_at_the_next_when_the_rep_goes(floor):
    ann, ben = floor.rep("Ann"), floor.rep("Ben")
    held = floor.click(CLICK)
    offers.accept(held, rep=ann, at=CLICK, origin=PAGE)
    leaving.leave(ann, at=CLICK + timedelta(seconds=10), origin=PAGE)
    held.refresh_from_db()
    assert (held.state, held.rep, held.due_at) == (CountdownState.RINGING, None, CLICK + timedelta(seconds=10))
    floor.until(CLICK + timedelta(seconds=10))
    ringing = held.offers.get(outcome="")
    assert ringing.rep == ben
    leaving.leave(ben, at=CLICK + timedelta(seconds=20), origin=PAGE)
    floor.until(CLICK + timedelta(seconds=90))
    held.refresh_from_db()
    assert (held.state, held.missed_because) == (CountdownState.OVER, "nobody_answered"), "nobody is left"


def test_leave_and_other_hours_date_calls_anew(floor):
    ann = floor.rep("Ann", is_here=False)
    held = floor.click(datetime(2027, 3, 24, 20, tzinfo=UTC))
    at = datetime(2027, 3, 24, 20, 5, tzinfo=UTC)
    who = {"at": at, "origin": PAGE}
    assert CallSlot.objects.get().starts_at == datetime(2027, 3, 25, 8, tzinfo=UTC)
    days = {"kind": "vacation", "starts_on": date(2027, 3, 25), "ends_on": date(2027, 3, 26), "cover": None}
    with pytest.raises(ValidationError):
        roster.add_leave(ann, **{**days, "ends_on": date(2027, 3, 25)}, **who)
    with pytest.raises(ValidationError):
        roster.add_leave(ann, **{**days, "cover": ann}, **who)
    leave = roster.add_leave(ann, **days, **who)
    assert held.slots.get(state=SlotState.HELD).starts_at == datetime(2027, 3, 26, 8, tzinfo=UTC)
    with pytest.raises(ValidationError, match="off already"):
        roster.add_leave(ann, **days, **who)
    roster.take_leave_back(leave, **who)
    roster.take_leave_back(leave, **who)
    assert (Leave.objects.count(), told("rep.leave_taken_back")) == (0, 1)
    afternoons = [roster.Shift(weekday=day, starts=14 * 60, ends=17 * 60) for day in range(5)]
    roster.set_hours(ann, shifts=afternoons, **who)
    assert held.slots.get(state=SlotState.HELD).starts_at == datetime(2027, 3, 25, 13, tzinfo=UTC)
    roster.set_hours(ann, shifts=[], **who)
    held.refresh_from_db()
    assert (held.state, held.missed_because) == (CountdownState.OVER, "nobody_present"), "nobody works at all"
    assert held.slots.latest("pk").state == SlotState.DROPPED
    said = rendering.message(OutgoingMail.objects.get(kind="offramps/call_cancelled"))
    assert "Ann cannot call you" in said.body
    assert "nobody else can" in said.body
    assert Lead.objects.open().exists()


def test_pools_are_made_paused_and_staffed(floor):
    ann = floor.rep("Ann")
    made = pools.make(wanted=pools.Wanted(name="Rest", is_fallback=True), **WHO)
    for wrong in (pools.Wanted(name="Rest"), pools.Wanted(name=" "), pools.Wanted(name="More", is_fallback=True)):
        with pytest.raises(ValidationError):
            pools.make(wanted=wrong, **WHO)
    assert Pool.objects.count() == 2
    with pytest.raises(ValidationError, match="catches what fits no other"):
        pools.pause(made, **WHO)
    europe = floor.pools["Europe"]
    pools.put(made, ann, weight=2, **WHO)
    pools.put(made, ann, weight=3, **WHO)
    assert PoolMember.objects.get(pool=made).weight == 3
    with pytest.raises(ValidationError):
        pools.put(made, ann, weight=101, **WHO)
    assert (pools.pause(europe, **WHO), pools.pause(europe, **WHO)) == (True, False)
    held = floor.click(CLICK)
    assert held.lead.pool == made
    assert (pools.resume(europe, **WHO), pools.resume(europe, **WHO)) == (True, False)
    assert (pools.remove(made, ann, **WHO), pools.remove(made, ann, **WHO)) == (True, False)
    assert (told("pool.paused"), told("pool.resumed"), told("pool.member_set"), told("pool.member_removed")) == (1, 1, 2, 1)


def test_a_new_owner_ends_the_old(floor, cast):
    ann, ben = floor.rep("Ann"), floor.rep("Ben")
    given = {"kind": OwnerKind.REP, "style": OwnerStyle.HUNTER, "pool": None, "origin": PAGE}
    for wrong in ({"rep": None}, {"rep": ann, "reason": " "}, {"rep": ann, "pool": floor.pools["Europe"]}):
        with pytest.raises(ValidationError):
            owning.set_owner(cast.acme, **{**given, "reason": "x", "at": CLICK, **wrong})
    first = owning.set_owner(cast.acme, rep=ann, reason="First", at=CLICK, **given)
    later = CLICK + timedelta(days=2)
    owning.set_owner(cast.acme, rep=ben, reason="Ann moved", at=later, **given)
    first.refresh_from_db()
    assert first.ends_at == later
    assert AccountOwnership.objects.in_force(later).get().rep == ben
    assert floor.click(CLICK + timedelta(days=5)).offers.get().rep == ben
    assert (owning.end(first, **WHO), told("owner.set"), told("owner.ended")) == (False, 2, 0)


def test_a_lead_is_given_to_somebody_else(floor):
    ann, ben = floor.rep("Ann"), floor.rep("Ben")
    zoe = floor.rep("Zoe", pool="Asia", is_here=False)
    held = floor.click(CLICK)
    first = held.offers.get()
    other = ben if first.rep == ann else ann
    given = {"reason": "Knows them", "at": CLICK + timedelta(seconds=5), "origin": PAGE}
    for wrong in ({"rep": None, "pool": None}, {"rep": other, "pool": None, "reason": ""}):
        with pytest.raises(ValidationError):
            reassigning.reassign(held.lead, **{**given, **wrong})
    reassigning.reassign(held.lead, rep=other, pool=None, **given)
    floor.until(CLICK + timedelta(seconds=5))
    first.refresh_from_db()
    assert (first.outcome, held.offers.get(outcome="").rep, held.offers.get(outcome="").step) == ("withdrawn", other, "owner")
    reassigning.reassign(held.lead, rep=None, pool=floor.pools["Asia"], **given)
    floor.until(CLICK + timedelta(seconds=90))
    assert CallSlot.objects.get().rep == zoe, "the pool that a manager chose comes first"
    reassigning.reassign(held.lead, rep=ann, pool=None, **given)
    assert CallSlot.objects.get(state=SlotState.HELD).rep == ann
    assert told("lead.reassigned") == 3
    Lead.objects.update(state="lost", closed_at=CLICK, outcome_reason="x")
    with pytest.raises(reassigning.NotOpen):
        reassigning.reassign(held.lead, rep=ben, pool=None, **given)


def test_the_admin_asks_and_says_what_is_wrong(floor, cast, client):
    client.force_login(cast.admin)
    person = factories.UserFactory(email="eva@vendor.example", name="Eva", is_staff=True)
    add = reverse("admin:offramps_rep_add")
    said = {"user": person.pk, "languages": "german", "capacity": 4, "time_zone": "Europe/Berlin", "skills": ["legal"]}
    wrong = client.post(add, said)
    assert (wrong.status_code, Rep.objects.count()) == (422, 0)
    assert "Codes of two letters" in text(wrong)
    client.post(add, {**said, "languages": "de, EN"})
    eva = Rep.objects.get()
    assert (eva.languages, eva.skills) == (["de", "en"], ["legal"])

    def act(verb, values):
        return client.post(reverse(f"admin:offramps_rep_{verb}", args=[eva.pk]), values, follow=True)

    assert "24:00 is midnight" in text(act("hours", {"day_0": "9 to 5"}))
    page = text(act("hours", {"day_0": "9-12, 13-17:30", "day_4": "9-13"}))
    assert "Monday 9:00-12:00, 13:00-17:30" in page
    assert "first day back has to come" in text(
        act("leave", {"kind": "sick", "starts_on": "2030-05-02", "ends_on": "2030-05-02"})
    )
    act("leave", {"kind": "sick", "starts_on": "2030-05-02", "ends_on": "2030-05-09"})
    act("leave_back", {"leave": Leave.objects.get().pk})
    assert not Leave.objects.exists()
    act("profile", {**said, "languages": "de", "capacity": 9})
    client.post(reverse("admin:offramps_pool_add"), {"name": "Legal", "segments": ["enterprise"]})
    pool = Pool.objects.get()
    client.post(reverse("admin:offramps_pool_member", args=[pool.pk]), {"rep": eva.pk, "weight": 2})
    client.post(reverse("admin:offramps_pool_settings", args=[pool.pk]), {"name": "Law", "segments": []})
    owner = reverse("admin:offramps_accountownership_set", args=[cast.acme.pk])
    assert "Choose the rep, and no pool." in text(client.post(owner, {"kind": "csm", "style": "farmer", "reason": "x"}))
    client.post(owner, {"kind": "csm", "style": "farmer", "reason": "x", "rep": eva.pk})
    leaving_page = text(client.get(reverse("admin:offramps_rep_leaving", args=[eva.pk])))
    assert '<th scope="row">Accounts, to nobody</th><td>1</td>' in leaving_page
    act("leaving", {})
    eva.refresh_from_db()
    assert (eva.capacity, eva.left_on is None, PoolMember.objects.count()) == (9, False, 0)
    assert Pool.objects.get().name == "Law"


def test_the_admin_shows_the_clock_and_why(floor, cast, client, django_assert_max_num_queries):
    ann, _ben = floor.rep("Ann"), floor.rep("Ben", is_here=False)
    held = floor.click(CLICK)
    offers.accept(held, rep=ann, at=CLICK + timedelta(seconds=12), origin=PAGE)
    client.force_login(cast.staff_member("csm"))
    with django_assert_max_num_queries(16):
        page = text(client.get(reverse("admin:offramps_countdown_change", args=[held.pk])))
    assert "Ben: not here" in page
    assert "By turns" in page
    assert "Accepted after 12 s" in page
    assert client.get(reverse("admin:offramps_rep_profile", args=[ann.pk])).status_code == 403
    assert client.post(reverse("admin:offramps_rep_leaving", args=[ann.pk])).status_code == 403
    assert client.get(reverse("admin:offramps_rep_add")).status_code == 403
    client.force_login(cast.staff_member("manager"))
    assert client.get(reverse("admin:offramps_rep_profile", args=[ann.pk])).status_code == 200
