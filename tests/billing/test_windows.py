"""Invoice windows: seats had at once and billed together, for exactly what was announced, or given back.

Team costs $16 a seat and month from 10 seats on. STOREFRONT_WINDOW_DAYS asks for more random days than the suite's few (1000).
"""

import contextlib
import os
import random
from datetime import timedelta

import pytest
from django.db.models import Sum

from accounts.models import Journal
from accounts.queries import policies as register
from accounts.services import policies
from billing import gateway, gateway_endings
from billing.models import Invoice, InvoiceWindow, LedgerKind, SeatChange, SeatLedgerEntry
from billing.queries import differences, overview
from billing.rules import dunning, reconciling
from billing.services import people
from billing.services.books import ledger
from billing.services.changes import addons, plan_changes, scheduled, seat_increases, seats
from billing.services.leaving import pauses
from billing.services.reconciliation import reconciling_reading
from config import clock
from tests import factories

DAYS = int(os.environ.get("STOREFRONT_WINDOW_DAYS", "4"))

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("windows")]


@pytest.fixture
def row(shop):
    """Ten seats, a third of the month in."""
    return shop.kept("a third of a month in", lambda: _third(shop))


def _third(shop):
    row = shop.buy(seats=10)
    shop.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 3)
    return shop.fresh(row)


def go(shop, row, count, **given):
    """To `count` seats; the preview and the change."""
    row = shop.fresh(row)
    offered = seats.offer(row, seats=count, at=clock.now())
    change = seats.confirm(row, token=offered.token, origin=shop.origin, at=clock.now(), **given)
    return offered.preview, change


def window(row):
    return InvoiceWindow.objects.filter(subscription=row).latest("pk")


def invoices(row):
    return Invoice.objects.filter(subscription=row).count()


def consistent(shop, row):
    """Ledger less window is Stripe; MRR is what is had; the nightly comparison finds nothing."""
    row = shop.fresh(row)
    booked = SeatLedgerEntry.objects.filter(subscription=row).aggregate(seats=Sum("delta"), mrr=Sum("mrr_delta_minor"))
    assert booked == {"seats": row.quantity, "mrr": ledger.counted_mrr_minor(row, row.quantity)}
    assert shop.at_stripe(row)["items"].data[0].quantity == row.billed
    theirs = reconciling_reading.subscription(row.stripe_id)
    known = differences.known([row], since=clock.now())[row.stripe_id]
    assert reconciling.compare(known.ours, theirs, differences.standard(theirs.prices)) == reconciling.Verdict()
    return row


def test_ten_additions_in_a_day_are_one_invoice_of_the_announced_amount(shop, row):
    before = invoices(row)
    for number in range(11, 21):
        shown, change = go(shop, row, number)
        assert (change.state, change.stripe_invoice_id) == ("done", "")
        shop.advance_to(clock.now() + timedelta(hours=1))
    row = consistent(shop, row)
    assert (row.quantity, row.unbilled, invoices(row)) == (20, 10, before)
    one = window(row)
    assert shown.charged_at == one.closes_at
    assert shown.due_now_minor == one.due_minor == pytest.approx(10 * 1600 * 2 / 3 - 10 * 1600 / 30, rel=0.05)
    shop.advance_to(one.closes_at + timedelta(minutes=1))
    row = consistent(shop, row)
    one.refresh_from_db()
    assert (one.state, row.unbilled, row.quantity) == ("billed", 0, 20)
    invoice = gateway.invoice(one.billed_by.stripe_invoice_id)
    assert (invoice.amount_paid, invoices(row)) == (shown.due_now_minor, before + 1)
    assert not Journal.objects.filter(kind="billing.charge.differed").exists()
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    assert Invoice.objects.filter(subscription=row).latest("issued_at").total_minor == 20 * 1600


def test_five_more_and_five_fewer_are_no_invoice(shop, row):
    before = invoices(row)
    go(shop, row, 15)
    shown, change = go(shop, row, 10)
    assert (shown.due_now_minor, shown.lines, change.state) == (0, (), "done")
    row = consistent(shop, row)
    assert (row.quantity, row.unbilled, window(row).state) == (10, 0, "nothing")
    shop.advance_to(row.period_ends_at - timedelta(minutes=5))
    assert invoices(row) == before
    assert SeatLedgerEntry.objects.filter(subscription=row, kind=LedgerKind.REMOVED).get().delta == -5


def test_not_fewer_than_are_paid_for_nor_than_are_in_use(shop, row):
    member = factories.MembershipFactory(organization=shop.organization)
    go(shop, row, 13, assign_to=[member.pk])
    with pytest.raises(seats.BelowMinimum):
        seats.offer(shop.fresh(row), seats=9, at=clock.now())
    more = [factories.MembershipFactory(organization=shop.organization).pk for _each in range(12)]
    people.assign_where_possible(subscription=row, membership_ids=more, origin=shop.origin, at=clock.now())
    with pytest.raises(seats.BelowSeatsInUse):
        seats.offer(shop.fresh(row), seats=11, at=clock.now())


def test_much_and_years_are_billed_at_once(shop, row):
    shown, change = go(shop, row, 12)
    assert shown.charged_at is not None
    shown, change = go(shop, row, 45)
    assert (shown.charged_at, shown.unbilled, change.state) == (None, 2, "done")
    row = consistent(shop, row)
    assert (row.unbilled, window(row).state, window(row).billed_by) == (0, "billed", change)
    assert gateway.invoice(change.stripe_invoice_id).total == shown.total_minor


def test_a_year_is_billed_at_once(shop):
    row = shop.buy(seats=10, interval="year")
    shown, change = go(shop, row, 11)
    assert (shown.charged_at, change.state) == (None, "done")
    assert gateway.invoice(change.stripe_invoice_id).total == shown.total_minor


def test_it_closes_an_hour_before_the_period_ends(shop, row):
    shop.advance_to(row.period_ends_at - timedelta(hours=6))
    shown, _change = go(shop, row, 11)
    assert shown.charged_at == (row.period_ends_at - timedelta(hours=1)).replace(microsecond=0)
    shop.advance_to(shown.charged_at + timedelta(minutes=1))
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    row = consistent(shop, row)
    assert window(row).state == "billed"
    shop.advance_to(row.period_ends_at - timedelta(minutes=40))
    shown, _change = go(shop, row, 12)
    assert shown.charged_at is None


def test_another_change_bills_it_too_in_one_invoice(shop, row):
    before = invoices(row)
    go(shop, row, 12)
    token = addons.offer(shop.fresh(row), code="blueprints", number=None, at=clock.now())
    change = addons.confirm(shop.fresh(row), token=token.token, origin=shop.origin, at=clock.now())
    assert change.state == "done", change.message
    assert gateway.invoice(change.stripe_invoice_id).total == token.preview.total_minor
    shop.settle()
    row = consistent(shop, row)
    assert (row.unbilled, invoices(row), window(row).billed_by) == (0, before + 1, change)
    go(shop, row, 14)
    offered = plan_changes.offer(shop.fresh(row), plan="business", quantity=None, at=clock.now())
    change = plan_changes.confirm(shop.fresh(row), token=offered.token, origin=shop.origin, at=clock.now())
    assert (change.state, gateway.invoice(change.stripe_invoice_id).total) == ("done", offered.preview.total_minor)
    shop.settle()
    row = consistent(shop, row)
    assert (row.unbilled, row.quantity, row.plan.code) == (0, 14, "business")


def test_what_waits_for_the_period_composes_with_it(shop, row):
    scheduled.change_seats(row, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    go(shop, row, 13)
    row = consistent(shop, row)
    assert overview.standing(shop.organization).coming == 11
    shown, _change = go(shop, row, 11)  # added and taken back: two fewer are two fewer
    assert shown.quantity_at_renewal == 9
    row = consistent(shop, row)
    assert overview.standing(shop.organization).coming == 9
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    row = consistent(shop, row)
    assert (row.quantity, row.unbilled) == (9, 0)


def test_what_is_planned_leaves_as_many_as_the_plan_is_sold_with(shop, row):
    go(shop, row, 13)
    planned = scheduled.change_seats(shop.fresh(row), seats_after=4, releases=[], origin=shop.origin, at=clock.now())
    with pytest.raises(seats.Conflicts) as refused:
        go(shop, row, 10)
    assert refused.value.change == planned
    shop.control("POST", "next_payment", outcome="requires_action")
    shop.advance_to(window(row).closes_at + timedelta(minutes=1))
    seat_increases.drop(SeatChange.objects.get(subscription=row, state="waiting"), origin=shop.origin, at=clock.now())
    shop.settle()
    row = consistent(shop, row)
    assert (row.quantity, overview.standing(shop.organization).coming) == (10, row.plan.seats_min)


def test_what_is_not_paid_is_tried_again_and_given_back_after_three_days(shop, row):
    member = factories.MembershipFactory(organization=shop.organization)
    go(shop, row, 12, assign_to=[member.pk])
    one = window(row)
    shop.control("POST", "next_payment", outcome="insufficient_funds")
    shop.advance_to(one.closes_at + timedelta(minutes=1))
    one.refresh_from_db()
    zone = shop.organization.time_zone
    assert (one.state, one.release_at) == ("unpaid", dunning.working(one.unpaid_at + timedelta(days=3), zone))
    assert not dunning.is_weekend(one.release_at, zone)
    row = consistent(shop, row)
    assert (row.quantity, row.unbilled, row.status) == (12, 2, "active")
    shop.control("POST", "next_payment", outcome="insufficient_funds")
    shop.advance_to(one.unpaid_at + timedelta(hours=25))
    one.refresh_from_db()
    assert (one.attempts, one.state) == (2, "unpaid")
    while clock.now() < one.release_at:
        shop.control("POST", "next_payment", outcome="insufficient_funds")
        shop.advance_to(clock.now() + timedelta(hours=24))
    one.refresh_from_db()
    row = consistent(shop, row)
    assert (one.state, row.quantity, row.unbilled) == ("released", 10, 0)
    assert SeatLedgerEntry.objects.filter(subscription=row).latest("pk").kind == LedgerKind.RELEASED
    assert not SeatChange.objects.filter(state="waiting").exists()
    assert not Invoice.objects.filter(subscription=row, status="open").exists()


def test_it_is_paid_later_by_the_buyer(shop, row):
    go(shop, row, 12)
    shop.control("POST", "next_payment", outcome="requires_action")
    shop.advance_to(window(row).closes_at + timedelta(minutes=1))
    change = SeatChange.objects.get(subscription=row, state="waiting")
    with pytest.raises(seats.WaitsForPayment):
        seats.offer(shop.fresh(row), seats=14, at=clock.now())
    shop.pay_invoice(gateway.invoice(change.stripe_invoice_id).hosted_invoice_url)
    shop.settle()
    row = consistent(shop, row)
    assert (row.quantity, row.unbilled, window(row).state) == (12, 0, "billed")


def test_it_is_given_back_by_the_buyer(shop, row):
    go(shop, row, 12)
    shop.control("POST", "next_payment", outcome="requires_action")
    shop.advance_to(window(row).closes_at + timedelta(minutes=1))
    change = SeatChange.objects.get(subscription=row, state="waiting")
    seat_increases.drop(change, origin=shop.origin, at=clock.now())
    shop.settle()
    row = consistent(shop, row)
    assert (row.quantity, row.unbilled, window(row).state) == (10, 0, "released")


def test_one_token_confirmed_twice_and_two_tokens_at_once(shop, row):
    offered = seats.offer(row, seats=12, at=clock.now())
    other = seats.offer(row, seats=13, at=clock.now())
    first = seats.confirm(row, token=offered.token, origin=shop.origin, at=clock.now())
    assert seats.confirm(shop.fresh(row), token=offered.token, origin=shop.origin, at=clock.now()) == first
    with pytest.raises(seats.Stale) as stale:
        seats.confirm(shop.fresh(row), token=other.token, origin=shop.origin, at=clock.now())
    assert (stale.value.fresh.preview.quantity_before, stale.value.fresh.preview.charged_at) == (12, window(row).closes_at)
    assert consistent(shop, row).unbilled == 2


def test_a_renewal_that_came_first_is_made_up_for(shop, row):
    """The store was down over the period's end: the seats are charged from then on, as the renewal would have."""
    shop.advance_to(row.period_ends_at - timedelta(hours=3))
    go(shop, row, 12)
    ends_at = row.period_ends_at
    shop.advance_to(ends_at + timedelta(hours=3))  # in one leap: the store hears of the renewal before it looks at windows
    row = consistent(shop, row)
    assert (row.unbilled, row.quantity) == (0, 12)
    change = window(row).billed_by
    assert gateway.invoice(change.stripe_invoice_id).total == 2 * 1600


def test_it_ends_with_its_subscription(shop, row):
    go(shop, row, 12)
    gateway.cancel_subscription(row.stripe_id, {}, key="windows:cancel")
    shop.settle()
    row = shop.fresh(row)
    assert (row.status, row.quantity, row.unbilled, window(row).state) == ("canceled", 0, 0, "ended")


def test_paused_at_stripe_it_is_billed_once_the_subscription_goes_on(shop, row):
    go(shop, row, 12)
    with pytest.raises(pauses.Refused):
        pauses.offer(shop.fresh(row), months=1, at=clock.now())
    gateway_endings.pause_subscription(row.stripe_id, pauses.HOW, key="windows:pause")
    shop.settle()
    shop.advance_to(clock.now() + timedelta(days=3))
    paused = shop.fresh(row)
    assert (paused.status, paused.quantity, paused.unbilled) == ("paused", 12, 2)
    how = {"payment_behavior": "resume_on_payment_success"}
    gateway.resume_subscription(row.stripe_id, how, key="windows:resume")
    shop.settle()
    row = consistent(shop, row)
    assert (row.status, row.quantity, row.unbilled) == ("active", 12, 0)
    assert gateway.invoice(window(row).billed_by.stripe_invoice_id).total == 2 * 1600


def test_nobody_is_charged_more_than_was_announced(shop, row):
    go(shop, row, 12)
    one = window(row)
    InvoiceWindow.objects.filter(pk=one.pk).update(agreed=one.agreed | {"total_minor": one.agreed["total_minor"] - 100})
    shop.advance_to(one.closes_at + timedelta(minutes=1))
    one.refresh_from_db()
    assert gateway.invoice(one.billed_by.stripe_invoice_id).total == one.due_minor - 100


def test_the_register_says_whether_and_how_much(shop, row):
    at = clock.now()
    policies.put(name="billing.window_most_minor", value=0, reason="Each at once", effective_at=at, origin=shop.origin, at=at)
    register.forget()
    shown, _change = go(shop, row, 11)
    assert shown.charged_at is None


def test_no_invoice_over_nothing_however_the_days_go(shop):
    """Seats come and go at any hour; each charge was announced, none is of nothing, and the sum is what is had."""
    luck = random.Random(20_261_123)
    row = shop.buy(seats=10)
    for _day in range(DAYS):
        for _click in range(luck.randint(0, 3)):
            with contextlib.suppress(seats.SeatsError):
                go(shop, row, max(shop.fresh(row).quantity + luck.choice((-3, -2, -1, 1, 2, 3)), 3))
        shop.advance_to(clock.now() + timedelta(hours=luck.randint(6, 30)))
    shop.advance_to(clock.now() + timedelta(days=2))
    row = consistent(shop, row)
    assert row.unbilled == 0
    found = list(Invoice.objects.filter(subscription=row).values_list("total_minor", flat=True))
    assert found
    assert 0 not in found
    assert not Journal.objects.filter(kind="billing.charge.differed").exists()
