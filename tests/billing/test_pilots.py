"""Pilots from end to end: a fee once, seats within it, an end by itself, and the plan only by a click."""

from datetime import timedelta

import pytest

from accounts.models import Journal, OutgoingMail
from billing import gateway
from billing.models import CancelReason, Invoice, PilotRun, ScheduledChange, SeatLedgerEntry, StripeCommand
from billing.queries import differences, entitlements, invoices, overview, promotion_words
from billing.rules import pilots as rules
from billing.rules import reconciling
from billing.services.books import first_payments, pilots
from billing.services.changes import scheduled, seat_increases, seats
from billing.services.mirroring import invoices as seat_invoices
from billing.services.reconciliation import reconciling_reading
from billing.services.selling import checkout
from billing.services.trying import pilot_conversions, trial_changes
from config import clock

PILOT = "fieldnote/site"


def begin(shop, **wanted):
    return shop.kept("pilot", lambda: shop.buy(plan="", seats=1, pilot=PILOT)) if not wanted else shop.buy(**wanted)


def mails(kind):
    """One person's, oldest first."""
    return list(OutgoingMail.objects.filter(kind=f"billing/{kind}", recipient__startswith="owner@acme").order_by("pk"))


def mrr(row):
    return [entry.mrr_delta_minor for entry in SeatLedgerEntry.objects.filter(subscription=row).order_by("pk")]


def compared(shop, row):
    """What the nightly comparison would name."""
    ours = differences.known([shop.fresh(row)], since=clock.now())[row.stripe_id].ours
    theirs = reconciling_reading.subscription(row.stripe_id)
    return reconciling.compare(ours, theirs, differences.standard({theirs.price})).found


def test_it_ends_by_itself_and_nothing_is_charged(shop):
    row = begin(shop)
    assert (row.status, row.quantity, row.trial_ends_at - row.started_at) == ("trialing", 20, timedelta(days=30))
    (paid,) = invoices.page(shop.organization).invoices
    assert (paid.total_minor, paid.status, paid.quantity) == (29_000, "paid", 20)
    assert [(one.addon["en"], one.amount_minor) for one in paid.beside] == [("Site pilot", 29_000)]
    assert (shop.at_stripe(row).cancel_at_period_end, mrr(row), compared(shop, row)) == (True, [0], ())
    standing = overview.standing(shop.organization)
    assert (standing.state, standing.trial_ends_at, standing.end, standing.next_charge) == ("pilot", None, None, None)
    assert standing.ends_at == row.trial_ends_at
    assert entitlements.check(shop.organization, feature="storage_gb").entitled
    with pytest.raises(seats.InPilot):
        seats.offer(row, seats=21, at=clock.now())
    with pytest.raises(seats.InPilot):
        scheduled.end(row, reason_code=CancelReason.OTHER, reason="", origin=shop.origin, at=clock.now())
    with pytest.raises(seats.InPilot):
        scheduled.take_back(ScheduledChange.objects.get(), origin=shop.origin, at=clock.now())
    with pytest.raises(trial_changes.CannotExtend):
        trial_changes.extend(row, origin=shop.origin, at=clock.now())

    shop.advance(days=31)
    row, run = shop.fresh(row), PilotRun.objects.get()
    assert (row.status, row.quantity, mrr(row), run.ended_at) == ("canceled", 0, [0, 0], run.ends_at)
    assert [mail.context["days_left"] for mail in mails("pilot_ends")] == [14, 7, 1]
    assert (len(mails("pilot_started")), len(mails("pilot_ended")), len(mails("ended"))) == (1, 1, 0)
    assert Invoice.objects.filter(total_minor__gt=0).count() == 1
    assert entitlements.check(shop.organization, feature="storage_gb").reason == "read_only"
    with pytest.raises(pilots.Refused) as refused:
        shop.start(plan="", seats=1, pilot=PILOT)
    assert refused.value.answer.refusal is rules.Refusal.USED
    bought = shop.buy(seats=5)
    assert (bought.status, entitlements.check(shop.organization, feature="storage_gb").entitled) == ("active", True)


def test_the_plan_begins_by_a_click_with_the_fee_taken_off(shop):
    row = begin(shop)
    shop.advance(days=20)
    with pytest.raises(seats.BelowMinimum):
        pilot_conversions.offer(row, quantity=2, interval="month", at=clock.now())
    with pytest.raises(seats.AboveMaximum):
        pilot_conversions.offer(row, quantity=101, interval="month", at=clock.now())
    offer = pilot_conversions.offer(row, quantity=25, interval="month", at=clock.now())
    charge = offer.charge
    assert (charge.subtotal_minor, offer.fee_minor, charge.due_minor) == (35_000, 29_000, 6_000)
    command = pilot_conversions.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    assert (command.state, command.error) == ("done", "")
    assert pilot_conversions.confirm(row, token=offer.token, origin=shop.origin, at=clock.now()) == command
    shop.settle()
    row = shop.fresh(row)
    assert (row.status, row.quantity, mrr(row), row.cancel_at) == ("active", 25, [0, 0, 35_000], None)
    assert sorted(one.total_minor for one in invoices.newest(shop.organization, 5)) == [6_000, 29_000]
    (credit,) = invoices.newest(shop.organization, 5)[0].discounts
    assert promotion_words.name(credit["name"], credit["code"]) == "Site pilot"
    assert credit["name"]["de"] == "Baustellen-Pilot"
    assert (shop.at_stripe(row).cancel_at_period_end, compared(shop, row)) == (False, ())
    assert Journal.objects.filter(kind="billing.pilot.converted").count() == 1
    # The fee stays taken off: more seats cost what they cost, and not what the fee had paid once more.
    more = seats.offer(row, seats=35, at=clock.now())
    assert more.preview.due_now_minor == pytest.approx(10 * 1400, abs=20)
    change = seats.confirm(row, token=more.token, origin=shop.origin, at=clock.now())
    assert (change.state, gateway.invoice(change.stripe_invoice_id).total) == ("done", more.preview.due_now_minor)
    shop.settle()
    row = shop.fresh(row)
    assert compared(shop, row) == ()
    shop.advance(days=32)
    row = shop.fresh(row)
    assert (row.status, row.quantity, PilotRun.objects.get().ended_at) == ("active", 35, None)
    assert Invoice.objects.filter(subscription=row).latest("issued_at").total_minor == 35 * 1400


@pytest.mark.parametrize("quantity", [10, 12], ids=["the same", "another"])
def test_two_clicks_at_once_begin_the_plan_once(shop, monkeypatch, quantity):
    row, ask, others = begin(shop), pilot_conversions._ask, []
    late, first = (
        pilot_conversions.offer(row, quantity=many, interval="month", at=clock.now()).token for many in (10, quantity)
    )
    first = late if quantity == 10 else first

    def confirm(token):
        return pilot_conversions.confirm(shop.fresh(row), token=token, origin=shop.origin, at=clock.now())

    def ask_first(*asked):
        shown = ask(*asked)
        if not others:  # whoever is first confirms between the other one's price and order
            others.append(None)
            others[0] = confirm(first)
        return shown

    monkeypatch.setattr(pilot_conversions, "_ask", ask_first)
    if first == late:
        assert confirm(late) == others[0]
    else:
        with pytest.raises(pilot_conversions.NoPilot):
            confirm(late)
    assert StripeCommand.objects.filter(kind=pilot_conversions.KIND).count() == 1


def test_a_declined_card_leaves_the_pilot_as_it_is(shop):
    row = begin(shop)
    offer = pilot_conversions.offer(row, quantity=20, interval="year", at=clock.now())
    shop.control("POST", "next_payment", outcome="declined")
    command = pilot_conversions.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    assert command.state == "declined"
    shop.settle()
    row = shop.fresh(row)
    assert (row.status, row.quantity, row.price.interval, mrr(row)) == ("trialing", 20, "month", [0])
    assert (shop.at_stripe(row).cancel_at_period_end, invoices.owed(shop.organization)) == (True, [])


@pytest.fixture
def asked(shop):
    """A pilot whose conversion to 25 seats waits, because the bank asks first: its row and what waits."""
    row = begin(shop)
    shop.control("POST", "next_payment", outcome="requires_action")
    token = pilot_conversions.offer(row, quantity=25, interval="month", at=clock.now()).token
    command = pilot_conversions.confirm(row, token=token, origin=shop.origin, at=clock.now())
    assert pilot_conversions.confirm(row, token=token, origin=shop.origin, at=clock.now()) == command
    shop.settle()
    change = first_payments.of_command(command)
    row = shop.fresh(row)
    assert (command.state, change.state, change.due_now_minor, row.status, row.quantity) == (
        *("done", "waiting", 6_000, "trialing"),
        20,
    )
    assert (mrr(row), compared(shop, row), len(mails("first_payment_waiting"))) == ([0], (), 1)
    return row, change


def test_a_bank_that_asks_first_is_answered_and_the_plan_begins_as_agreed(shop, asked):
    row, change = asked
    other = pilot_conversions.offer(row, quantity=30, interval="year", at=clock.now()).token
    with pytest.raises(seats.WaitsForPayment):
        pilot_conversions.confirm(row, token=other, origin=shop.origin, at=clock.now())
    shop.pay_invoice(seat_invoices.payment_url(change.stripe_invoice_id))
    shop.settle()
    change.refresh_from_db()
    row = shop.fresh(row)
    assert (change.state, row.status, row.quantity, row.cancel_at, mrr(row)) == ("done", "active", 25, None, [0, 0, 35_000])
    entry = SeatLedgerEntry.objects.filter(subscription=row, kind="added").get()
    assert (entry.delta, entry.actor) == (5, shop.owner)
    assert sorted(one.total_minor for one in invoices.newest(shop.organization, 5)) == [6_000, 29_000]
    assert (shop.at_stripe(row).cancel_at_period_end, compared(shop, row)) == (False, ())


def test_what_is_dropped_or_late_leaves_the_pilot_and_can_be_tried_again(shop, asked):
    row, change = asked
    assert seat_increases.drop(change, origin=shop.origin, at=clock.now()).state == "dropped"
    shop.control("POST", "next_payment", outcome="requires_action")
    token = pilot_conversions.offer(shop.fresh(row), quantity=20, interval="month", at=clock.now()).token
    command = pilot_conversions.confirm(shop.fresh(row), token=token, origin=shop.origin, at=clock.now())
    again = first_payments.of_command(command)
    shop.advance(hours=24)
    again.refresh_from_db()
    row = shop.fresh(row)
    assert (again.state, row.status, row.quantity, mrr(row)) == ("expired", "trialing", 20, [0])
    assert [mail.context["is_dropped"] for mail in mails("first_payment_over")] == [True, False]
    assert (shop.at_stripe(row).cancel_at_period_end, invoices.owed(shop.organization), compared(shop, row)) == (True, [], ())


def test_an_answer_that_was_lost_is_read_back(shop):
    row = begin(shop)
    token = pilot_conversions.offer(row, quantity=25, interval="month", at=clock.now()).token
    shop.control("POST", "next_payment", outcome="requires_action")
    shop.control("POST", "faults", match="POST /v1/subscriptions/*", kind="500_after_effect")
    command = pilot_conversions.confirm(row, token=token, origin=shop.origin, at=clock.now())
    assert (command.state, first_payments.of_command(command).state) == ("done", "waiting")


def test_a_pilot_that_ends_meanwhile_ends_as_it_would_have(shop):
    row = begin(shop)
    shop.advance_to(row.trial_ends_at - timedelta(hours=2))
    shop.control("POST", "next_payment", outcome="requires_action")
    token = pilot_conversions.offer(row, quantity=20, interval="month", at=clock.now()).token
    change = first_payments.of_command(
        pilot_conversions.confirm(row, token=token, origin=shop.origin, at=clock.now()),
    )
    assert change.expires_at == row.trial_ends_at
    shop.advance_to(row.trial_ends_at + timedelta(minutes=5))
    change.refresh_from_db()
    row = shop.fresh(row)
    assert (change.state, row.status, row.quantity, invoices.owed(shop.organization)) == ("expired", "canceled", 0, [])
    assert (len(mails("pilot_ended")), gateway.invoice(change.stripe_invoice_id).status) == (1, "void")


def test_whoever_bought_the_line_cannot_pilot_it_and_a_page_left_open_can_be_replaced(shop):
    first = shop.start(plan="", seats=1, pilot=PILOT)
    plain = shop.start(seats=10)
    first.refresh_from_db()
    assert (first.state, PilotRun.objects.get().released_at is not None, plain.state) == ("expired", True, "open")
    shop.pay(plain)
    shop.settle()
    with pytest.raises(checkout.AlreadyBought):
        shop.start(plan="", seats=1, pilot=PILOT)
