"""A sales floor for tests: reps who work on weekdays from 9 to 17 in Berlin, in pools."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from accounts.models import Organization, Segment
from accounts.origin import Origin, Source
from offramps.models import Countdown, Leave, Pool, PoolMember, Presence, Rep, WorkingHours
from offramps.queries import roster
from offramps.services import countdowns, hand_raises, slots
from tests import factories

PAGE = Origin(source=Source.PAGE)
HIRED = datetime(2027, 1, 4, tzinfo=UTC)


@dataclass
class Floor:
    """Who works there, and a customer of middle size who asks for a call."""

    customer: Organization
    reps: dict = field(default_factory=dict)
    pools: dict = field(default_factory=dict)

    def pool(self, name, **options):
        if name not in self.pools:
            self.pools[name] = Pool.objects.create(name=name, created_at=HIRED, **options)
        return self.pools[name]

    def rep(self, name, *, pool="Europe", is_here=True, weight=1, hours=(9, 17), **options):
        person = factories.UserFactory(email=f"{name.lower()}@vendor.example", name=name, is_staff=True)
        given = {"time_zone": "Europe/Berlin", "languages": ["en"], "created_at": HIRED} | options
        made = Rep.objects.create(user=person, presence=Presence.ONLINE if is_here else Presence.OFFLINE, **given)
        WorkingHours.objects.bulk_create(
            WorkingHours(rep=made, weekday=day, starts_minute=hours[0] * 60, ends_minute=hours[1] * 60) for day in range(5)
        )
        PoolMember.objects.create(pool=self.pool(pool), rep=made, weight=weight)
        self.reps[name] = made
        roster.forget()
        return made

    def away(self, rep, starts_on, ends_on, **options):
        Leave.objects.create(rep=rep, starts_on=starts_on, ends_on=ends_on, **options)
        roster.forget()

    def click(self, at, *, reason="other", channel="phone", organization=None, email="ada@acme.example", **options):
        """Somebody asks for a call at `at`: the countdown that runs for it, or None."""
        contact = hand_raises.Contact(email=email, name="Ada Example", channel=channel, phone="+49 30 1", locale="en")
        given = {"reason": reason, "answers": {}, "contact": contact, "at": at, "origin": PAGE} | options
        made = hand_raises.raise_hand(organization=organization or self.customer, **given)
        return made.trigger.lead.countdowns.order_by("-pk").first()

    def until(self, at):
        """Let the lane do what is due by `at`, one due instant after the other."""
        while (due := Countdown.objects.filter(due_at__lte=at).order_by("due_at").first()) is not None:
            countdowns.advance(due.pk, due.due_at)
        slots.conclude_missed(at)


@pytest.fixture
def floor(cast):
    cast.acme.profile.segment = Segment.MID_MARKET
    cast.acme.profile.save()
    roster.forget()
    return Floor(cast.acme)
