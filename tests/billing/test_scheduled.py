"""Changes that wait for the period's end: they compose, can be taken back, and Stripe's schedule follows."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from billing import gateway
from billing.models import CancelReason, LedgerKind, ScheduledState, SeatAssignment, Subscription
from billing.services import people
from billing.services.books import projection
from billing.services.changes import scheduled, seats
from config import clock
from tests import factories


@pytest.fixture
def bought(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def change(shop, row, seats_after, releases=()):
    done = scheduled.change_seats(row, seats_after=seats_after, releases=releases, origin=shop.origin, at=clock.now())
    row.refresh_from_db()
    return done


def next_phase(shop, row):
    """Seats of Stripe's coming phase; None without a schedule."""
    held = shop.at_stripe(row).schedule
    return None if not held else gateway.schedule(held).phases[-1]["items"][0].quantity


def test_fewer_seats_wait_for_the_period(shop, bought):
    waiting = change(shop, bought, 8)
    assert (bought.quantity, waiting.delta, waiting.effective_at) == (10, -2, bought.period_ends_at)
    assert next_phase(shop, bought) == 8
    shop.advance_to(bought.period_ends_at)
    bought.refresh_from_db()
    waiting.refresh_from_db()
    assert (bought.quantity, waiting.state) == (8, ScheduledState.APPLIED)
    last = bought.ledger.last()
    assert (last.kind, last.delta, last.actor) == (LedgerKind.RENEWED, -2, shop.owner)
    assert next_phase(shop, bought) is None


def test_more_seats_can_wait_too(shop, bought):
    change(shop, bought, 14)
    shop.advance_to(bought.period_ends_at)
    bought.refresh_from_db()
    assert bought.quantity == 14


def test_two_waiting_changes_compose(shop, bought):
    change(shop, bought, 8)
    second = change(shop, bought, 9)
    assert second.delta == 1
    assert next_phase(shop, bought) == 9


def test_taking_back_releases_the_schedule(shop, bought):
    waiting = change(shop, bought, 8)
    assert scheduled.take_back(waiting, origin=shop.origin, at=clock.now())
    assert not scheduled.take_back(waiting, origin=shop.origin, at=clock.now())
    bought.refresh_from_db()
    assert not bought.is_being_arranged
    assert next_phase(shop, bought) is None
    shop.advance_to(bought.period_ends_at)
    bought.refresh_from_db()
    assert bought.quantity == 10


def test_below_the_seats_in_use_somebody_is_named(shop, bought, cast):
    member = cast.membership(cast.member)
    people.assign(subscription=bought, membership_ids=[member.pk], origin=shop.origin, at=clock.now())
    seat = SeatAssignment.objects.get(membership=member)
    minimum = bought.plan.seats_min
    for number in range(minimum - 1):
        extra = factories.MembershipFactory(
            organization=shop.organization, user=factories.UserFactory(email=f"m{number}@acme.example")
        )
        people.assign(subscription=bought, membership_ids=[extra.pk], origin=shop.origin, at=clock.now())
    with pytest.raises(seats.BelowSeatsInUse) as below:
        change(shop, bought, minimum)
    assert below.value.missing == 1
    change(shop, bought, minimum, releases=[seat.pk])
    shop.advance_to(bought.period_ends_at)
    seat.refresh_from_db()
    bought.refresh_from_db()
    assert seat.ended_at is not None
    assert people.in_use(bought).count() == bought.quantity == minimum


def test_bounds(shop, bought):
    with pytest.raises(seats.NothingChanges):
        change(shop, bought, 10)
    with pytest.raises(seats.BelowMinimum):
        change(shop, bought, bought.plan.seats_min - 1)
    with pytest.raises(seats.AboveMaximum):
        change(shop, bought, bought.plan.seats_max + 1)


class TestCancel:
    @pytest.fixture
    def ending(self, shop, bought):
        change(shop, bought, 8)
        ending = scheduled.end(bought, reason_code=CancelReason.PRICE, reason="Too dear", origin=shop.origin, at=clock.now())
        bought.refresh_from_db()
        return ending

    def test_it_ends_with_the_period(self, shop, bought, ending):
        assert bought.cancel_at == bought.period_ends_at
        at_stripe = shop.at_stripe(bought)
        assert (bool(at_stripe.schedule), at_stripe.cancel_at_period_end) == (False, True)
        shop.advance_to(bought.period_ends_at + timedelta(seconds=5))
        bought.refresh_from_db()
        assert (bought.status, bought.quantity, people.in_use(bought).count()) == ("canceled", 0, 0)
        assert OutgoingMail.objects.filter(kind="billing/ended", recipient=shop.owner.email).count() == 1

    def test_ending_twice_is_ending_once(self, shop, bought, ending):
        again = scheduled.end(bought, reason_code=CancelReason.OTHER, reason="", origin=shop.origin, at=clock.now())
        assert again == ending

    def test_seats_cannot_be_planned_beyond_the_end(self, shop, bought, ending):
        with pytest.raises(seats.EndsSoon):
            change(shop, bought, 7)

    def test_taking_it_back_restores_what_waited(self, shop, bought, ending):
        scheduled.take_back(ending, origin=shop.origin, at=clock.now())
        bought.refresh_from_db()
        assert (bought.cancel_at, bought.is_being_arranged, next_phase(shop, bought)) == (None, False, 8)
        shop.advance_to(bought.period_ends_at)
        bought.refresh_from_db()
        assert (bought.status, bought.quantity) == ("active", 8)


def test_stripe_silent_leaves_the_change_being_arranged(shop, bought):
    shop.control("POST", "faults", match="POST /v1/subscription_schedules*", kind="500", times=1)
    change(shop, bought, 8)
    assert bought.is_being_arranged
    assert next_phase(shop, bought) is None
    Subscription.objects.update(projection_due_at=clock.wall())
    shop.settle()
    bought.refresh_from_db()
    assert not bought.is_being_arranged
    assert next_phase(shop, bought) == 8


def test_a_missed_period_end_waits_for_the_next(shop, bought, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(projection, "follow", lambda _pk: None)
        patch.setattr(projection, "drain", lambda _now: None)
        waiting = change(shop, bought, 8)
        lanes = {name: lane for name, lane in __import__("config.pulse").pulse.lanes().items() if name in ("inbox", "commands")}
        patch.setattr("config.pulse.lanes", lambda: lanes)
        shop.advance_to(bought.period_ends_at)
    bought.refresh_from_db()
    waiting.refresh_from_db()
    assert (bought.quantity, waiting.state, waiting.effective_at) == (10, ScheduledState.PENDING, bought.period_ends_at)
    assert bought.organization.journal.filter(kind="billing.schedule.missed").exists()
    shop.settle()
    assert next_phase(shop, bought) == 8
