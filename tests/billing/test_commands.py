"""The three breaths: a crash, a lost answer or two clicks at any moment lose nothing and charge once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import Journal
from billing import gateway
from billing.models import CommandState, Invoice, SeatChange, StripeCommand, StripeObject, Subscription
from billing.services import commands
from billing.services.changes import change_prices, seat_tokens, seats
from config import clock

UPDATE = "POST /v1/subscriptions/*"


@pytest.fixture
def bought(shop):
    """Ten seats, half a period and a minute in (at the very half a second more changes the cents)."""
    return shop.kept("bought half a period and a minute ago", lambda: _bought(shop))


def _bought(shop):
    row = shop.buy(seats=10)
    shop.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2 + timedelta(minutes=1))
    return seats.current(shop.organization)


def token_for(row, count):
    return seats.offer(row, seats=count, at=clock.now()).token


def confirm(shop, row, token):
    return seats.confirm(row, token=token, origin=shop.origin, at=clock.now())


def make_due():
    """Time passes: grace and leases are over."""
    past = clock.wall() - timedelta(seconds=1)
    StripeCommand.objects.filter(state=CommandState.OPEN).update(due_at=past, lease_until=None)


def assert_charged_once(shop, row, change, *, seats_now):
    """Stripe, ledger, rows and the invoice agree, and there is one invoice of the change."""
    shop.settle()
    row.refresh_from_db()
    change.refresh_from_db()
    there = gateway.subscription(row.stripe_id)
    assert (change.state, row.quantity, there["items"].data[0].quantity) == ("done", seats_now, seats_now)
    assert [entry.delta for entry in row.ledger.all()] == [10, seats_now - 10]
    updates = Invoice.objects.filter(subscription=row, billing_reason="subscription_update")
    assert [(one.status, one.amount_paid_minor, one.stripe_id) for one in updates] == [
        ("paid", change.due_now_minor, change.stripe_invoice_id)
    ]
    assert not StripeCommand.objects.filter(state=CommandState.OPEN).exists()
    assert not StripeObject.objects.filter(dirty__gt=F("cleaned")).exists()
    assert not Journal.objects.filter(kind="billing.charge.differed").exists()


# --- Breath 1 alone (kill -9 of the processes themselves: tests/faults) -----------------------------------------------------


def open_change(shop, row, count):
    """Breath 1 alone: what a web process has committed when it is about to call Stripe."""
    now = clock.now()
    body = seat_tokens.read(token_for(row, count))
    wanted = change_prices.Wanted(seats=count)
    shown = change_prices.ask(row, wanted, clock.now().replace(microsecond=0))
    agreed = seats._Agreed(body | {"p": shown.as_json()}, wanted, 0)
    return seats._open(row, agreed, origin=shop.origin, at=now, assign_to=[], external_id=None)


# --- Lost answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop_after_effect", "429", "drop"])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(shop, bought, kind):
    token = token_for(bought, 13)
    shop.control("POST", "faults", match=UPDATE, kind=kind)
    shop.control("DELETE", "calls")
    change = confirm(shop, bought, token)
    calls = [call for call in shop.control("GET", "calls")["data"] if call["path"] == f"/v1/subscriptions/{bought.stripe_id}"]
    keys = {call["idempotency_key"] for call in calls if call["method"] == "POST"}
    assert keys == {change.command.idempotency_key}
    assert_charged_once(shop, bought, change, seats_now=13)


def test_the_connection_drops_after_the_effect_again_and_again(shop, bought, monkeypatch):
    """Every answer of this request is lost: the page says it is being made, and the pulse brings it to its end."""
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    token = token_for(bought, 13)
    shop.control("POST", "faults", match=UPDATE, kind="drop_after_effect", times=gateway.ATTEMPTS)
    change = confirm(shop, bought, token)
    assert (change.state, change.command.state, change.command.attempts) == ("sending", "open", 1)
    assert change.command.error
    make_due()
    commands.drain(clock.wall())
    assert_charged_once(shop, bought, change, seats_now=13)


def test_a_replayed_failure_is_not_sent_again_but_read_back(shop, bought, monkeypatch):
    """Stripe answered 500 after the effect, and keeps answering it for this key: what is true is read from Stripe."""
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    token = token_for(bought, 13)
    shop.control("POST", "faults", match=UPDATE, kind="500_after_effect")
    change = confirm(shop, bought, token)
    if change.state == "sending":
        make_due()
        commands.drain(clock.wall())
    assert_charged_once(shop, bought, change, seats_now=13)


def test_a_replayed_failure_without_effect_ends_as_failed(shop, bought, monkeypatch):
    """Stripe saves its 500 too and replays it for the key: nothing was charged, and the buyer can begin anew."""
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    shop.control("POST", "faults", match=UPDATE, kind="500")
    change = confirm(shop, bought, token_for(bought, 13))
    assert (change.state, change.command.state) == ("failed", "failed")
    assert change.message
    assert_nothing_happened(shop, bought)
    again = confirm(shop, bought, token_for(bought, 13))
    assert_charged_once(shop, bought, again, seats_now=13)


def assert_nothing_happened(shop, row):
    shop.settle()
    row.refresh_from_db()
    assert (row.quantity, row.ledger.count()) == (10, 1)
    assert gateway.subscription(row.stripe_id)["items"].data[0].quantity == 10


# --- Twenty hours -----------------------------------------------------------------------------------------------------


def test_after_twenty_hours_nothing_is_sent_again(shop, bought, monkeypatch):
    """Stripe forgets keys after a day: the effect, if there was one, is found by reading."""
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    token = token_for(bought, 13)
    shop.control("POST", "faults", match=UPDATE, kind="drop_after_effect", times=gateway.ATTEMPTS)
    change = confirm(shop, bought, token)
    make_due()
    StripeCommand.objects.filter(pk=change.command_id).update(first_sent_at=clock.wall() - commands.RESEND_FOR)
    shop.control("DELETE", "calls")
    commands.drain(clock.wall())
    posts = [call for call in shop.control("GET", "calls")["data"] if call["method"] == "POST"]
    assert [call["path"] for call in posts if "/subscriptions/" in call["path"]] == []
    assert_charged_once(shop, bought, change, seats_now=13)


def test_after_twenty_hours_without_an_effect_it_ends_as_failed(shop, bought, monkeypatch):
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    token = token_for(bought, 13)
    shop.control("POST", "faults", match=UPDATE, kind="drop", times=gateway.ATTEMPTS)
    change = confirm(shop, bought, token)
    assert change.state == "sending"
    make_due()
    StripeCommand.objects.filter(pk=change.command_id).update(first_sent_at=clock.wall() - commands.RESEND_FOR)
    commands.drain(clock.wall())
    change.refresh_from_db()
    assert (change.state, change.command.state) == ("failed", "failed")
    assert_nothing_happened(shop, bought)


def test_waits_double_up_to_ten_minutes(shop, bought, monkeypatch):
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    token = token_for(bought, 13)
    shop.control("POST", "faults", match=UPDATE, kind="drop", times=1000)
    change = confirm(shop, bought, token)
    waits = []
    for attempts in (1, 2, 5, 40):
        make_due()
        StripeCommand.objects.filter(pk=change.command_id).update(attempts=attempts - 1)
        commands.drain(clock.wall())
        waits.append(round((StripeCommand.objects.get(pk=change.command_id).due_at - clock.wall()).total_seconds()))
    assert waits == [2, 4, 32, 600]


# --- Two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_token", [True, False])
def test_two_confirm_at_once(shop, bought, same_token):
    tokens = [token_for(bought, 13)] * 2 if same_token else [token_for(bought, 13), token_for(bought, 13)]
    shop.control("POST", "faults", match=UPDATE, kind="slow", seconds=0.3)
    outcomes, ready = [], threading.Barrier(2)

    def click(token):
        row = seats.current(shop.organization)
        ready.wait(10)
        try:
            outcomes.append(confirm(shop, row, token).public_id)
        except (commands.Busy, seats.Stale, seats.NothingChanges) as refused:
            outcomes.append(type(refused).__name__)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click, args=(token,)) for token in tokens]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    change = SeatChange.objects.get()
    if same_token:
        assert outcomes == [change.public_id] * 2
    else:
        assert change.public_id in outcomes
        assert {"Busy", "Stale", "NothingChanges"} & set(outcomes)
    if change.state == "sending":
        make_due()
    assert_charged_once(shop, bought, change, seats_now=13)


def test_a_lost_lease_cannot_conclude(shop, bought):
    """It took so long that somebody else took over: the late one's end is dropped, and its effect counts once."""
    change = open_change(shop, bought, 13)
    late = commands._claim(change.command_id)
    sent = commands._send(late)
    StripeCommand.objects.filter(pk=change.command_id).update(lease_until=clock.wall() - timedelta(seconds=1))
    other = commands.execute(change.command_id)
    assert other.state == CommandState.DONE
    ended = commands._conclude(late, sent)
    assert (ended.fence, ended.state, ended.concluded_at) == (other.fence, other.state, other.concluded_at)
    assert_charged_once(shop, bought, change, seats_now=13)


def test_nobody_takes_what_is_under_a_live_lease(shop, bought):
    change = open_change(shop, bought, 13)
    make_due()
    assert commands._claim(change.command_id) is not None
    assert commands._claim(change.command_id) is None
    assert commands.drain(clock.wall()).handled == 0
    assert commands.execute(change.command_id).state == CommandState.OPEN


def test_one_open_command_a_subscription(shop, bought):
    token = token_for(bought, 12)
    open_change(shop, bought, 13)
    with pytest.raises(commands.Busy):
        commands.open_command(
            kind="seats.increase",
            target=f"subscription:{bought.pk}",
            organization=bought.organization,
            payload={},
            origin=shop.origin,
            at=clock.now(),
        )
    with pytest.raises((commands.Busy, seats.Stale)):
        confirm(shop, bought, token)
    assert StripeCommand.objects.filter(kind="seats.increase").count() == 1


# --- Outcomes ---------------------------------------------------------------------------------------------------------


def test_a_decline_is_an_outcome_and_paying_again_a_new_attempt(shop, bought):
    customer = bought.organization.customer.stripe_id
    shop.control("POST", "next_payment", outcome="declined", customer=customer)
    change = confirm(shop, bought, token_for(bought, 13))
    assert change.state in ("declined", "waiting")
    assert Subscription.objects.get(pk=bought.pk).quantity == 10
    assert change.command.state in (CommandState.DECLINED, CommandState.DONE)
    if change.state == "waiting":
        from_the_page = gateway.invoice(change.stripe_invoice_id)
        assert (from_the_page.status, from_the_page.amount_remaining) == ("open", change.due_now_minor)
        gateway.pay_invoice(change.stripe_invoice_id, {}, key="paid on the hosted page")
        assert_charged_once(shop, bought, change, seats_now=13)


def test_a_refusal_undoes_the_promise(shop, bought, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise gateway.Refused("no such item", code="resource_missing", param="items")

    token = token_for(bought, 13)
    monkeypatch.setattr(gateway, "update_subscription", refuse)
    change = confirm(shop, bought, token)
    assert (change.state, change.message, change.command.state) == ("failed", "no such item", "failed")
    monkeypatch.undo()
    assert_nothing_happened(shop, bought)
    assert_charged_once(shop, bought, confirm(shop, bought, token_for(bought, 13)), seats_now=13)
