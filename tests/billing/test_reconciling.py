"""The nightly comparison with Stripe: what is repaired, what is named, and what is left alone."""

from datetime import timedelta

import pytest

from accounts.models import Journal
from billing.models import (
    CheckoutAttempt,
    Customer,
    Difference,
    Invoice,
    SeatLedgerEntry,
    StripeCommand,
    StripeObject,
    Subscription,
)
from billing.rules.stripe_events import Kind
from billing.services import inbox
from billing.services.changes import scheduled, seat_increases, seats
from billing.services.reconciliation import reconciling
from config import clock
from tests.billing.planting import Company


def run(organization=None):
    return reconciling.go_on(reconciling.begin(organization))


def named():
    return set(Difference.objects.open().values_list("kind", "subject"))


def written(shop):
    return [call for call in shop.control("GET", "calls")["data"] if call["method"] != "GET"]


@pytest.fixture
def company(shop):
    return Company(shop, 6)


# --- Named ------------------------------------------------------------------------------------------------------------

PLANTS = {
    "quantity": lambda company: company.quantity(1),
    "price": lambda company: company.price_of(1),
    "unknown_price": lambda company: company.unknown_price(1),
    "currency": lambda company: company.currency(1),
    "discount": lambda company: company.discount(1),
    "tax by rate": lambda company: company.tax(2),
    "tax by Stripe Tax": lambda company: company.tax(1),
    "end at Stripe only": lambda company: company.ending(2),
    "end here only": lambda company: company.ending(1),
    "phases at Stripe only": lambda company: company.phases(2),
    "phases here only": lambda company: company.phases(1),
    "missing": lambda company: company.missing(1),
    "amount": lambda company: company.amount(1),
    "old amount": lambda company: company.old_amount(1),
    "item of the catalog": lambda company: company.item(2),
    "item of nobody's": lambda company: company.item(1),
    "coupon on the customer": lambda company: company.coupon(1),
    "duplicate": lambda company: company.stranger("duplicate", "second", "cus_firm1"),
    "unknown": lambda company: company.stranger("unknown", "new", "cus_new0"),
    "foreign": lambda company: company.stranger("foreign", "nobody", "cus_nobody"),
    "command": lambda company: company.command(1),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_each_kind_is_named_once_and_closed_when_it_is_gone(plant, company, shop):
    company.customers_of("new", 1)
    company.bring([{"object": "customer", "id": "cus_nobody"}])
    one = plant(company)
    shop.control("DELETE", "calls")
    assert (run().found, named()) == (1, {one.key})
    row = Difference.objects.get()
    assert row.ours.keys() == row.stripes.keys()
    assert row.ours != row.stripes
    assert (row.owner, row.organization is None) == (None, one.kind == "foreign")
    assert (run().found, named()) == (0, {one.key})
    assert Journal.objects.filter(kind="billing.difference.found", data__subject=one.subject).count() == 1
    one.undo()
    assert run().gone == 1
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.decided_at is not None) == ("gone", None, True)
    assert Journal.objects.filter(kind="billing.difference.gone", data__subject=one.subject).count() == 1
    assert written(shop) == []
    assert set(Subscription.objects.exclude(quantity=10).values_list("stripe_id", flat=True)) == set()


def test_a_store_that_agrees_has_no_difference(company, shop):
    shop.buy(seats=10)
    done = run()
    assert (done.found, done.repaired, done.gone) == (0, 0, 0)
    assert done.compared >= 6 * 3 + 3
    assert not Difference.objects.exists()


def test_one_thing_raises_one_alarm(company):
    """Seats that differ make the schedule differ too, and the period's end may as well: only the seats are named."""
    company.phases(1)
    company.quantity(1)
    company.ending(3)
    company.unknown_price(3)
    run()
    assert named() == {("quantity", "sub_firm1"), ("unknown_price", "sub_firm3")}


def test_a_period_that_cannot_be_read_again_is_named(company, monkeypatch):
    ends = company.epoch(company.ends_at) + 86_400
    company.change_item("sub_firm1", current_period_end=ends)
    monkeypatch.setattr(inbox, "_applier", lambda _kind: lambda _answer, _at: 1 / 0)
    assert run().found == 1
    assert named() == {("period", "sub_firm1")}


def test_what_stripe_says_by_now_is_kept_with_the_row(company):
    company.quantity(1, 12)
    run()
    company.quantity(1, 14)
    run()
    assert Difference.objects.get().stripes == {"quantity": 14}


# --- Repaired -----------------------------------------------------------------------------------------------------------


def test_what_is_only_mirrored_is_read_again(company):
    company.change("subscription", "sub_firm1", status="past_due")
    company.change("invoice", "in_firm2", status="void")
    company.change("customer", "cus_firm3", balance=-500, currency="usd")
    Invoice.objects.filter(stripe_id="in_firm4").delete()
    done = run()
    assert (done.repaired, done.found) == (4, 0)
    assert Subscription.objects.get(stripe_id="sub_firm1").status == "past_due"
    assert Invoice.objects.get(stripe_id="in_firm2").status == "void"
    assert Customer.objects.get(stripe_id="cus_firm3").balance_minor == -500
    assert Invoice.objects.get(stripe_id="in_firm4").total_minor == 19_000
    assert run().repaired == 0


def test_a_renewal_that_nobody_heard_of_is_caught_up_with(shop):
    row = shop.buy(seats=10)
    scheduled.change_seats(row, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    at = row.period_ends_at + timedelta(hours=2)
    shop.control("POST", "clock", advance_to=int(at.timestamp()))
    shop.move_store(round((at - clock.wall()).total_seconds()))
    done = run()
    assert (done.found, done.repaired > 0) == (0, True)
    row = shop.fresh(row)
    assert (row.quantity, row.period_starts_at) == (8, shop.fresh(row).period_starts_at)
    assert SeatLedgerEntry.objects.filter(subscription=row, kind="renewed", delta=-2).exists()


def test_a_purchase_that_nobody_heard_of_is_booked_and_not_reported(shop):
    attempt = shop.start()
    shop.pay(attempt)
    assert not Subscription.objects.exists()
    assert run().found == 0
    assert CheckoutAttempt.objects.get().state == "applied"
    assert not Difference.objects.exists()


def test_a_status_waits_while_seats_differ_because_reading_it_would_take_the_seats_over(company):
    company.quantity(1)
    company.change("subscription", "sub_firm1", status="past_due")
    done = run()
    assert (done.repaired, named()) == (0, {("quantity", "sub_firm1")})
    assert Subscription.objects.get(stripe_id="sub_firm1").quantity == 10


# --- Left alone -----------------------------------------------------------------------------------------------------------


def open_command(row):
    now = clock.wall()
    return StripeCommand.objects.create(
        kind="seats.increase",
        target=f"subscription:{row.pk}",
        organization=row.organization,
        idempotency_key="under way",
        due_at=now + timedelta(hours=1),
        first_sent_at=now,
        source="page",
        created_at=now,
    )


def test_a_change_under_way_is_nobodys_alarm_and_keeps_an_older_one_open(company):
    company.quantity(1)
    command = open_command(company.subscriptions[1])
    assert run().found == 0
    command.delete()
    assert run().found == 1
    open_command(company.subscriptions[1])
    undone = run()
    assert (undone.gone, named()) == (0, {("quantity", "sub_firm1")})


def test_a_change_that_settles_within_the_run_is_nobodys_alarm(company, monkeypatch):
    """The first look falls between Stripe's change and its event."""
    plant = company.quantity(1)
    drain = inbox.drain

    def settle(now):
        plant.undo()
        return drain(now)

    monkeypatch.setattr(inbox, "drain", settle)
    assert run().found == 0
    assert not Difference.objects.exists()


def test_an_object_about_to_be_read_is_left_alone_but_one_that_cannot_be_read_is_not(company):
    company.quantity(1)
    company.quantity(2)
    wall = clock.wall() + timedelta(hours=1)
    for n in (1, 2):
        inbox.touch(Kind.SUBSCRIPTION, f"sub_firm{n}")
    StripeObject.objects.update(due_at=wall)
    StripeObject.objects.filter(key="sub_firm2").update(error="UnknownPrice")
    run()
    assert named() == {("quantity", "sub_firm2")}


def test_an_accepted_exception_stays_silent_while_stripe_says_the_same(company):
    company.discount(1)
    run()
    Difference.objects.update(state="accepted", reason="Agreed with sales until May", decided_at=clock.now())
    assert run().found == 0
    company.bring([{"object": "coupon", "id": "MORE", "percent_off": 50, "duration": "forever"}])
    row = {"object": "discount", "id": "di_more", "source": {"type": "coupon", "coupon": "MORE"}, "subscription": "sub_firm1"}
    company.bring([row | {"_coupon": {"duration": "forever"}}])
    company.change("subscription", "sub_firm1", discounts=["di_firm1", "di_more"])
    assert run().found == 1
    assert Difference.objects.open().get().stripes == {"coupons": ["FRIENDS", "MORE"]}


def test_a_lived_story_raises_no_alarm_at_any_point(shop):
    """Everything that customers do, compared after every step: what the store does itself is never a difference."""
    row = shop.buy(seats=10)

    def agrees():
        shop.settle()
        done = run()
        assert (done.found, done.repaired, Difference.objects.count()) == (0, 0, 0)
        return shop.fresh(row)

    later = scheduled.change_seats(agrees(), seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    more = seats.offer(agrees(), seats=13, at=clock.now())
    seats.confirm(shop.fresh(row), token=more.token, origin=shop.origin, at=clock.now())
    agrees()
    shop.control("POST", "next_payment", outcome="declined")
    more = seats.offer(shop.fresh(row), seats=15, at=clock.now())
    change = seats.confirm(shop.fresh(row), token=more.token, origin=shop.origin, at=clock.now())
    assert change.state == "waiting"
    agrees()
    seat_increases.drop(change, origin=shop.origin, at=clock.now())
    end = scheduled.end(agrees(), reason_code="price", reason="", origin=shop.origin, at=clock.now())
    agrees()
    scheduled.take_back(end, origin=shop.origin, at=clock.now())
    assert agrees().schedule_id
    scheduled.take_back(later, origin=shop.origin, at=clock.now())
    assert not agrees().schedule_id
    scheduled.change_seats(shop.fresh(row), seats_after=9, releases=[], origin=shop.origin, at=clock.now())
    shop.advance_to(shop.fresh(row).period_ends_at + timedelta(hours=3))
    assert agrees().quantity == 9
    scheduled.end(shop.fresh(row), reason_code="price", reason="", origin=shop.origin, at=clock.now())
    shop.advance_to(shop.fresh(row).period_ends_at + timedelta(hours=3))
    assert not agrees().is_live
