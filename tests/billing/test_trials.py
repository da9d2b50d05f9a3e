"""Trials from end to end: no card and read-only, a card and charged as announced, races, and who has had theirs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from django.db import connection

from accounts.models import Journal, OutgoingMail
from accounts.origin import Origin, Source
from billing import gateway
from billing.models import CancelReason, Invoice, SeatLedgerEntry, Subscription, Trial
from billing.queries import differences, entitlements, invoices, overview
from billing.rules import reconciling, tax
from billing.rules import trials as rules
from billing.services.books import first_payments, trials
from billing.services.changes import scheduled, seat_increases, seats
from billing.services.leaving import resuming
from billing.services.mirroring import first_charges
from billing.services.mirroring import invoices as seat_invoices
from billing.services.offering import catalog
from billing.services.reconciliation import reconciling_reading
from billing.services.selling import cards, checkout
from billing.services.trying import trial_changes, trial_notices
from config import clock
from tests import factories, shelf

NO_CARD = {"action": "pay", "card_name": "Olive Owner", "country": "DE"}


def begin(shop, organization=None, actor=None, *, card="", **wanted):
    """A trial that runs, with a card or without one."""
    attempt = start(shop, organization, actor, **wanted)
    if card:
        shop.pay(attempt, card)
    else:
        assert requests.post(attempt.url, data=NO_CARD, allow_redirects=False, timeout=30).status_code == 303
    shop.settle()
    attempt.refresh_from_db()
    assert attempt.state == "applied", (attempt.state, attempt.message)
    return shop.fresh(attempt.subscription)


def start(shop, organization=None, actor=None, **wanted):
    cart = shop.cart(organization, actor=actor, is_trial=True, **wanted)
    return checkout.start(cart=cart, organization=cart.organization, origin=shop.origin, at=clock.now())


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


def test_without_a_card_it_pauses_and_a_card_wakes_it(shop):
    """Start, other seats, both notices, no card, read-only; then a card, and exactly the amount agreed to."""
    row = begin(shop, seats=10)
    assert (row.status, row.quantity, row.trial_ends_at - row.started_at) == ("trialing", 10, timedelta(days=14))
    assert not row.organization.customer.payment_method_id
    assert len(mails("trial_started")) == 1
    offer = seats.offer(row, seats=12, at=clock.now())
    first = offer.preview.first_charge
    assert (offer.preview.due_now_minor, first.due_minor, first.at) == (0, 19_200, row.trial_ends_at)
    change = seats.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    assert (change.state, shop.at_stripe(row)["items"].data[0].quantity) == ("done", 12)

    shop.advance(days=13, hours=12)
    told = mails("trial_ends")
    assert [mail.context["days_left"] for mail in told] == [7, 1]
    assert {mail.context["amount_minor"] for mail in told} == {19_200}
    shop.advance(days=2)
    row = shop.fresh(row)
    assert (row.status, mrr(row), len(mails("trial_paused"))) == ("paused", [0, 0], 1)
    assert entitlements.check(shop.organization, feature="storage_gb").reason == "read_only"
    assert invoices.newest(shop.organization, 5) == ()
    with pytest.raises(seats.Paused):
        seats.offer(row, seats=13, at=clock.now())

    wanted = resuming.offer(row)
    assert wanted.charge.due_minor == 19_200
    with pytest.raises(resuming.NoCard):
        resuming.resume(row, token=wanted.token, origin=shop.origin, at=clock.now())
    agreed = resuming.agreed(row, wanted.token)
    setup = cards.start_setup(shop.organization, origin=shop.origin, at=clock.now(), agreed=agreed)
    shop.pay(setup.result["url"])
    assert cards.look_up(setup.result["session"], shop.organization)
    shop.settle()
    row = shop.fresh(row)
    assert (row.status, sum(mrr(row)), row.quantity) == ("active", 19_200, 12)
    assert [(one.total_minor, one.status) for one in invoices.newest(shop.organization, 5)] == [(19_200, "paid")]
    assert len(mails("receipt")) == 1


def test_with_a_card_it_is_charged_as_announced_and_revenue_begins_then(shop):
    """Taxed, longer by a click, then a card: the mail's amount is the charge, and MRR begins with it."""
    wanted = replace(shelf.read(), tax=tax.Settings(tax.Mode("rates"), "DE", (tax.Rate("DE", "VAT", "19"),)))
    catalog.apply(wanted=wanted, at=clock.now(), origin=Origin.system())
    row = begin(shop, seats=10)
    with pytest.raises(trial_changes.CannotExtend):  # not before its last days
        trial_changes.extend(row, origin=shop.origin, at=clock.now())
    shop.advance(days=10)
    assert trial_changes.extend(shop.fresh(row), origin=shop.origin, at=clock.now()).state == "done"
    longer = shop.fresh(row)
    assert longer.trial_ends_at - row.trial_ends_at == timedelta(days=7)
    with pytest.raises(trial_changes.CannotExtend):  # and once alone
        trial_changes.extend(longer, origin=shop.origin, at=clock.now())
    setup = cards.start_setup(shop.organization, origin=shop.origin, at=clock.now())
    shop.pay(setup.result["url"])
    assert cards.look_up(setup.result["session"], shop.organization)
    assert mrr(row) == [0]

    shop.advance(days=11, hours=2)
    told = [
        (mail.context["days_left"], mail.context["amount_minor"], mail.context["tax_minor"]) for mail in mails("trial_ends")
    ]
    assert told == [(7, 19_040, 3_040), (7, 19_040, 3_040), (1, 19_040, 3_040)]
    paid = Invoice.objects.get(subscription=row, status="paid", total_minor__gt=0)
    assert (paid.amount_paid_minor, paid.tax_minor) == (19_040, 3_040)
    entry = SeatLedgerEntry.objects.filter(subscription=row).latest("pk")
    assert (entry.kind, entry.delta, entry.mrr_delta_minor, entry.occurred_at) == ("converted", 0, 16_000, longer.trial_ends_at)
    assert entry.stripe_invoice_id == paid.stripe_id
    assert Journal.objects.filter(kind="billing.trial.converted").count() == 1
    assert not Journal.objects.filter(kind="billing.subscription.renewed").exists()


def test_a_lane_that_slept_says_the_last_stage_once(shop, monkeypatch):
    row = begin(shop, seats=3)
    late = row.trial_ends_at - timedelta(hours=5)
    shop.advance_to(late)
    assert [mail.context["days_left"] for mail in mails("trial_ends")] == [1]
    assert trial_notices.drain(clock.wall()).handled == 0
    assert Trial.objects.get().notice_due_at is None


def test_seats_changed_while_stripe_was_asked_make_the_notice_ask_anew(shop, monkeypatch):
    row = begin(shop, seats=10)
    Trial.objects.update(notice_due_at=clock.now())
    monkeypatch.setattr(clock, "now", lambda at=row.trial_ends_at - timedelta(days=6): at)
    asked = first_charges.at_trial_end

    def meanwhile(subscription):
        charge = asked(subscription)
        Subscription.objects.filter(pk=subscription.pk).update(quantity=11)
        return charge

    with monkeypatch.context() as patched:
        patched.setattr(first_charges, "at_trial_end", meanwhile)
        assert trial_notices.drain(clock.wall()).handled == 0
    assert not mails("trial_ends"), "an amount for 10 seats is no news of 11"
    assert trial_notices.drain(clock.wall()).handled == 1
    assert [mail.context["seats"] for mail in mails("trial_ends")] == [11]


def test_a_company_has_one_trial(shop, cast):
    """By organization, by proven domain, and never for those who have bought; all are told why, and can buy."""
    sister = factories.OrganizationFactory(name="Acme Tools", domain="")
    colleague = factories.UserFactory(email="ada@acme.example")
    factories.MembershipFactory(organization=sister, user=colleague, role="owner")
    mine = start(shop, seats=10)
    with pytest.raises(trials.Refused) as refused:
        start(shop, sister, colleague, seats=5)
    assert (refused.value.answer.refusal, refused.value.answer.domain) == (rules.Refusal.COMPANY, "acme.example")
    # Buying instead closes the trial's page, and the company may try again.
    bought = shop.start(seats=10)
    mine.refresh_from_db()
    assert (mine.state, Trial.objects.get(attempt=mine).released_at is not None, bought.state) == ("expired", True, "open")
    theirs = start(shop, sister, colleague, seats=5)
    assert Trial.objects.get(attempt=theirs).domain == "acme.example"
    row = begin(shop, cast.globex, cast.stranger, seats=3)
    scheduled.end(row, reason_code=CancelReason.OTHER, reason="", origin=shop.origin, at=clock.now())
    shop.advance(days=15)
    assert (shop.fresh(row).status, mrr(row), invoices.newest(cast.globex, 5)) == ("canceled", [0, 0], ())
    with pytest.raises(trials.Refused) as refused:
        start(shop, cast.globex, cast.stranger, seats=3)
    assert refused.value.answer.refusal is rules.Refusal.USED


def test_fewer_seats_count_at_once_and_no_schedule_ends_the_trial(shop):
    row = begin(shop, seats=10)
    with pytest.raises(seats.InTrial):
        scheduled.change_seats(row, seats_after=5, releases=[], origin=shop.origin, at=clock.now())
    offer = seats.offer(row, seats=4, at=clock.now())
    assert seats.confirm(row, token=offer.token, origin=shop.origin, at=clock.now()).state == "done"
    now = shop.at_stripe(row)
    assert (now.status, now["items"].data[0].quantity, now.schedule) == ("trialing", 4, None)
    with pytest.raises(seats.BelowMinimum):
        seats.offer(shop.fresh(row), seats=2, at=clock.now())


def test_what_is_paused_ends_at_once_and_an_added_card_is_declined_or_asked_about(shop):
    row = begin(shop, seats=3)
    shop.advance(days=15)
    row = shop.fresh(row)
    agreed = resuming.agreed(row, resuming.offer(row).token)

    def add_card(outcome):
        setup = cards.start_setup(shop.organization, origin=shop.origin, at=clock.now(), agreed=agreed)
        shop.pay(setup.result["url"])
        shop.control("POST", "next_payment", outcome=outcome)
        cards.look_up(setup.result["session"], shop.organization)
        shop.settle()
        return cards.resumption(setup.result["session"])

    assert add_card("declined").state == "declined"
    assert (shop.fresh(row).status, invoices.owed(shop.organization)) == ("paused", [])
    change = first_payments.of_command(add_card("requires_action"))
    assert (change.state, change.due_now_minor) == ("waiting", agreed.due_minor)
    with pytest.raises(seats.Paused):
        scheduled.end(row, reason_code=CancelReason.OTHER, reason="", origin=shop.origin, at=clock.now())
    assert trial_changes.end(row, origin=shop.origin, at=clock.now()).state == "done"
    change.refresh_from_db()
    assert (change.state, at_stripe_the_invoice_is(change)) == ("dropped", "void")  # or what has ended could be paid for
    assert (shop.fresh(row).status, sum(mrr(row)), shop.fresh(row).quantity) == ("canceled", 0, 0)


def ended_with_a_card(shop):
    """A trial of three seats that ended without a card; one was added since, without going on."""

    def make():
        row = begin(shop, seats=3)
        shop.advance(days=15)
        setup = cards.start_setup(shop.organization, origin=shop.origin, at=clock.now())
        shop.pay(setup.result["url"])
        assert cards.look_up(setup.result["session"], shop.organization)
        shop.settle()
        return row

    return shop.fresh(shop.kept("ended with a card", make))


@pytest.fixture
def asked(shop):
    """A trial that goes on, and a bank that asks before the first charge: its row and what waits."""
    row = ended_with_a_card(shop)
    token = resuming.offer(row).token
    shop.control("POST", "next_payment", outcome="requires_action")
    command = resuming.resume(row, token=token, origin=shop.origin, at=clock.now())
    # A second click finds the first: one invoice, one payment.
    assert resuming.resume(shop.fresh(row), token=token, origin=shop.origin, at=clock.now()) == command
    shop.settle()
    change = first_payments.of_command(command)
    assert (command.state, change.state, change.due_now_minor, shop.fresh(row).status) == ("done", "waiting", 5_400, "paused")
    assert [len(mails(kind)) for kind in ("first_payment_waiting", "payment_failed")] == [1, 0]
    assert compared(shop, row) == ()
    return row, change


def at_stripe_the_invoice_is(change):
    return gateway.invoice(change.stripe_invoice_id).status


def test_a_bank_that_asks_first_is_answered_and_the_trial_goes_on(shop, asked):
    row, change = asked
    assert seats_in(overview.standing(shop.organization)) == ("paused", 5_400, 3)
    shop.pay_invoice(seat_invoices.payment_url(change.stripe_invoice_id))
    shop.settle()
    change.refresh_from_db()
    row = shop.fresh(row)
    assert (change.state, row.status, mrr(row), entitlements.check(shop.organization, feature="storage_gb").entitled) == (
        *("done", "active", [0, 5_400]),
        True,
    )
    assert overview.standing(shop.organization).change is None
    # Dropping what was paid meanwhile changes nothing.
    assert seat_increases.drop(change, origin=shop.origin, at=clock.now()).state == "done"
    assert (len(mails("receipt")), mails("first_payment_over")) == (1, [])


def seats_in(standing):
    waits = standing.first_payment
    return standing.state, waits.due_now_minor, waits.quantity_after


def test_what_is_dropped_or_late_is_voided_and_can_be_tried_again(shop, asked):
    row, change = asked
    assert seat_increases.drop(change, origin=shop.origin, at=clock.now()).state == "dropped"
    assert at_stripe_the_invoice_is(change) == "void"
    shop.control("POST", "next_payment", outcome="requires_action")
    token = resuming.offer(shop.fresh(row)).token
    again = first_payments.of_command(resuming.resume(shop.fresh(row), token=token, origin=shop.origin, at=clock.now()))
    assert again.pk != change.pk
    assert [mail.context["is_dropped"] for mail in mails("first_payment_over")] == [True]
    shop.advance(hours=24)  # Stripe would let it wait for a year
    again.refresh_from_db()
    assert (again.state, at_stripe_the_invoice_is(again), shop.fresh(row).status) == ("expired", "void", "paused")
    assert [mail.context["is_dropped"] for mail in mails("first_payment_over")] == [True, False]
    assert invoices.owed(shop.organization) == []


def test_an_invoice_voided_at_stripe_is_heard_of(shop, asked):
    row, change = asked
    gateway.void_invoice(change.stripe_invoice_id, key="by-hand")
    shop.settle()
    change.refresh_from_db()
    assert (change.state, shop.fresh(row).status) == ("expired", "paused")


def test_what_ended_at_stripe_meanwhile_can_no_longer_be_paid(shop, asked):
    row, change = asked
    gateway.cancel_subscription(row.stripe_id, {}, key="by-hand")
    shop.settle()
    change.refresh_from_db()
    assert (shop.fresh(row).status, change.state, at_stripe_the_invoice_is(change)) == ("canceled", "dropped", "void")


@pytest.mark.parametrize(("outcome", "state", "waits"), [("requires_action", "done", True), ("declined", "declined", False)])
def test_an_answer_that_was_lost_is_read_back(shop, outcome, state, waits):
    row = ended_with_a_card(shop)
    token = resuming.offer(row).token
    shop.control("POST", "next_payment", outcome=outcome)
    shop.control("POST", "faults", match="POST /v1/subscriptions/*/resume", kind="500_after_effect")
    command = resuming.resume(row, token=token, origin=shop.origin, at=clock.now())
    assert (command.state, bool(first_payments.of_command(command))) == (state, waits)


def test_a_longer_trial_that_nobody_agreed_to_is_named(shop):
    row = begin(shop, seats=3)
    gateway.update_subscription(
        row.stripe_id,
        {"trial_end": int((row.trial_ends_at + timedelta(days=30)).timestamp()), "proration_behavior": "none"},
        key="by-hand",
    )
    shop.settle()
    found = compared(shop, row)
    assert [(one.kind, one.ours["trial_ends_at"]) for one in found] == [("trial", row.trial_ends_at.isoformat())]


@pytest.mark.django_db(transaction=True)
@pytest.mark.serial
def test_two_organizations_of_a_company_that_start_at_once_get_one_trial(shop):
    sister = factories.OrganizationFactory(name="Acme Tools", domain="")
    colleague = factories.UserFactory(email="ada@acme.example")
    factories.MembershipFactory(organization=sister, user=colleague, role="owner")
    carts = [shop.cart(is_trial=True), shop.cart(sister, actor=colleague, is_trial=True)]
    starting = threading.Barrier(2)

    def run(cart, actor):
        try:
            starting.wait(timeout=60)
            origin = Origin(actor=actor, source=Source.PAGE)
            return checkout.start(cart=cart, organization=cart.organization, origin=origin, at=clock.now()).state
        except trials.Refused as error:
            return error.answer.refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as pool:
        made = [pool.submit(run, cart, actor) for cart, actor in zip(carts, (shop.owner, colleague), strict=True)]
        outcomes = sorted(str(one.result(timeout=120)) for one in made)
    assert outcomes == ["company", "open"]
    assert Trial.objects.filter(released_at=None).count() == 1
