"""A seat follows the person, and none is given that was not bought."""

import pytest

from accounts.models import OutgoingMail, Role
from billing import gateway
from billing.models import SeatAssignment
from billing.services import people
from config import clock
from tests import factories


@pytest.fixture
def bought(shop):
    """Three seats; the buyer has one."""
    return shop.kept("bought three", lambda: shop.buy(seats=3))


def test_assign_and_take_back(shop, bought, cast):
    member = cast.membership(cast.member)
    assert people.assign(subscription=bought, membership_ids=[member.pk], origin=shop.origin, at=clock.now()) == 1
    assert people.assign(subscription=bought, membership_ids=[member.pk], origin=shop.origin, at=clock.now()) == 0
    assert people.free_seats(bought) == 1
    seat = SeatAssignment.objects.get(membership=member)
    assert people.unassign(assignment=seat, origin=shop.origin, at=clock.now())
    assert not people.unassign(assignment=seat, origin=shop.origin, at=clock.now())
    assert people.free_seats(bought) == 2


def test_all_or_none(shop, bought, cast):
    extra = [
        factories.MembershipFactory(
            organization=shop.organization, user=factories.UserFactory(email=f"m{number}@acme.example")
        ).pk
        for number in range(3)
    ]
    with pytest.raises(people.NoFreeSeat) as none:
        people.assign(subscription=bought, membership_ids=extra, origin=shop.origin, at=clock.now())
    assert none.value.missing == 1
    assert people.in_use(bought).count() == 1


def test_a_stranger_gets_no_seat(shop, bought, cast):
    stranger = cast.membership(cast.stranger)
    with pytest.raises(people.NotAMember):
        people.assign(subscription=bought, membership_ids=[stranger.pk], origin=shop.origin, at=clock.now())


def test_leaving_frees_the_seat(shop, bought, cast):
    member = cast.membership(cast.member)
    people.assign(subscription=bought, membership_ids=[member.pk], origin=shop.origin, at=clock.now())
    people.remove(membership=member, origin=shop.origin, at=clock.now())
    assert not people.in_use(bought).filter(membership=member).exists()


def test_invited_people_hold_seats_as_far_as_there_are_any(shop, bought):
    invited = people.invite(
        organization=shop.organization,
        emails=["a@acme.example", "b@acme.example", "c@acme.example"],
        role=Role.MEMBER,
        with_seat=True,
        origin=shop.origin,
        at=clock.now(),
    )
    assert invited.seated == {"a@acme.example", "b@acme.example"}
    assert people.free_seats(bought) == 0


def test_withdrawing_an_invitation_frees_its_seat(shop, bought):
    invited = people.invite(
        organization=shop.organization,
        emails=["a@acme.example"],
        role=Role.MEMBER,
        with_seat=True,
        origin=shop.origin,
        at=clock.now(),
    )
    people.revoke(invitation=invited.results[0].invitation, origin=shop.origin, at=clock.now())
    assert people.free_seats(bought) == 2


def test_seats_taken_away_at_stripe_end_the_newest_and_never_the_owner(shop, bought, cast):
    member = cast.membership(cast.member)
    people.assign(subscription=bought, membership_ids=[member.pk], origin=shop.origin, at=clock.now())
    gateway.update_subscription(
        bought.stripe_id,
        {"items": [{"id": bought.stripe_item_id, "quantity": 1}], "proration_behavior": "none"},
        key="dashboard",
    )
    shop.settle()
    bought.refresh_from_db()
    assert bought.quantity == 1
    assert [seat.membership.user for seat in people.in_use(bought)] == [cast.owner]
    assert bought.ledger.last().source == "stripe"
    mail = OutgoingMail.objects.get(kind="billing/seats_lost", recipient=cast.owner.email)
    assert mail.context["people"] == [str(cast.member)]
