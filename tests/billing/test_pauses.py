"""Pausing: unused time back as shown, nothing charged, what waits kept, going on by itself or sooner, limits and refusals."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from billing import gateway, gateway_endings
from billing.models import Invoice, Pause, SeatAssignment, SeatLedgerEntry
from billing.queries import entitlements, overview
from billing.rules import pauses as rules
from billing.services.books import first_payments
from billing.services.changes import scheduled, seats
from billing.services.leaving import endings, pauses, resuming
from config import clock
from tests.factories import rule


@pytest.fixture
def bought(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def rest(shop, row, months=2):
    offered = pauses.offer(row, months=months, at=clock.now())
    return pauses.pause(row, token=offered.token, origin=shop.origin, at=clock.now()), offered


def mrr(row):
    return sum(SeatLedgerEntry.objects.filter(subscription=row).values_list("mrr_delta_minor", flat=True))


def mails(kind):
    return OutgoingMail.objects.filter(kind=f"billing/{kind}").order_by("pk")


def test_it_rests_as_shown_and_goes_on_by_itself_with_what_waited(shop, bought, cast):
    shop.advance(days=10)
    change = scheduled.change_seats(shop.fresh(bought), seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    row = shop.fresh(bought)
    assert row.schedule_id
    pause, offered = rest(shop, row)
    assert (pause.state, pause.resumes_at) == ("on", rules.resumes_at(pause.began_at, 2))
    shop.settle()
    change.refresh_from_db()
    assert change.effective_at == rules.resumes_at(pause.resumes_at, 1), "the end of the first period after it"
    row = shop.fresh(row)
    assert (row.status, row.quantity, row.schedule_id, row.is_being_arranged) == ("paused", 10, "", False)
    assert row.organization.customer.balance_minor == -offered.credit.credit_minor < 0
    assert mrr(row) == 0
    assert SeatAssignment.objects.filter(subscription=row, ended_at=None).count() == 1
    assert entitlements.check(cast.acme, feature="storage_gb").reason == "read_only"
    rule("billing.pause_reads", False)
    assert entitlements.check(cast.acme, feature="storage_gb").reason == "paused"
    invoices = Invoice.objects.count()
    shop.advance_to(pause.resumes_at - timedelta(days=6))
    assert mails("pause_ends").first().context["amount_minor"] == 16_000 - offered.credit.credit_minor
    assert (shop.fresh(row).status, Invoice.objects.count()) == ("paused", invoices)
    shop.advance_to(pause.resumes_at + timedelta(hours=2))
    row, pause = shop.fresh(row), Pause.objects.get()
    assert (row.status, row.quantity, pause.state, mrr(row)) == ("active", 10, "resumed", 16_000)
    assert mails("resumed").exists()
    change.refresh_from_db()
    assert (change.state, change.effective_at) == ("pending", row.period_ends_at)
    assert shop.at_stripe(row).schedule
    assert overview.standing(cast.acme).coming == 8


def test_sooner_by_a_click_for_exactly_what_is_shown_and_only_once_a_year(shop, bought):
    pause, offered = rest(shop, bought)
    assert pauses.pause(bought, token=offered.token, origin=shop.origin, at=clock.now()).pk == pause.pk
    row = shop.fresh(bought)
    for refused in (lambda: pauses.offer(row, months=1, at=clock.now()), lambda: seats.offer(row, seats=12, at=clock.now())):
        with pytest.raises(seats.Paused):
            refused()
    shown = resuming.offer(row)
    assert shown.charge.due_minor == 16_000 - offered.credit.credit_minor
    command = resuming.resume(row, token=shown.token, origin=shop.origin, at=clock.now())
    assert command.state == "done"
    row = shop.fresh(row)
    assert (row.status, Pause.objects.get().state, mrr(row)) == ("active", "resumed", 16_000)
    with pytest.raises(pauses.Refused) as refused:
        pauses.offer(row, months=1, at=clock.now())
    assert (refused.value.why, refused.value.next_at) == ("too_soon", pause.began_at + timedelta(days=365))
    rule("billing.pauses_per_year", 2)
    assert pauses.offer(row, months=1, at=clock.now()).token


def test_a_card_that_is_declined_leaves_it_paused_and_is_tried_again(shop, bought):
    shop.advance(days=10)  # so that the credit does not pay for it all
    pause, _offered = rest(shop, shop.fresh(bought), months=1)
    shop.control("POST", "next_payment", outcome="declined")
    shop.advance_to(pause.resumes_at + timedelta(hours=1))
    row, pause = shop.fresh(bought), Pause.objects.get()
    assert (row.status, pause.state, pause.tries, pause.due_at is not None) == ("paused", "on", 1, True)
    assert shop.at_stripe(row).latest_invoice.status == "void"
    assert mails("pause_stays").first().context["again_at"]
    shop.advance_to(pause.due_at + timedelta(hours=1))
    assert (shop.fresh(row).status, Pause.objects.get().state) == ("active", "resumed")


def test_ended_while_it_rests_nothing_goes_back_twice(shop, bought):
    _pause, offered = rest(shop, bought)
    row = shop.fresh(bought)
    ending = endings.offer(row, is_owner=False, at=clock.now())
    assert (ending.credit.credit_minor, ending.terms.gives_back) == (0, False)
    said = {"reason_code": "closed", "reason": "", "origin": shop.origin, "at": clock.now()}
    endings.end(row, token=ending.token, is_owner=False, **said)
    shop.settle()
    row = shop.fresh(row)
    assert (row.status, row.quantity, mrr(row), Pause.objects.get().state) == ("canceled", 0, 0, "ended")
    assert row.organization.customer.balance_minor == -offered.credit.credit_minor


def test_a_lost_answer_and_time_that_passes_pause_it_once_for_what_was_shown(shop, bought):
    shop.advance(days=3)
    row = shop.fresh(bought)
    offered = pauses.offer(row, months=1, at=clock.now())
    shop.control("POST", "clock", advance_to=int((clock.now() + timedelta(minutes=10)).timestamp()))
    shop.control("POST", "faults", match="POST /v1/subscriptions/*/pause", kind="drop_after_effect")
    pauses.pause(row, token=offered.token, origin=shop.origin, at=clock.now())
    shop.settle()
    assert shop.fresh(row).organization.customer.balance_minor == -offered.credit.credit_minor
    assert Pause.objects.get().state == "on"


def test_paused_by_hand_at_stripe_and_gone_on_there_counts_no_revenue_between(shop, bought):
    gateway_endings.pause_subscription(bought.stripe_id, pauses.HOW, key="by-hand")
    shop.settle()
    assert (shop.fresh(bought).status, mrr(bought), Pause.objects.count()) == ("paused", 0, 0)
    gateway.resume_subscription(bought.stripe_id, {"payment_behavior": "resume_on_payment_success"}, key="on-by-hand")
    shop.settle()
    assert (shop.fresh(bought).status, mrr(bought)) == ("active", 16_000)


@pytest.mark.parametrize(("months", "why"), [(0, "too_long"), (4, "too_long")])
def test_no_longer_than_the_policy_says(shop, bought, months, why):
    with pytest.raises(pauses.Refused) as refused:
        pauses.offer(bought, months=months, at=clock.now())
    assert (refused.value.why, refused.value.most_months) == (why, 3)


def test_what_ends_or_waits_is_in_its_way(shop, bought):
    change = scheduled.end(bought, reason_code="price", reason="", origin=shop.origin, at=clock.now())
    with pytest.raises(seats.EndsSoon):
        pauses.offer(shop.fresh(bought), months=1, at=clock.now())
    scheduled.take_back(change, origin=shop.origin, at=clock.now())
    shop.control("POST", "next_payment", outcome="requires_action")
    token = seats.offer(shop.fresh(bought), seats=12, at=clock.now()).token
    seats.confirm(shop.fresh(bought), token=token, origin=shop.origin, at=clock.now())
    with pytest.raises(seats.WaitsForPayment):
        pauses.offer(shop.fresh(bought), months=1, at=clock.now())


def test_the_bank_that_is_asked_first_lets_it_go_on_once_it_is_paid(shop, bought):
    shop.advance(days=10)
    rest(shop, shop.fresh(bought))
    row = shop.fresh(bought)
    shop.control("POST", "next_payment", outcome="requires_action")
    command = resuming.resume(row, token=resuming.offer(row).token, origin=shop.origin, at=clock.now())
    waiting = first_payments.of_command(command)
    assert (shop.fresh(row).status, waiting.state, waiting.kind) == ("paused", "waiting", "resumption")
    shop.pay_invoice(gateway.invoice(waiting.stripe_invoice_id).hosted_invoice_url)
    shop.settle()
    waiting.refresh_from_db()
    assert (shop.fresh(row).status, waiting.state, Pause.objects.get().state, mrr(row)) == ("active", "done", "resumed", 16_000)
