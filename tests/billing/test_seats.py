"""More seats now: what is shown is what is charged, or nothing happens."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import OutgoingMail
from accounts.origin import Origin
from billing import gateway
from billing.models import ChangeState, Invoice, SeatChange
from billing.rules import limits
from billing.services import commands
from billing.services.changes import change_prices, seat_increases, seats
from config import clock


@pytest.fixture
def bought(shop):
    """Ten seats, half a period in."""
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    shop.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2)
    return seats.current(shop.organization)


def offer(row, count):
    return seats.offer(row, seats=count, at=clock.now())


def confirm(shop, row, token, **more):
    return seats.confirm(row, token=token, origin=shop.origin, at=clock.now(), **more)


def test_the_invoice_equals_the_preview(shop, bought):
    offered = offer(bought, 13)
    shown, change = offered.preview, confirm(shop, bought, offered.token)
    shop.settle()
    invoice = Invoice.objects.get(stripe_id=change.stripe_invoice_id)
    assert change.state == ChangeState.DONE
    assert (invoice.total_minor, invoice.amount_paid_minor) == (shown.total_minor, shown.due_now_minor)
    assert [line.amount_minor for line in invoice.lines.all()] == [line.amount_minor for line in shown.lines]
    bought.refresh_from_db()
    entry = bought.ledger.last()
    assert (bought.quantity, entry.delta, entry.quantity_after, entry.actor) == (13, 3, 13, shop.owner)
    assert entry.stripe_invoice_id == invoice.stripe_id
    assert OutgoingMail.objects.filter(kind="billing/seats_added", recipient=shop.owner.email).count() == 1


def test_a_preview_is_one_call_and_a_confirmation_two(shop, bought):
    shop.control("DELETE", "calls")
    token = offer(bought, 12).token
    assert shop.control("GET", "calls")["count"] == 1
    confirm(shop, bought, token)
    assert shop.control("GET", "calls")["count"] == 3


def test_a_clock_behind_stripes_prices_from_the_periods_begin(shop, bought):
    early = seats.offer(bought, seats=13, at=bought.period_starts_at - timedelta(seconds=2))
    assert early.preview.proration_at == bought.period_starts_at


def test_the_same_token_twice_is_one_change(shop, bought):
    token = offer(bought, 13).token
    first = confirm(shop, bought, token)
    second = confirm(shop, seats.current(shop.organization), token)
    assert first == second
    assert SeatChange.objects.count() == 1
    shop.settle()
    bought.refresh_from_db()
    assert bought.quantity == 13


def test_the_same_token_in_the_same_moment_is_one_change(shop, bought, monkeypatch):
    token, ask, others = offer(bought, 13).token, change_prices.ask, []

    def ask_late(*asked, **more):
        if not others:  # while Stripe is asked for the price somebody else confirms
            others.append(None)
            others[0] = confirm(shop, seats.current(shop.organization), token)
        return ask(*asked, **more)

    monkeypatch.setattr(change_prices, "ask", ask_late)
    assert confirm(shop, bought, token) == others[0]
    assert SeatChange.objects.count() == 1


def test_a_token_dies_when_the_subscription_changes(shop, bought):
    old = offer(bought, 13)
    confirm(shop, bought, offer(bought, 11).token)
    row = seats.current(shop.organization)
    with pytest.raises(seats.Stale) as stale:
        confirm(shop, row, old.token)
    assert stale.value.fresh.preview.quantity_before == 11
    row.refresh_from_db()
    assert row.quantity == 11


def test_a_token_dies_with_the_period(shop, bought):
    old = offer(bought, 13)
    shop.advance_to(bought.period_ends_at + timedelta(hours=2))
    with pytest.raises(seats.Stale):
        confirm(shop, seats.current(shop.organization), old.token)


def test_a_token_of_another_organization_is_stale(shop, bought):
    token = offer(bought, 13).token
    bought.pk += 1
    with pytest.raises(seats.Stale):
        seats.confirm(bought, token=token, origin=Origin.system(), at=clock.now())


def test_a_tampered_token_is_stale(shop, bought):
    with pytest.raises(seats.Stale):
        confirm(shop, bought, offer(bought, 13).token + "x")
    assert SeatChange.objects.count() == 0


def test_a_price_that_moved_is_stale_and_charges_nothing(shop, bought):
    token = offer(bought, 13).token
    gateway.credit_customer(
        shop.organization.customer.stripe_id, amount_minor=500, currency="usd", description="Sorry", key="credit-1"
    )
    with pytest.raises(seats.Stale) as stale:
        confirm(shop, bought, token)
    assert stale.value.fresh.preview.balance_applied_minor == 500
    assert SeatChange.objects.count() == 0


def test_bounds(shop, bought):
    with pytest.raises(seats.NothingChanges):
        offer(bought, 10)
    with pytest.raises(seats.AboveMaximum) as above:
        offer(bought, bought.plan.seats_max + 1)
    assert above.value.maximum == bought.plan.seats_max


def test_another_change_under_way(shop, bought):
    token = offer(bought, 13).token
    commands.open_command(
        kind="seats.drop",
        target=f"subscription:{bought.pk}",
        organization=shop.organization,
        payload={},
        origin=Origin.system(),
        at=clock.now(),
    )
    with pytest.raises(commands.Busy):
        confirm(shop, bought, token)
    assert SeatChange.objects.count() == 0


def test_too_many_changes_say_when_the_next_can_be_made(shop, bought):
    now = clock.now()
    for number in range(8):
        SeatChange.objects.create(
            subscription=bought,
            nonce=f"n{number}",
            quantity_before=1,
            quantity_after=2,
            preview={},
            due_now_minor=0,
            currency="usd",
            state=ChangeState.DONE,
            source="page",
            created_at=now - timedelta(seconds=number),
        )
    with pytest.raises(seats.TooManyChanges) as many:
        seats.offer(bought, seats=12, at=now)
    assert many.value.next_at == now - timedelta(seconds=7) + limits.MINUTE


class TestPaymentFails:
    @pytest.fixture
    def waiting(self, shop, bought):
        shop.control("POST", "next_payment", outcome="declined")
        change = confirm(shop, bought, offer(bought, 13).token)
        shop.settle()
        change.refresh_from_db()
        return change

    def test_the_seats_wait_for_the_payment(self, shop, bought, waiting):
        bought.refresh_from_db()
        assert (waiting.state, bought.quantity, bought.pending_quantity) == (ChangeState.WAITING, 10, 13)
        # Stripe counts in whole seconds, so its 23 hours may begin up to a second after ours.
        assert timedelta(hours=22) < waiting.expires_at - clock.now() <= timedelta(hours=23, seconds=2)
        with pytest.raises(seats.WaitsForPayment):
            offer(bought, 14)

    def test_an_older_preview_hears_of_the_one_that_waits(self, shop, bought):
        older = offer(bought, 14)
        shop.control("POST", "next_payment", outcome="declined")
        confirm(shop, bought, offer(bought, 13).token)
        with pytest.raises(seats.WaitsForPayment):
            confirm(shop, seats.current(shop.organization), older.token)

    def test_paying_later_gives_the_seats(self, shop, bought, waiting):
        gateway.pay_invoice(waiting.stripe_invoice_id, {}, key="pay-later")
        shop.settle()
        bought.refresh_from_db()
        waiting.refresh_from_db()
        assert (waiting.state, bought.quantity, bought.pending_quantity) == (ChangeState.DONE, 13, None)
        assert bought.ledger.last().actor == shop.owner

    def test_dropping_it_voids_the_invoice(self, shop, bought, waiting):
        seat_increases.drop(waiting, origin=shop.origin, at=clock.now())
        shop.settle()
        bought.refresh_from_db()
        assert (waiting.state, bought.quantity, bought.pending_quantity) == (ChangeState.DROPPED, 10, None)
        assert Invoice.objects.get(stripe_id=waiting.stripe_invoice_id).status == "void"
        assert seat_increases.drop(waiting, origin=shop.origin, at=clock.now()).state == ChangeState.DROPPED

    def test_dropping_what_was_paid_meanwhile_keeps_it(self, shop, bought, waiting):
        gateway.pay_invoice(waiting.stripe_invoice_id, {}, key="pay-meanwhile")
        seat_increases.drop(waiting, origin=shop.origin, at=clock.now())
        shop.settle()
        waiting.refresh_from_db()
        bought.refresh_from_db()
        assert (waiting.state, bought.quantity) == (ChangeState.DONE, 13)

    def test_not_paid_in_time(self, shop, bought, waiting):
        shop.advance_to(waiting.expires_at + timedelta(minutes=1))
        waiting.refresh_from_db()
        bought.refresh_from_db()
        assert (waiting.state, bought.quantity, bought.pending_quantity) == (ChangeState.EXPIRED, 10, None)
        assert OutgoingMail.objects.filter(kind="billing/seats_expired").exists()


def test_an_increase_to_people_gives_them_their_seats(shop, bought, cast):
    member = cast.membership(cast.member)
    confirm(shop, bought, offer(bought, 11).token, assign_to=[member.pk])
    assert bought.assignments.filter(membership=member, ended_at=None).exists()


def test_no_call_to_stripe_inside_a_transaction(shop, bought):
    with transaction.atomic(), pytest.raises(gateway.InsideTransactionError):
        gateway.subscription(bought.stripe_id)
