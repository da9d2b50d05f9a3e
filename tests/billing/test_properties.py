"""Whatever is done in whatever order: Stripe, ledger and rows stay equal, and what was shown is what was charged.

STOREFRONT_PROPERTY_EXAMPLES asks for more examples than the suite's few (a nightly run: 500).
"""

import contextlib
import os
from datetime import timedelta

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Journal, Role
from billing import gateway
from billing.models import (
    LIVE_STATUSES,
    RUNNING,
    Addon,
    ChangeKind,
    ChangeState,
    EventCursor,
    Invoice,
    InvoiceWindow,
    ScheduledChange,
    ScheduledState,
    SeatAssignment,
    SeatChange,
    StripeCommand,
    StripeObject,
    Subscription,
    TaxStanding,
)
from billing.models.seats import CancelReason
from billing.queries import overview
from billing.rules import addons as addon_rules
from billing.services import commands, people
from billing.services.changes import addons, change_prices, plan_changes, promotions, scheduled, seat_increases, seats
from billing.services.leaving import resuming
from billing.services.mirroring import mirror, tax_ids
from billing.services.offering import catalog
from billing.services.selling import checkout
from billing.services.tax import tax_details
from config import clock
from tests import factories, shelf
from tests.billing import leaving, test_graduated

EXAMPLES = int(os.environ.get("STOREFRONT_PROPERTY_EXAMPLES", "6"))

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("more"), st.integers(1, 6)),
        st.tuples(st.just("less"), st.integers(1, 6)),
        st.tuples(st.just("later"), st.integers(-4, 4)),
        st.tuples(st.just("take_back"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.sampled_from([60, 3_600, 86_400, 9 * 86_400, 17 * 86_400, 33 * 86_400])),
        st.tuples(st.just("fail"), st.sampled_from(["declined", "requires_action", "insufficient_funds"])),
        st.tuples(st.just("pay"), st.none()),
        st.tuples(st.just("drop"), st.none()),
        st.tuples(st.just("seat"), st.integers(1, 3)),
        st.tuples(st.just("end"), st.none()),
        st.tuples(st.just("promote"), st.sampled_from(["welcome20", "tenth", "free", "once7"])),
        st.tuples(st.just("credit"), st.sampled_from([7, 1_500, 90_000])),
        st.tuples(st.just("move"), st.sampled_from(["US", "DE", "FR"])),
        st.tuples(st.just("tax_id"), st.sampled_from(["FR40303265045", "FR83404833048"])),
        st.tuples(st.just("have"), st.sampled_from([("blueprints", None), ("support", 1), ("projects", 2), ("season", 1)])),
        st.tuples(st.just("give_back"), st.sampled_from([("blueprints", 0), ("projects", 1), ("season", 0)])),
        st.tuples(st.just("plan"), st.sampled_from(["starter", "team", "business"])),
        st.tuples(st.just("interval"), st.sampled_from(["month", "year"])),
        st.tuples(st.just("end_now"), st.none()),
        st.tuples(st.just("pause"), st.integers(1, 2)),
        st.tuples(st.just("go_on"), st.none()),
        st.tuples(st.just("lose"), st.sampled_from(["drop_after_effect", "429", "500_after_effect"])),
    ),
    min_size=3,
    max_size=9,
)


TAXED = {'mode = "none"': 'mode = "rates"', "[tax.rates]\n": '[tax.rates]\nUS = { name = "Sales tax", percent = "8.875" }\n'}
PROMOTIONS = """
[promotions.tenth]
name = "A tenth"
percent_bps = 1000
duration = "forever"

[promotions.free]
name = "Free"
percent_bps = 10000
duration = "repeating"
months = 1

[promotions.once7]
name = "Seven"
amount = { usd = 700 }
duration = "once"
"""


class Story(leaving.Leaving):
    """One organization with one subscription, and the steps that can be taken with it."""

    def __init__(self, shop, plan, interval, start, code):
        self.shop = shop
        self.organization = factories.OrganizationFactory(country="US", region="na")
        self.owner = factories.UserFactory()
        factories.MembershipFactory(organization=self.organization, user=self.owner, role=Role.OWNER)
        shop.organization, shop.owner = self.organization, self.owner
        self.row = shop.buy(plan=plan, seats=start, interval=interval, code=code)

    # Steps: each may be refused, for a reason that the store names.

    def more(self, count):
        row = seats.current(self.organization)
        now = clock.now()
        offered = seats.offer(row, seats=row.quantity + count, at=now)
        change = seats.confirm(row, token=offered.token, origin=self.shop.origin, at=now)
        assert change.preview == offered.preview.as_json()

    def less(self, count):
        """Back, of what was added in the same invoice window."""
        self.more(-count)

    def have(self, addon):
        code, number = addon
        row = seats.current(self.organization)
        now = clock.now()
        offered = addons.offer(row, code=code, number=number, at=now)
        change = addons.confirm(row, token=offered.token, origin=self.shop.origin, at=now)
        assert change.preview == offered.preview.as_json()

    def give_back(self, said):
        code, number = said
        row = seats.current(self.organization)
        addon = Addon.objects.filter(line=row.line, code=code).first()
        if addon is not None:
            scheduled.change_addon(row, addon=addon, number=number, origin=self.shop.origin, at=clock.now())

    def plan(self, code, interval=""):
        row = seats.current(self.organization)
        now = clock.now()
        price = plan_changes.price_for(row, code, interval)
        if not plan_changes.is_now(row, price):
            wanted = {"plan": code, "interval": interval or row.price.interval, "origin": self.shop.origin, "at": now}
            plan_changes.schedule_for(row, **wanted)
            return
        offered = plan_changes.offer(row, plan=code, interval=interval, quantity=None, at=now)
        change = plan_changes.confirm(row, token=offered.token, origin=self.shop.origin, at=now)
        assert change.preview == offered.preview.as_json()

    def interval(self, interval):
        self.plan(seats.current(self.organization).plan.code, interval)

    def later(self, delta):
        row = seats.current(self.organization)
        coming = overview.standing(self.organization).coming
        scheduled.change_seats(row, seats_after=coming + delta, releases=[], origin=self.shop.origin, at=clock.now())

    def take_back(self, which):
        pending = list(ScheduledChange.objects.filter(subscription=self.row, state=ScheduledState.PENDING))
        if pending:
            scheduled.take_back(pending[which % len(pending)], origin=self.shop.origin, at=clock.now())

    def wait(self, seconds):
        self.shop.advance_to(clock.now() + timedelta(seconds=seconds))

    def fail(self, outcome):
        self.shop.control("POST", "next_payment", outcome=outcome, customer=self.organization.customer.stripe_id)

    def pay(self, _nothing):
        for invoice in Invoice.objects.filter(organization=self.organization, status="open"):
            gateway.pay_invoice(invoice.stripe_id, {}, key=f"pay:{invoice.pk}:{clock.now().timestamp()}")

    def drop(self, _nothing):
        change = SeatChange.objects.filter(subscription=self.row, state=ChangeState.WAITING).first()
        if change is not None:
            seat_increases.drop(change, origin=self.shop.origin, at=clock.now())

    def seat(self, count):
        row = seats.current(self.organization)
        members = [factories.MembershipFactory(organization=self.organization).pk for _each in range(count)]
        people.assign_where_possible(subscription=row, membership_ids=members, origin=self.shop.origin, at=clock.now())

    def end(self, _nothing):
        scheduled.end(
            seats.current(self.organization), reason_code=CancelReason.OTHER, reason="", origin=self.shop.origin, at=clock.now()
        )

    def promote(self, code):
        row = seats.current(self.organization)
        offered = promotions.offer(row, code=code, at=clock.now())
        promotions.confirm(row, token=offered.token, origin=self.shop.origin, at=clock.now())

    def credit(self, amount):
        customer = self.organization.customer.stripe_id
        key = f"credit:{clock.now().timestamp()}"
        gateway.credit_customer(customer, amount_minor=amount, currency="usd", description="x", key=key)

    def move(self, country):
        tax_details.save(self.organization, {"country": country}, origin=self.shop.origin, at=clock.now())

    def tax_id(self, number):
        """Confirmed a moment of Stripe's later: then, in France, nobody is taxed."""
        tax_ids.add(self.organization, country="FR", kind="eu_vat", typed=number, origin=self.shop.origin, at=clock.now())

    def lose(self, kind):
        self.shop.control("POST", "faults", match="POST /v1/subscriptions/*", kind=kind)

    # What holds after each.

    def settle(self):
        """Everything heard of and done, the schedules too that Stripe refused once: they are due again half a minute later."""
        self.shop.settle()
        behind = Subscription.objects.filter(
            pk=self.row.pk, projection_done__lt=F("projection_wanted"), status__in=LIVE_STATUSES
        )
        for _half_minute in range(3):
            if not behind.update(projection_due_at=None):
                return
            self.shop.settle()
        assert not behind.exists()

    def check(self):
        self.settle()
        row = Subscription.objects.select_related("price", "plan", "line").get(pk=self.row.pk)
        there = gateway.subscription(row.stripe_id)
        item = there["items"].data[0]
        ledger_sum = sum(row.ledger.values_list("delta", flat=True))
        at_stripe = int(item.quantity) if there.status != "canceled" else 0
        assert row.quantity == ledger_sum
        assert row.billed == at_stripe
        running = InvoiceWindow.objects.filter(subscription=row, state__in=RUNNING).first()
        assert row.unbilled == (running.seats if running else 0)
        assert row.status == there.status
        assert row.period_ends_at.timestamp() == item.current_period_end
        assert row.pending_quantity == (there.pending_update.subscription_items[0].quantity if there.pending_update else None)
        assert SeatAssignment.objects.filter(subscription=row, ended_at=None).count() <= row.quantity
        self._check_mrr(row)
        self._check_coming(row, there)
        self._check_charges(row)
        self._check_tax(row, there)
        self._check_charge_to_come(row, there)
        assert not StripeCommand.objects.filter(state="open").exists()
        assert list(StripeObject.objects.exclude(error="").values_list("key", "error")) == []
        assert not Journal.objects.filter(kind="billing.charge.differed").exists()

    def _check_mrr(self, row):
        standing = overview.standing(self.organization)
        yearly = row.price.interval == "year"
        counted = standing.held_addons if row.quantity and row.status != "paused" else ()
        apart = addon_rules.between(counted, row.price.interval)
        parts = addon_rules.parts(standing.rate.total(row.quantity), [one for one in counted if one not in apart], row.quantity)
        total = sum(parts) if row.quantity and row.status != "paused" else 0
        booked = sum(row.ledger.values_list("mrr_delta_minor", flat=True)) - sum(one.total(row.quantity) for one in apart)
        assert abs(booked - (total / 12 if yearly else total)) <= 0.5 if yearly else booked == total

    def _check_coming(self, row, there):
        if not row.is_live:
            assert not row.scheduled.filter(state=ScheduledState.PENDING).exists()
            return
        if row.status == "paused":
            assert there.schedule is None  # what waits is put in place when it goes on
            return
        pending = row.scheduled.filter(state=ScheduledState.PENDING)
        coming_delta = sum(pending.values_list("delta", flat=True))
        if pending.filter(kind="end").exists():
            closing = there.schedule and gateway.schedule(mirror.stripe_id(there.schedule)).end_behavior == "cancel"
            assert there.cancel_at_period_end or there.cancel_at or closing
        elif coming_delta or pending.filter(kind__in=("addon", "plan")).exists():
            phase = gateway.schedule(there.schedule if isinstance(there.schedule, str) else there.schedule.id).phases[-1]
            plan = pending.filter(kind="plan").first()
            assert phase["items"][0].quantity == row.quantity + coming_delta
            assert phase["items"][0].price == (plan.price_after if plan else row.price).stripe_price_id
        else:
            assert there.schedule is None
            assert not there.cancel_at_period_end

    def _check_charges(self, row):
        gathered = SeatChange.objects.filter(subscription=row, kind=ChangeKind.SEATS).exclude(window=None)
        done = SeatChange.objects.filter(subscription=row, state=ChangeState.DONE).exclude(stripe_invoice_id="")
        assert not gathered.exclude(stripe_invoice_id="").exists()
        for change in done:
            invoice = gateway.invoice(change.stripe_invoice_id)
            agreed = change.preview
            assert invoice.total == agreed["total_minor"]
            # In whichever order: what is given back and what is charged may be taxed by two countries.
            said_taxes = sorted(tax.amount for tax in invoice.total_taxes)
            assert said_taxes == sorted(tax["amount_minor"] for tax in agreed["taxes"] if tax["percent"])
            assert invoice.amount_due == agreed["due_now_minor"] == change.due_now_minor
            assert invoice.status == "paid"
            # What the price grew by in the meantime is a line of its own.
            own = [line for line in invoice.lines.data if not change_prices.is_taken_off(line)]
            said = [(line.amount, line.quantity) for line in own]
            lines = [(line["amount_minor"], line["quantity"]) for line in agreed["lines"]]
            if change.kind == ChangeKind.PLAN and len(own) < len(invoice.lines.data):
                assert [line for line in said if line[0] > 0] == [line for line in lines if line[0] > 0]
            else:
                assert said == lines

    def _check_tax(self, row, there):
        """Stripe taxes as the store says that it does, but while an increase waits for its payment."""
        standing = TaxStanding.objects.select_related("rate").get(organization=self.organization)
        waits = SeatChange.objects.filter(subscription=row, state=ChangeState.WAITING).exists()
        assert standing.is_behind <= waits
        if standing.is_behind or not row.is_live:
            return
        assert [rate.id for rate in there.default_tax_rates] == ([standing.rate.stripe_id] if standing.rate else [])
        assert gateway.customer(self.organization.customer.stripe_id).tax_exempt == standing.exempt

    def _check_charge_to_come(self, row, there):
        """What is mirrored is what Stripe has, and the next charge that pages show is the one that Stripe would make."""
        held = set(row.discounts.filter(ended_at=None).values_list("stripe_id", flat=True))
        assert held == ({one.id for one in there.discounts} if row.is_live else set())
        standing = overview.standing(self.organization)
        charge, between = standing.next_charge, standing.between
        if charge is None or there.status != "active" or there.pending_update is not None or row.unbilled:
            return
        coming = gateway.preview_invoice({"customer": self.organization.customer.stripe_id, "subscription": row.stripe_id})
        if between is not None:
            assert coming.total == between.due_minor
            return
        assert coming.total == charge.total_minor - charge.discount_minor + charge.tax_minor
        assert coming.amount_due == charge.due_minor


REFUSALS = (
    tax_ids.Known,
    tax_ids.TooMany,
    promotions.CodeRefused,
    promotions.Stale,
    seats.SeatsError,
    commands.Busy,
    checkout.CheckoutError,
    gateway.Declined,
    gateway.Refused,
    resuming.NoCard,
)


@pytest.mark.long
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    steps=STEPS,
    interval=st.sampled_from(["month", "month", "year"]),
    plan=st.sampled_from(["fieldnote/team", "crew/crew"]),
    start=st.integers(3, 24),
    code=st.sampled_from(["", "", "welcome20", "free", "once7"]),
    hours=st.sampled_from([0, 24, 24]),
)
def test_stripe_ledger_and_rows_stay_equal(quick_shop, steps, gathering, *, plan, interval, start, code, hours):
    gathering(hours)
    story = Story(quick_shop, plan, interval, start, code)
    try:
        for name, value in steps:
            with contextlib.suppress(*REFUSALS):
                getattr(story, name)(value)
            story.check()
        quick_shop.control("DELETE", "faults")
        story.wait(86_400)
        story.check()
    finally:
        _begin_again(quick_shop)


def _begin_again(shop):
    shop.reopen()
    StripeObject.objects.all().delete()
    EventCursor.objects.all().delete()  # it has read up to an instant that the emptied account has not reached
    StripeCommand.objects.filter(state="open").delete()


@pytest.fixture
def quick_shop(shop, monkeypatch):
    """Retries without pauses."""
    monkeypatch.setattr(gateway.time, "sleep", lambda _seconds: None)
    text = shelf.text() + PROMOTIONS + test_graduated.CREW
    for untaxed, taxed in TAXED.items():
        text = text.replace(untaxed, taxed)
    wanted = shelf.read(text)
    catalog.apply(wanted=wanted, at=clock.now(), origin=shop.origin)
    made = shop.control("GET", "account")["state"]
    monkeypatch.setattr(shop, "reopen", lambda: (shop.move_store(0), shop.control("PUT", "account", state=made)))
    return shop
