"""The two buttons of a difference, end to end: what is booked here and sent to Stripe, and the night that finds nothing."""

import functools

import pytest
from django.db.models import Sum

from accounts.models import Journal
from accounts.origin import Origin, Source
from billing import gateway
from billing.models import Difference, Invoice, ScheduledChange, StripeCommand, Subscription
from billing.queries import catalog
from billing.rules import pricing
from billing.services import commands, inbox
from billing.services.books import projection
from billing.services.changes import scheduled
from billing.services.reconciliation import reconciling, reconciling_commands
from billing.services.reconciliation import reconciling_decisions as decisions
from config import clock
from tests.billing.planting import Company

WHY = "Agreed by phone on Monday"


def run():
    return reconciling.go_on(reconciling.begin())


@pytest.fixture
def company(shop):
    return Company(shop, 4)


@pytest.fixture
def by(cast):
    return Origin(actor=cast.staff_member("revenue_operations"), source=Source.ADMIN, request_id="r-1")


@pytest.fixture
def decide(by):
    def decide(verb, row=None):
        row = row or Difference.objects.open().select_related("subscription").get()
        return verb(row, reason=WHY, origin=by, at=clock.now())

    return decide


def settle(shop):
    """Whatever a decision set in motion, then a night that must find nothing to say."""
    shop.settle()
    done = run()
    assert (done.found, Difference.objects.open().count()) == (0, 0)


def subscription(n=1):
    return Subscription.objects.select_related("price", "plan", "organization", "line").get(stripe_id=f"sub_firm{n}")


def writes(shop):
    return [call for call in shop.control("GET", "calls")["data"] if call["method"] != "GET"]


# --- Accept Stripe's --------------------------------------------------------------------------------------------------


def test_seats_are_booked_with_source_stripe_by_whoever_accepted(company, shop, decide, by):
    company.quantity(1, 12)
    run()
    shop.control("DELETE", "calls")
    row = decide(decisions.accept)
    assert (row.state, row.decided_by, row.reason, row.decided_at is not None) == ("accepted", by.actor, WHY, True)
    entry = subscription().ledger.last()
    assert (entry.kind, entry.delta, entry.source, entry.actor, entry.reason) == ("stripe", 2, "stripe", by.actor, WHY)
    assert subscription().quantity == 12
    told = Journal.objects.get(kind="billing.difference.accepted")
    assert (told.actor, told.source, told.data["why"], told.request_id) == (by.actor, "admin", WHY, "r-1")
    settle(shop)
    assert writes(shop) == []


def test_a_price_moves_mrr_in_the_ledger_and_keeps_the_seats(company, shop, decide):
    company.price_of(1)
    run()
    decide(decisions.accept)
    row = subscription()
    assert (row.price, row.plan, row.quantity) == (company.other, company.other.plan, 10)
    sums = row.ledger.aggregate(seats=Sum("delta"), mrr=Sum("mrr_delta_minor"))
    after, before = (pricing.mrr(catalog.tiers_of(one), one.scheme, 10, one.interval) for one in (company.other, company.price))
    assert (sums["seats"], sums["mrr"]) == (10, after - before)
    settle(shop)


def test_a_currency_that_is_the_prices_own_is_booked(company, shop, decide):
    Subscription.objects.filter(stripe_id="sub_firm1").update(currency="eur")
    run()
    decide(decisions.accept)
    assert subscription().currency == "usd"
    settle(shop)


def test_a_subscription_sold_in_the_dashboard_becomes_one_of_the_stores(company, shop, decide):
    company.customers_of("new", 1)
    company.stranger("unknown", "new", "cus_new0")
    run()
    held = decide(decisions.accept)
    made = Subscription.objects.get(stripe_id="sub_new")
    assert (made.quantity, made.organization.name, made.price) == (3, "new 0", company.price)
    assert held.subscription == made
    assert made.ledger.get().source == "stripe"
    settle(shop)


def test_one_that_stripe_lost_has_ended(company, shop, decide):
    company.missing(1)
    company.schedule(1, delta=-2)
    run()
    decide(decisions.accept)
    row = subscription()
    assert (row.status, row.quantity, row.ended_at is not None) == ("canceled", 0, True)
    assert ScheduledChange.objects.get().state == "superseded"
    settle(shop)


@pytest.mark.parametrize("n", [1, 2])
def test_the_end_that_stripe_holds_becomes_the_scheduled_one(company, shop, decide, n):
    company.ending(n)
    run()
    decide(decisions.accept)
    ends = ScheduledChange.objects.filter(kind="end", state="pending")
    assert list(ends.values_list("effective_at", "source")) == ([(company.ends_at, "stripe")] if n == 2 else [])
    settle(shop)


@pytest.mark.parametrize("n", [1, 2])
def test_the_seats_that_stripes_schedule_brings_become_the_scheduled_ones(company, shop, decide, n):
    company.phases(n)
    run()
    decide(decisions.accept)
    seats = ScheduledChange.objects.filter(kind="seats", state="pending")
    assert list(seats.values_list("delta", flat=True)) == ([-3] if n == 2 else [])
    settle(shop)


def test_invoice_amounts_are_read_again_once_somebody_said_so(company, shop, decide):
    company.amount(1)
    run()
    decide(decisions.accept)
    shop.settle()
    assert Invoice.objects.get(stripe_id="in_firm1").amount_paid_minor == 15_000
    settle(shop)


@pytest.mark.parametrize("kind", ["discount", "tax", "item", "coupon", "foreign"])
def test_an_exception_is_kept_with_its_reason_and_books_nothing(company, shop, decide, kind):
    company.bring([{"object": "customer", "id": "cus_nobody"}])
    plants = {kind: functools.partial(getattr(company, kind), 1) for kind in ("discount", "tax", "item", "coupon")}
    plants.get(kind, lambda: company.stranger("foreign", "nobody", "cus_nobody"))()
    run()
    shop.control("DELETE", "calls")
    assert decide(decisions.accept).state == "accepted"
    settle(shop)
    assert writes(shop) == []


# --- Re-send ours ------------------------------------------------------------------------------------------------------


def test_seats_are_set_back_at_stripe_by_a_command_and_nothing_is_charged(company, shop, decide, by):
    company.quantity(1, 12)
    run()
    shop.control("DELETE", "calls")
    row = decide(decisions.resend)
    assert (row.state, row.decided_by) == ("resent", by.actor)
    command = StripeCommand.objects.get()
    assert (command.kind, command.state, command.target) == ("difference.resend", "done", f"subscription:{subscription().pk}")
    assert row.command == command
    assert gateway.subscription("sub_firm1")["items"].data[0].quantity == 10
    [call] = writes(shop)
    assert (call["idempotency_key"], call["params"]["proration_behavior"]) == (command.idempotency_key, "none")
    assert subscription().ledger.count() == 1
    settle(shop)
    assert not shop.account.store.find("invoice", "customer", "cus_firm1")[1:]


def test_a_price_of_no_catalog_version_is_set_back(company, shop, decide):
    company.unknown_price(1)
    run()
    with pytest.raises(decisions.CannotDecide):
        decide(decisions.accept)
    decide(decisions.resend)
    assert gateway.subscription("sub_firm1")["items"].data[0].price.id == company.price.stripe_price_id
    settle(shop)


def test_another_interval_is_not_set_back_because_that_would_charge(company, shop, decide):
    company.price_of(1)
    run()
    shop.control("DELETE", "calls")
    row = decide(decisions.resend)
    assert (row.state, "new period" in row.note, row.decided_by) == ("open", True, None)
    assert Journal.objects.filter(kind="billing.difference.resend_failed").exists()
    assert writes(shop) == []


def test_what_nothing_explains_is_taken_off(company, shop, decide):
    for plant in (lambda: company.discount(1), lambda: company.tax(2), lambda: company.item(3), lambda: company.coupon(1)):
        plant()
        run()
        decide(decisions.resend)
        settle(shop)
    assert gateway.subscription_terms("sub_firm1").discounts == []
    assert gateway.subscription("sub_firm2").default_tax_rates == []
    assert [item.id for item in gateway.subscription("sub_firm3")["items"].data] == ["si_firm3"]
    assert gateway.customer("cus_firm1").discount is None


@pytest.mark.parametrize("kind", ["unknown", "duplicate"])
def test_what_we_do_not_sell_is_ended_at_stripe_without_a_last_invoice(company, shop, decide, kind):
    company.customers_of("new", 1)
    company.stranger(kind, "second", "cus_new0" if kind == "unknown" else "cus_firm1")
    run()
    decide(decisions.resend)
    assert gateway.subscription("sub_second").status == "canceled"
    assert not shop.account.store.find("invoice", "_subscription", "sub_second")
    settle(shop)


@pytest.mark.parametrize("plant", ["ending", "phases"])
@pytest.mark.parametrize("n", [1, 2])
def test_what_is_scheduled_here_is_projected_again(company, shop, decide, plant, n):
    if plant == "phases" and n == 2:
        gateway.create_schedule({"from_subscription": "sub_firm2"}, key="planted")
        held = shop.account.store.get("subscription", "sub_firm2")["schedule"]
        inbox.touch(inbox.Kind.SUBSCRIPTION, "sub_firm2")
        shop.settle()
        phases = shop.account.store.get("subscription_schedule", held)["phases"]
        ends = phases[0]["end_date"]
        coming = {**phases[0], "start_date": ends, "end_date": ends + 86_400 * 30}
        coming["items"] = [{**coming["items"][0], "quantity": 7}]
        company.change("subscription_schedule", held, phases=[phases[0], coming])
    else:
        getattr(company, plant)(n)
    run()
    assert decide(decisions.resend).state == "resent"
    assert StripeCommand.objects.get().kind == "schedule.project"
    settle(shop)


def test_a_stuck_command_is_tried_again(company, shop, decide):
    row = company.command(1)
    StripeCommand.objects.update(
        payload={"customer": "cus_firm1", "amount_minor": 5, "currency": "usd", "change": 1}, attempts=9
    )
    run()
    decide(decisions.resend)
    held = StripeCommand.objects.get()
    assert (f"command:{held.pk}", held.attempts) == (row.subject, 0)
    commands.execute(held.pk)
    settle(shop)


# --- Not decided --------------------------------------------------------------------------------------------------------


def test_no_reason_no_decision(company, by):
    company.quantity(1)
    run()
    row = Difference.objects.get()
    for verb in (decisions.accept, decisions.resend):
        with pytest.raises(decisions.CannotDecide, match="Say why"):
            verb(row, reason="  ", origin=by, at=clock.now())


def test_what_is_gone_by_now_is_closed_instead(company, decide):
    plant = company.quantity(1)
    run()
    plant.undo()
    with pytest.raises(decisions.NotOpen):
        decide(decisions.accept)
    assert Difference.objects.get().state == "gone"
    assert subscription().quantity == 10


def test_what_changed_since_is_shown_again(company, decide):
    company.quantity(1, 12)
    run()
    company.quantity(1, 15)
    with pytest.raises(decisions.Moved):
        decide(decisions.accept)
    row = Difference.objects.get()
    assert (row.state, row.stripes) == ("open", {"quantity": 15})
    decide(decisions.accept)
    assert subscription().quantity == 15


def test_a_second_click_hears_that_it_is_decided(company, decide):
    company.quantity(1, 12)
    run()
    row = Difference.objects.select_related("subscription").get()
    stale = Difference.objects.select_related("subscription").get()
    decide(decisions.accept, row)
    for verb in (decisions.accept, decisions.resend):
        with pytest.raises(decisions.NotOpen):
            decide(verb, stale)
    assert subscription().ledger.filter(kind="stripe").count() == 1


def test_while_a_command_is_under_way_nothing_is_decided(company, decide, shop):
    company.quantity(1, 12)
    run()
    row = subscription()
    StripeCommand.objects.create(
        kind="seats.increase",
        target=f"subscription:{row.pk}",
        organization=row.organization,
        idempotency_key="x",
        due_at=clock.wall(),
        source="page",
        created_at=clock.now(),
    )
    for verb in (decisions.accept, decisions.resend):
        with pytest.raises(decisions.CannotDecide, match="just now"):
            decide(verb)


def test_kinds_without_a_button_say_what_to_do(company, decide):
    company.bring([{"object": "customer", "id": "cus_nobody"}])
    company.stranger("foreign", "nobody", "cus_nobody")
    company.stranger("duplicate", "second", "cus_firm1")
    run()
    with pytest.raises(decisions.CannotDecide, match="cannot be sent"):
        decide(decisions.resend, Difference.objects.get(kind="foreign"))
    with pytest.raises(decisions.CannotDecide, match="cannot be taken over"):
        decide(decisions.accept, Difference.objects.get(kind="duplicate"))
    assert Difference.objects.open().count() == 2


def test_ours_that_stripe_never_answers_stays_a_command_and_is_finished_by_the_pulse(company, shop, decide, monkeypatch):
    company.quantity(1, 12)
    run()
    update = gateway.update_subscription

    def silent(*_args, **_kwargs):
        raise gateway.Unreachable("no answer")

    monkeypatch.setattr(gateway, "update_subscription", silent)
    assert decide(decisions.resend).state == "resent"
    assert run().found == 0  # a change in flight
    monkeypatch.setattr(gateway, "update_subscription", update)
    StripeCommand.objects.update(due_at=clock.wall())
    settle(shop)
    assert gateway.subscription("sub_firm1")["items"].data[0].quantity == 10


def test_given_to_somebody_and_back(company, by, cast):
    company.quantity(1)
    run()
    row = Difference.objects.get()
    decisions.assign(row, owner=by.actor, origin=by, at=clock.now())
    assert Difference.objects.get().owner == by.actor
    decisions.assign(row, owner=None, origin=by, at=clock.now())
    assert Difference.objects.get().owner is None
    assert Journal.objects.filter(kind="billing.difference.assigned").count() == 2
    Difference.objects.update(state="gone", decided_at=clock.now())
    with pytest.raises(decisions.NotOpen):
        decisions.assign(row, owner=by.actor, origin=by, at=clock.now())


def test_a_real_decrease_that_the_schedule_lost_is_sent_again(shop, decide):
    row = shop.buy(seats=10)
    scheduled.change_seats(row, seats_after=7, releases=[], origin=shop.origin, at=clock.now())
    shop.settle()
    held = shop.fresh(row).schedule_id
    gateway.release_schedule(held, key="by hand")
    shop.settle()
    run()
    assert Difference.objects.open().get().kind == "phases"
    decide(decisions.resend)
    settle(shop)
    assert shop.fresh(row).schedule_id not in ("", held)
    assert projection.waiting(shop.fresh(row))[0].delta == -3


def test_an_end_at_another_instant_is_set_to_ours_and_never_taken_over(company, shop, decide):
    at = company.epoch(company.ends_at) - 5 * 86_400
    company.schedule(2, kind="end")
    company.change("subscription", "sub_firm2", cancel_at=at)
    run()
    row = Difference.objects.open().get()
    assert (row.kind, reconciling_commands.ends_elsewhere(row)) == ("ending", True)
    with pytest.raises(decisions.CannotDecide, match="another instant"):
        decide(decisions.accept)
    decide(decisions.resend)
    assert gateway.subscription("sub_firm2").cancel_at == company.epoch(company.ends_at)
    settle(shop)
