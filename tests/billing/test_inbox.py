"""The inbox: what Stripe tells, right under any order, duplication, delay and failure. The door is in test_webhook.py."""

import itertools
import json
import random
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import Journal, OutgoingMail, Role
from billing import gateway
from billing.models import InboxEvent, Invoice, SeatLedgerEntry, StripeObject, Subscription
from billing.rules import stripe_events
from billing.rules.stripe_events import Kind
from billing.services import inbox
from billing.services.changes import change_prices, seat_tokens, seats
from billing.services.mirroring import mirror, poller
from config import clock, pulse
from tests import factories, webhooks

# --- Failures ---------------------------------------------------------------------------------------------------------


def test_a_failure_is_kept_waits_longer_each_time_and_can_be_tried_at_once(shop, monkeypatch):
    row = shop.buy(seats=10)
    inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)
    monkeypatch.setattr(inbox, "_applier", lambda _kind: lambda _answer, _at: 1 / 0)
    waits = []
    for _again in range(3):
        now = clock.wall()
        StripeObject.objects.filter(pk=row.stripe_id).update(due_at=now)
        assert inbox.drain(now).handled == 0
        kept = StripeObject.objects.get(pk=row.stripe_id)
        waits.append(round((kept.due_at - now).total_seconds()))
        assert "ZeroDivisionError" in kept.error
        assert kept.lease_until is None
    assert waits == [2, 4, 8]
    monkeypatch.undo()
    assert inbox.drain(clock.wall()).next_due_at == kept.due_at
    inbox.retry(row.stripe_id)
    assert inbox.drain(clock.wall()).handled == 1
    kept.refresh_from_db()
    assert (kept.error, kept.cleaned, kept.attempts) == ("", kept.dirty, 0)


def test_one_bad_object_does_not_hold_up_the_others(shop):
    row = shop.buy(seats=10)
    for key in ("sub_gone", row.stripe_id):
        inbox.touch(Kind.SUBSCRIPTION, key)
    assert inbox.drain(clock.wall()).handled == 1
    assert "does not know" in StripeObject.objects.get(pk="sub_gone").error


@pytest.mark.django_db
def test_what_is_asked_for_at_once_is_read_in_that_order_whoever_was_at_it(monkeypatch):
    applied = []
    monkeypatch.setattr(inbox, "READERS", {Kind.INVOICE: (str, "")})
    monkeypatch.setattr(inbox, "_applier", lambda _kind: lambda answer, _at: applied.append(answer))
    for key in ("in_a", "in_b", "in_clean", "in_read"):
        inbox.touch(Kind.INVOICE, key)
    StripeObject.objects.filter(pk="in_clean").update(cleaned=F("dirty"))
    StripeObject.objects.filter(pk="in_read").update(lease_until=clock.wall() + timedelta(hours=1))
    inbox.read_now("in_read", "in_b", "in_clean", "in_a", "in_nowhere")
    assert applied == ["in_read", "in_b", "in_a"]
    assert not StripeObject.objects.filter(dirty__gt=F("cleaned")).exists()


def test_a_lost_lease_cannot_apply(shop, monkeypatch):
    """Somebody else took the object while we fetched it: what we fetched is thrown away."""
    row = shop.buy(seats=10)
    inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)
    applied = []
    monkeypatch.setattr(inbox, "_applier", lambda _kind: lambda answer, _at: applied.append(answer))
    one = inbox._claim(clock.wall())[0]
    StripeObject.objects.filter(pk=one.key).update(fence=F("fence") + 1)
    assert inbox._handle(one, lambda: gateway.subscription(one.key)) is False
    assert applied == []


# --- Truth ------------------------------------------------------------------------------------------------------------


def set_quantity(shop, row, quantity):
    """Somebody changes the seats in Stripe's own dashboard."""
    params = {"items": [{"id": row.stripe_item_id, "quantity": quantity}], "proration_behavior": "none"}
    return gateway.update_subscription(row.stripe_id, params, key=f"dashboard:{row.pk}:{quantity}")


def deliver(client, event):
    assert webhooks.send(client, event).status_code == 200


def keep(event):
    """As the door does with a good signature."""
    body = json.dumps(event)
    inbox.accept(stripe_events.read(body), body=body, source="webhook")


def events_of(shop):
    """What Stripe has to tell, oldest first, as webhooks carry it."""
    return list(shop.account.store.newest_first("event"))[::-1]


def test_an_invoice_told_of_before_its_subscription_has_its_receipt_all_the_same(shop):
    attempt = shop.start(seats=10)
    shop.pay(attempt)
    poller.look()
    StripeObject.objects.exclude(kind=Kind.INVOICE).update(due_at=clock.wall() + timedelta(hours=1))
    pulse.drain_all(only={"inbox": inbox.drain})
    assert (Invoice.objects.get().status, Invoice.objects.get().subscription) == ("paid", None)
    receipts = OutgoingMail.objects.filter(kind="billing/receipt", recipient=shop.owner.email)
    assert not receipts.exists()
    StripeObject.objects.update(due_at=clock.wall())
    shop.settle()
    assert Invoice.objects.get().subscription == seats.current(shop.organization)
    assert receipts.count() == 1
    assert Journal.objects.filter(kind="billing.invoice.paid").count() == 1


def test_an_answer_older_than_a_commands_end_is_thrown_away(shop):
    """Fetched at 10 seats; meanwhile a change to 13 was made and booked; the old answer must not undo it."""
    shop.buy(seats=10)
    row = seats.current(shop.organization)
    inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)
    one = inbox._with_versions(inbox._claim(clock.wall()))[0]
    old = gateway.subscription(row.stripe_id)
    now = clock.now()
    token = seats.offer(row, seats=13, at=now).token
    assert seats.confirm(row, token=token, origin=shop.origin, at=now).state == "done"
    assert inbox._handle(one, lambda: old) is False
    row.refresh_from_db()
    assert (row.quantity, row.ledger.count()) == (13, 2)
    shop.settle()
    row.refresh_from_db()
    assert (row.quantity, row.ledger.count()) == (13, 2)
    assert not StripeObject.objects.filter(dirty__gt=F("cleaned")).exists()


def test_a_burst_is_one_fetch(shop, client):
    row = shop.buy(seats=10)
    for quantity in range(11, 21):
        set_quantity(shop, row, quantity)
    for event in events_of(shop):
        deliver(client, event)
    shop.control("DELETE", "calls")
    while inbox.drain(clock.wall()).handled:
        pass
    calls = [call["path"] for call in shop.control("GET", "calls")["data"]]
    assert calls.count(f"/v1/subscriptions/{row.stripe_id}") == 1
    assert InboxEvent.objects.filter(handled_at=None).count() == 0
    assert Subscription.objects.get(pk=row.pk).quantity == 20


def test_an_event_during_the_fetch_makes_another_fetch(shop, client, monkeypatch):
    """Two changes 12 ms apart while the API is slow: the second event comes when the first answer is on its way."""
    row = shop.buy(seats=10)
    shop.settle()
    set_quantity(shop, row, 11)
    deliver(client, events_of(shop)[-1])
    one = inbox._with_versions(inbox._claim(clock.wall()))[0]
    answer = gateway.subscription(one.key)
    set_quantity(shop, row, 12)
    deliver(client, events_of(shop)[-1])
    assert inbox._handle(one, lambda: answer) is True
    assert Subscription.objects.get(pk=row.pk).quantity == 11
    assert InboxEvent.objects.filter(handled_at=None).count() == 1
    assert inbox.drain(clock.wall()).handled == 1
    assert Subscription.objects.get(pk=row.pk).quantity == 12
    assert InboxEvent.objects.filter(handled_at=None).count() == 0


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_two_changes_12_ms_apart_with_a_slow_api_and_ties_within_a_second(shop):
    """150 pairs of changes, all within their second, webhooks in the wrong order, two pulses, a slow API: none ends wrong.

    Five subscriptions, so that five pairs are on their way at once.
    """
    rows = [shop.buy(seats=10), *(_bought_by_others(shop) for _each in range(4))]
    shop.control("POST", "faults", match="GET /v1/subscriptions/*", kind="slow", seconds=0.02, times=100_000)
    stop = threading.Event()
    pulses = [threading.Thread(target=_pulse, args=(stop,)) for _each in range(2)]
    for one in pulses:
        one.start()
    wrong = 0
    try:
        for number in range(30):
            first, second = 20 + 2 * number, 21 + 2 * number
            for row in rows:
                since = _newest(shop)
                set_quantity(shop, row, first)
                time.sleep(0.012)
                set_quantity(shop, row, second)
                for event in reversed(_events_after(shop, since)):
                    keep(event)
            wrong += _wrong_when_quiet(rows, second)
    finally:
        stop.set()
        for one in pulses:
            one.join()
    assert wrong == 0
    for row in rows:
        total = sum(SeatLedgerEntry.objects.filter(subscription=row).values_list("delta", flat=True))
        assert total == Subscription.objects.get(pk=row.pk).quantity == 21 + 2 * 29


def _bought_by_others(shop):
    member = factories.MembershipFactory(role=Role.OWNER)
    return shop.buy(member.organization, member.user, seats=10)


def _pulse(stop):
    while not stop.is_set():
        inbox.drain(clock.wall())
        time.sleep(0.02)
    connection.close()


def _newest(shop):
    return next(iter(shop.account.store.newest_first("event")))["id"]


def _events_after(shop, known):
    """What Stripe has told since that event, oldest first."""
    newer = itertools.takewhile(lambda event: event["id"] != known, shop.account.store.newest_first("event"))
    return list(newer)[::-1]


def _wrong_when_quiet(rows, quantity):
    """How many rows do not say `quantity` once nothing is dirty; all, if it does not come to that."""
    deadline = time.monotonic() + 60
    while StripeObject.objects.filter(dirty__gt=F("cleaned")).exists():
        if time.monotonic() > deadline:
            return len(rows)
        time.sleep(0.01)
    return len(rows) - Subscription.objects.filter(pk__in=[row.pk for row in rows], quantity=quantity).count()


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_a_thousand_webhooks_shuffled_doubled_and_failing(shop, monkeypatch):
    """20% come twice, in any order, while 30% of the reads fail: in the end all is as Stripe says."""
    monkeypatch.setattr(gateway, "ATTEMPTS", 1)  # every failed read is the inbox's to mend
    rng = random.Random(20260312)
    row = shop.buy(seats=10)
    quantity = 10
    told = []
    while len(told) < 1000:
        since = _newest(shop)
        quantity = rng.choice([number for number in range(5, 60) if number != quantity])
        behavior = rng.choice(["always_invoice", "always_invoice", "always_invoice", "none"])
        params = {"items": [{"id": row.stripe_item_id, "quantity": quantity}], "proration_behavior": behavior}
        gateway.update_subscription(row.stripe_id, params, key=f"dashboard:{len(told)}")
        told += _events_after(shop, since)
    told = told[:1000]
    told += rng.sample(told, 200)
    rng.shuffle(told)
    for start in range(0, len(told), 100):
        for event in told[start : start + 100]:
            keep(event)
        _fail_some(shop, rng, 30)
        while inbox.drain(clock.wall()).handled:
            pass
    shop.control("DELETE", "faults")
    _drain_to_empty()
    assert not StripeObject.objects.filter(dirty__gt=F("cleaned")).exists()
    assert not InboxEvent.objects.filter(handled_at=None).exists()
    _assert_mirrors_stripe(row)


def _fail_some(shop, rng, percent):
    """So many of the next reads go wrong, in each of the ways there are, one after the other."""
    shop.control("DELETE", "faults")
    for _each in range(percent):
        kind = rng.choice(["500", "429", "drop"])
        shop.control("POST", "faults", match="GET /v1/*", kind=kind, times=1)


def _drain_to_empty():
    for _turn in range(500):
        StripeObject.objects.filter(dirty__gt=F("cleaned")).update(due_at=clock.wall())
        if not StripeObject.objects.filter(dirty__gt=F("cleaned")).exists():
            return
        inbox.drain(clock.wall())


def _assert_mirrors_stripe(row):
    there = gateway.subscription(row.stripe_id)
    here = Subscription.objects.get(pk=row.pk)
    item = there["items"].data[0]
    assert (here.quantity, here.status) == (item.quantity, there.status)
    assert (here.period_starts_at, here.period_ends_at) == (
        mirror.at_instant(item.current_period_start),
        mirror.at_instant(item.current_period_end),
    )
    assert sum(SeatLedgerEntry.objects.filter(subscription=row).values_list("delta", flat=True)) == here.quantity
    for invoice in Invoice.objects.filter(subscription=here):
        at_stripe = gateway.invoice(invoice.stripe_id)
        assert (invoice.status, invoice.total_minor, invoice.amount_paid_minor) == (
            at_stripe.status,
            at_stripe.total,
            at_stripe.amount_paid,
        )
    newest = there.latest_invoice.id
    assert Invoice.objects.filter(stripe_id=newest).exists()


def test_an_event_about_an_open_command_finishes_that_command(shop, client):
    """The web process died after Stripe took the change: the webhook brings it to its end."""
    shop.buy(seats=10)
    row = seats.current(shop.organization)
    now = clock.now()
    token = seats.offer(row, seats=12, at=now).token
    agreed = seats._Agreed(seat_tokens.read(token), change_prices.Wanted(seats=12), 0)
    change = seats._open(row, agreed, origin=shop.origin, at=now, assign_to=[], external_id=None)
    gateway.update_subscription(  # breath 2 took place, breath 3 did not
        row.stripe_id,
        {
            "items": [{"id": row.stripe_item_id, "quantity": 12}],
            "proration_behavior": "always_invoice",
            "proration_date": change.command.payload["proration_date"],
            "payment_behavior": "pending_if_incomplete",
        },
        key=change.command.idempotency_key,
    )
    deliver(client, next(event for event in reversed(events_of(shop)) if event["type"] == "customer.subscription.updated"))
    StripeObject.objects.update(due_at=clock.wall() - timedelta(seconds=1))
    while inbox.drain(clock.wall()).handled:
        pass
    change.refresh_from_db()
    row.refresh_from_db()
    entry = row.ledger.last()
    assert (change.state, row.quantity, entry.kind, entry.command) == ("done", 12, "added", change.command)
    assert row.ledger.count() == 2
