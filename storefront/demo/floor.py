"""The demo's sales floor: reps around the world, the pools they take turns in, and calls of the last month.

One rep is on call at any hour of any day, so that a hand-raise of the demo rings at somebody whose login is at hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import Group

from accounts.models import Membership, Organization, Role, User
from accounts.origin import Origin, Source
from offramps.models import (
    CallSlot,
    Countdown,
    HandRaiseReason,
    Lead,
    LeadState,
    OwnerKind,
    OwnerStyle,
    Pool,
    Presence,
    PresenceCause,
    Rep,
    RuleState,
    SlotState,
    TriggerRule,
)
from offramps.queries import hand_raises as hand_raise_queries
from offramps.rules import slots as slot_rules
from offramps.rules.hours import Shift
from offramps.services import countdowns, hand_raises, leads, offers, owning, pools, presence, roster, slots, trigger_rules
from offramps.services.roster import Profile
from storefront.demo import companies

MINUTES_OF_AN_HOUR: Final = 60
SEED: Final = Origin(source=Source.SYSTEM)
EVERY_SKILL = ("legal", "security", "procurement", "pricing", "engineering")


@dataclass(frozen=True, kw_only=True)
class Seller:
    """A rep: at work `hours` on the weekdays named, as the clock says there."""

    name: str
    email: str
    profile: Profile
    hours: tuple[int, int] = (9, 18)
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)


def _at_vendor(name: str) -> str:
    return f"{name}@{companies.VENDOR_DOMAIN}"


ON_CALL = Seller(
    name="Ria Rep",
    email=_at_vendor("rep"),
    profile=Profile(skills=EVERY_SKILL, languages=("en", "de"), capacity=40, phone="+1 312 555 0100"),
    hours=(0, 24),
    weekdays=tuple(range(7)),
)
SELLERS: Final = (
    ON_CALL,
    Seller(
        name="Lena Vertrag",
        email=_at_vendor("lena"),
        profile=Profile(
            skills=("legal", "security"),
            regions=("europe", "mea"),
            languages=("de", "en"),
            time_zone="Europe/Berlin",
            phone="+49 30 5550 120",
        ),
    ),
    Seller(
        name="Noah Prairie",
        email=_at_vendor("noah"),
        profile=Profile(
            skills=("pricing", "procurement"), regions=("na", "latam"), languages=("en",), time_zone="America/Chicago"
        ),
    ),
    Seller(
        name="Aiko Harbour",
        email=_at_vendor("aiko"),
        profile=Profile(skills=("procurement",), regions=("apac",), languages=("en", "ja"), time_zone="Asia/Singapore"),
    ),
    Seller(
        name="Erik Storholm",
        email=_at_vendor("erik"),
        profile=Profile(
            skills=EVERY_SKILL,
            languages=("en",),
            capacity=4,
            time_zone="Europe/London",
            meeting_url="https://meet.example/erik",
        ),
    ),
)
# Name, segments, regions, and each rep's weight by mail address.
POOLS: Final = (
    ("Mid-market Europe", ("mid_market",), ("europe", "mea"), {"rep": 1, "lena": 2}),
    ("Mid-market Americas", ("mid_market",), ("na", "latam"), {"rep": 1, "noah": 2}),
    ("Mid-market Asia and the Pacific", ("mid_market",), ("apac",), {"rep": 1, "aiko": 2}),
    ("Enterprise", ("enterprise",), (), {"rep": 1, "erik": 2}),
    ("Everybody else", (), (), {"rep": 2, "lena": 1, "noah": 1, "aiko": 1}),
)
REST = "Everybody else"


@dataclass(frozen=True, kw_only=True)
class Past:
    """A call of `days_ago`: accepted and begun so many seconds after the click (None: it was dated), and how it ended."""

    of: str
    days_ago: int
    reason: HandRaiseReason
    accepted: int | None
    begun: int | None
    outcome: LeadState
    why: str


PASTS: Final = (
    Past(
        of="demo-acme", days_ago=26, reason=HandRaiseReason.LEGAL, accepted=9, begun=31, outcome=LeadState.WON, why="DPA signed"
    ),
    Past(
        of="demo-globex",
        days_ago=19,
        reason=HandRaiseReason.SECURITY,
        accepted=22,
        begun=74,
        outcome=LeadState.HANDED_BACK,
        why="Answered by the security pack; buys online",
    ),
    Past(
        of="demo-umbrella",
        days_ago=11,
        reason=HandRaiseReason.LEGAL,
        accepted=41,
        begun=68,
        outcome=LeadState.WON,
        why="Standard terms were enough",
    ),
    Past(
        of="demo-acme",
        days_ago=6,
        reason=HandRaiseReason.SECURITY,
        accepted=None,
        begun=None,
        outcome=LeadState.LOST,
        why="Wanted to host it themselves",
    ),
    Past(
        of="demo-initech",
        days_ago=3,
        reason=HandRaiseReason.SECURITY,
        accepted=15,
        begun=52,
        outcome=LeadState.WON,
        why="SSO shown",
    ),
)
# Whose cases are open now, each with a call dated for the next working day.
OPEN: Final = (("demo-acme", HandRaiseReason.LEGAL), ("demo-umbrella", HandRaiseReason.SECURITY))
PHONE = "+49 30 5550 177"


def make(make_user: Callable[[str, str], User], at: datetime) -> None:
    """What is missing of the floor: reps, hours, pools; then, once, the calls of the last month and the cases of today."""
    group = Group.objects.filter(name="rep").first()
    reps: dict[str, Rep] = {}
    for seller in SELLERS:
        user = make_user(seller.email, seller.name)
        if group is not None:
            user.groups.add(group)
        reps[seller.email.partition("@")[0]] = _rep(seller, user, at)
    for name, segments, regions, members in POOLS:
        if not Pool.objects.filter(name=name).exists():
            _pool(name, segments, regions, {reps[key]: weight for key, weight in members.items()}, at)
    if not Lead.objects.exists():
        _live_a_month(reps, at)
    for rule in TriggerRule.objects.filter(versions__state=RuleState.DRAFT).exclude(versions__state=RuleState.LIVE):
        trigger_rules.go_live(rule, at=at, origin=SEED)
    presence.switch(reps["rep"], to=Presence.ONLINE, cause=PresenceCause.SELF, at=at, origin=SEED)


def _rep(seller: Seller, user: User, at: datetime) -> Rep:
    known = Rep.objects.filter(user=user).first()
    if known is not None:
        return known
    made = roster.make_rep(user, profile=seller.profile, at=at, origin=SEED)
    starts, ends = (hour * MINUTES_OF_AN_HOUR for hour in seller.hours)
    shifts = [Shift(weekday=day, starts=starts, ends=ends) for day in seller.weekdays]
    roster.set_hours(made, shifts=shifts, at=at, origin=SEED)
    return made


def _pool(name: str, segments: Sequence[str], regions: Sequence[str], members: Mapping[Rep, int], at: datetime) -> None:
    wanted = pools.Wanted(name=name, segments=segments, regions=regions, is_fallback=name == REST)
    made = pools.make(wanted=wanted, at=at, origin=SEED)
    for rep, weight in members.items():
        pools.put(made, rep, weight=weight, at=at, origin=SEED)


def _live_a_month(reps: Mapping[str, Rep], at: datetime) -> None:
    on_call = reps["rep"]
    began = at - timedelta(days=PASTS[0].days_ago + 1)
    presence.switch(on_call, to=Presence.ONLINE, cause=PresenceCause.SELF, at=began, origin=SEED)
    for call in PASTS:
        _live(call, on_call, at - timedelta(days=call.days_ago))
    yesterday = at - timedelta(days=1)
    presence.switch(on_call, to=Presence.OFFLINE, cause=PresenceCause.SELF, at=yesterday, origin=SEED)
    for external_id, reason in OPEN:
        _date(external_id, reason, at)
    acme = Organization.objects.filter(external_id="demo-acme").first()
    if acme is not None:
        owning.set_owner(
            acme,
            kind=OwnerKind.REP,
            style=OwnerStyle.FARMER,
            rep=on_call,
            pool=None,
            reason="Talked to them from the start",
            at=at,
            origin=SEED,
        )


def _live(call: Past, rep: Rep, at: datetime) -> None:
    held = _raised(call.of, call.reason, at)
    if held is None:
        return
    if call.accepted is None or call.begun is None:
        for seconds in (30, 60, 90):
            countdowns.advance(held.pk, at + timedelta(seconds=seconds))
    else:
        offers.accept(held, rep=rep, at=at + timedelta(seconds=call.accepted), origin=SEED)
        offers.talking(held, rep=rep, at=at + timedelta(seconds=call.begun), origin=SEED)
    leads.close(held.lead, outcome=call.outcome, reason=call.why, at=at + timedelta(minutes=40), origin=SEED)


def _date(external_id: str, reason: HandRaiseReason, at: datetime) -> None:
    """A hand raised some minutes ago while nobody was there, and the call put on another day by the customer."""
    clicked_at = at - timedelta(minutes=4)
    held = _raised(external_id, reason, clicked_at)
    if held is None:
        return
    countdowns.advance(held.pk, clicked_at + timedelta(seconds=90))
    slot = CallSlot.objects.filter(countdown=held, state=SlotState.HELD).first()
    if slot is None:
        return
    free = slot_rules.fitting(slots.free(held.lead, at), slots.wish(held.lead, at))
    later = next((one for one in free if one.starts_at > at + timedelta(hours=20)), None)
    if later is not None:
        slots.move(slot, starts_at=later.starts_at, at=at, origin=SEED)


def _raised(external_id: str, reason: HandRaiseReason, at: datetime) -> Countdown | None:
    """A hand raised by phone, with the clock it started; None without one."""
    organization = Organization.objects.filter(external_id=external_id).first()
    if organization is None:
        return None
    members = Membership.objects.live().filter(organization=organization, role=Role.OWNER)
    user = members.select_related("user").earliest("pk").user
    made = hand_raises.raise_hand(
        reason=reason,
        answers={},
        contact=hand_raises.Contact(email=user.email, name=user.get_full_name(), phone=PHONE, channel="phone"),
        basket=hand_raise_queries.basket_for("fieldnote/team", 40, "year", "usd"),
        organization=organization,
        page="/pricing/",
        at=at,
        origin=Origin(actor=user, source=Source.PAGE),
    )
    return Countdown.objects.filter(lead__triggers__hand_raise=made).select_related("lead").first()
