"""A month that becomes a year at once: for exactly what was shown, though what is left of the month shrinks by the second.

Team costs $16 a seat and month from 10 seats on; a year of it ten months' worth.
"""

from datetime import timedelta

import pytest

from billing import gateway
from billing.models import LedgerKind, SeatChange, SeatLedgerEntry, SubscriptionAddon
from billing.queries import overview
from billing.services.changes import addons, plan_changes, scheduled, seats
from config import clock
from tests.billing import test_tax as taxes
from tests.billing.test_plan_changes import consistent, half

pytestmark = pytest.mark.django_db


def offered(row, plan="team"):
    return plan_changes.offer(row, plan=plan, interval="year", quantity=None, at=clock.now())


def confirm(shop, row, offer):
    return plan_changes.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())


def test_a_year_begins_now_at_the_price_that_was_shown_ten_minutes_before(shop):
    row = half(shop, shop.buy(seats=10))
    offer = offered(row)
    shown = offer.preview
    a_year = shown.renewal_minor
    assert shown.due_now_minor == pytest.approx(a_year - 10 * 1600 / 2, abs=3)
    assert shown.renewal_at.year == shown.proration_at.year + 1
    shop.advance_to(shown.proration_at + timedelta(minutes=10))
    row = shop.fresh(row)
    now = offered(row).preview
    assert now.due_now_minor > shown.due_now_minor
    change = confirm(shop, row, offer)
    assert change.state == "done", change.message
    invoice = gateway.invoice(change.stripe_invoice_id)
    assert (invoice.total, invoice.amount_due) == (shown.total_minor, shown.due_now_minor)
    assert change.due_now_minor == shown.due_now_minor
    shop.settle()
    row = consistent(shop, row)
    assert (row.price.interval, row.quantity) == ("year", 10)
    assert row.period_ends_at.year == row.period_starts_at.year + 1
    entry = SeatLedgerEntry.objects.get(subscription=row, kind=LedgerKind.PLAN)
    assert entry.price_after == row.price
    assert entry.mrr_delta_minor < 0  # a year costs less a month
    assert overview.standing(shop.organization).next_charge.due_minor == a_year
    assert SeatChange.objects.filter(subscription=row).count() == 1


def test_it_waits_for_the_bank_and_is_no_renewal_once_it_is_paid(shop):
    row = half(shop, shop.buy(seats=10))
    shop.control("POST", "next_payment", outcome="requires_action")
    change = confirm(shop, row, offered(row))
    assert change.state == "waiting"
    assert shop.fresh(row).price.interval == "month"
    shop.pay_invoice(gateway.invoice(change.stripe_invoice_id).hosted_invoice_url)
    shop.settle()
    row = consistent(shop, row)
    change.refresh_from_db()
    assert (change.state, row.price.interval) == ("done", "year")
    assert not shop.organization.journal.filter(kind="billing.subscription.renewed").exists()


def test_what_waits_for_the_months_end_is_named_and_goes_with_a_year_from_then_on(shop):
    row = shop.buy(seats=12)
    fewer = scheduled.change_seats(row, seats_after=10, releases=[], origin=shop.origin, at=clock.now())
    row = shop.fresh(row)
    with pytest.raises(plan_changes.YearsConflict) as refused:
        offered(row)
    assert refused.value.change == fewer
    plan_changes.schedule_for(row, plan="team", interval="year", origin=shop.origin, at=clock.now())
    assert consistent(shop, row).quantity == 12


def test_a_smaller_plan_for_a_year_begins_with_the_next_period(shop):
    row = shop.buy(plan="fieldnote/business", seats=10)
    with pytest.raises(plan_changes.GoesDown):
        offered(row)


def test_with_tax_it_is_the_shown_price_too(shop):
    taxes.put(shop, DE=19)
    row = half(shop, taxes.buy(shop, seats=30))
    offer = offered(row)
    assert offer.preview.tax_minor > 0
    shop.advance_to(offer.preview.proration_at + timedelta(minutes=9))
    change = confirm(shop, shop.fresh(row), offer)
    assert change.state == "done", change.message
    assert gateway.invoice(change.stripe_invoice_id).total == offer.preview.total_minor


def test_add_ons_go_along_at_their_price_for_a_year(shop):
    row = shop.buy(seats=10)
    token = addons.offer(row, code="blueprints", number=None, at=clock.now()).token
    assert addons.confirm(row, token=token, origin=shop.origin, at=clock.now()).state == "done"
    shop.settle()
    row = half(shop, shop.fresh(row))
    offer = offered(row)
    change = confirm(shop, row, offer)
    assert change.state == "done", change.message
    assert gateway.invoice(change.stripe_invoice_id).total == offer.preview.total_minor
    shop.settle()
    row = consistent(shop, row)
    held = SubscriptionAddon.objects.get(subscription=row, ended_at=None)
    assert (held.addon.code, held.price.interval) == ("blueprints", "year")


def test_a_declined_card_leaves_the_month_as_it_is(shop):
    row = half(shop, shop.buy(seats=10))
    shop.control("POST", "next_payment", outcome="declined")
    change = confirm(shop, row, offered(row))
    assert change.state in ("declined", "waiting")
    assert shop.fresh(row).price.interval == "month"


def test_another_price_is_stale_and_says_the_present_one(shop):
    row = half(shop, shop.buy(seats=10))
    offer = offered(row)
    gateway.credit_customer(
        shop.organization.customer.stripe_id, amount_minor=500, currency=row.currency, description="x", key="years:credit"
    )
    with pytest.raises(seats.Stale) as stale:
        confirm(shop, row, offer)
    assert stale.value.fresh.preview.due_now_minor <= offer.preview.due_now_minor - 490
