"""Another plan: at exactly the previewed price, with its add-ons, seats that wait, and everything that hangs on it.

Team costs $16 a seat from 10 seats on, Business $29 up to 49; Business goes without "25 more projects" ($15).
"""

from datetime import timedelta

import pytest
from django.db.models import Sum

from billing import gateway
from billing.models import Invoice, LedgerKind, SeatChange, SeatLedgerEntry, SubscriptionAddon
from billing.queries import differences, entitlements, overview
from billing.rules import reconciling
from billing.services.books import ledger
from billing.services.changes import addons, plan_changes, scheduled, seats
from billing.services.mirroring import invoices
from billing.services.reconciliation import reconciling_reading
from config import clock
from tests import shelf

pytestmark = pytest.mark.django_db


def half(shop, row):
    """Half a period later, to the second."""
    shop.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2)
    return shop.fresh(row)


def move(shop, row, plan, quantity=None):
    offered = plan_changes.offer(row, plan=plan, quantity=quantity, at=clock.now())
    change = plan_changes.confirm(row, token=offered.token, origin=shop.origin, at=clock.now())
    return offered.preview, change


def verdict(row):
    theirs = reconciling_reading.subscription(row.stripe_id)
    known = differences.known([row], since=clock.now())[row.stripe_id]
    return reconciling.compare(known.ours, theirs, differences.standard(theirs.prices))


def consistent(shop, row):
    """Stripe, ledger and rows say the same."""
    row = shop.fresh(row)
    booked = SeatLedgerEntry.objects.filter(subscription=row).aggregate(seats=Sum("delta"), mrr=Sum("mrr_delta_minor"))
    assert booked == {"seats": row.quantity, "mrr": ledger.counted_mrr_minor(row, row.quantity)}
    assert verdict(row) == reconciling.Verdict()
    return row


def test_a_larger_plan_is_had_now_for_exactly_what_was_shown(shop):
    row = half(shop, shop.buy(seats=10))
    assert not entitlements.check(shop.organization, feature="sso").entitled
    shown, change = move(shop, row, "business")
    assert change.state == "done", change.message
    invoice = gateway.invoice(change.stripe_invoice_id)
    assert (invoice.total, invoice.amount_due) == (shown.total_minor, shown.due_now_minor)
    assert shown.due_now_minor == pytest.approx(10 * (2900 - 1600) / 2, abs=2)
    assert shown.renewal_minor == 10 * 2900
    shop.settle()
    row = consistent(shop, row)
    assert (row.plan.code, row.quantity) == ("business", 10)
    entry = SeatLedgerEntry.objects.get(subscription=row, kind=LedgerKind.PLAN)
    assert (entry.delta, entry.mrr_delta_minor, entry.price_after, entry.actor) == (0, 10 * 1300, row.price, shop.owner)
    assert entitlements.check(shop.organization, feature="sso").entitled
    assert overview.standing(shop.organization).next_charge.due_minor == 10 * 2900
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    assert Invoice.objects.filter(subscription=row).latest("issued_at").total_minor == 10 * 2900
    consistent(shop, row)


def test_seats_that_wait_stay_and_more_can_be_had_with_it(shop):
    row = half(shop, shop.buy(seats=30))
    scheduled.change_seats(row, seats_after=25, releases=[], origin=shop.origin, at=clock.now())
    row = shop.fresh(row)
    shown, change = move(shop, row, "business", 32)
    assert (change.state, shown.quantity_at_renewal, shown.renewal_minor) == ("done", 27, 27 * 2900)
    shop.settle()
    row = consistent(shop, row)
    assert (row.quantity, overview.standing(shop.organization).coming) == (32, 27)
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    assert consistent(shop, row).quantity == 27


def test_seats_that_would_leave_too_few_are_named(shop):
    row = shop.buy(seats=12)
    fewer = scheduled.change_seats(row, seats_after=5, releases=[], origin=shop.origin, at=clock.now())
    with pytest.raises(seats.Conflicts) as refused:
        move(shop, shop.fresh(row), "business")
    assert (refused.value.change, refused.value.minimum) == (fewer, 10)


def test_what_does_not_go_with_it_is_given_back_with_its_unused_time(shop):
    row = shop.buy(seats=10)
    for code, number in (("blueprints", None), ("projects", 2)):
        token = addons.offer(row, code=code, number=number, at=clock.now()).token
        assert addons.confirm(row, token=token, origin=shop.origin, at=clock.now()).state == "done"
    shop.settle()
    row = half(shop, shop.fresh(row))
    going = scheduled.change_addon(row, addon=held(row, "projects").addon, number=1, origin=shop.origin, at=clock.now())
    row = shop.fresh(row)
    price = plan_changes.price_for(row, "business")
    assert plan_changes.left_behind(row, price) == ["projects"]
    shown, change = move(shop, row, "business")
    assert change.state == "done", change.message
    assert shown.due_now_minor == pytest.approx((10 * 1300 - 2 * 1500) / 2, abs=4)
    assert shown.renewal_minor == 10 * 2900 + 10 * 300
    shop.settle()
    row = consistent(shop, row)
    assert [one.addon.code for one in SubscriptionAddon.objects.filter(subscription=row, ended_at=None)] == ["blueprints"]
    going.refresh_from_db()
    assert going.state == "superseded"
    assert verdict(row) == reconciling.Verdict()


def held(row, code):
    return SubscriptionAddon.objects.get(subscription=row, addon__code=code, ended_at=None)


def test_it_waits_for_the_bank_and_is_had_once_it_is_paid(shop):
    row = shop.buy(seats=10)
    shop.control("POST", "next_payment", outcome="requires_action")
    shown, change = move(shop, row, "business", 12)
    shop.settle()
    row = consistent(shop, row)
    assert (change.state, row.plan.code, row.quantity) == ("waiting", "team", 10)
    shop.pay_invoice(invoices.payment_url(change.stripe_invoice_id))
    shop.settle()
    change.refresh_from_db()
    row = consistent(shop, row)
    assert (change.state, row.plan.code, row.quantity) == ("done", "business", 12)
    assert Invoice.objects.get(stripe_id=change.stripe_invoice_id).total_minor == shown.total_minor


def test_a_declined_card_leaves_everything_as_it_is(shop):
    row = shop.buy(seats=10)
    shop.control("POST", "next_payment", outcome="declined")
    _shown, change = move(shop, row, "business")
    shop.settle()
    assert (change.state, consistent(shop, row).plan.code) == ("waiting", "team")
    seat = SeatChange.objects.get()
    assert seat.message


def test_one_token_is_one_change_and_dies_with_its_price(shop):
    row = shop.buy(seats=10)
    offered = plan_changes.offer(row, plan="business", quantity=None, at=clock.now())
    with pytest.raises(seats.Stale):
        addons.confirm(row, token=offered.token, origin=shop.origin, at=clock.now())
    with pytest.raises(seats.Stale):
        seats.confirm(row, token=offered.token, origin=shop.origin, at=clock.now())
    first, again = (plan_changes.confirm(row, token=offered.token, origin=shop.origin, at=clock.now()) for _twice in range(2))
    assert first == again
    shop.settle()
    assert SeatLedgerEntry.objects.filter(subscription=row, kind=LedgerKind.PLAN).count() == 1
    other = shop.fresh(row)
    with pytest.raises(seats.Stale):
        plan_changes.confirm(other, token=offered.token[:-2] + "xx", origin=shop.origin, at=clock.now())


@pytest.mark.parametrize(
    ("plan", "quantity", "error"),
    [
        ("starter", None, plan_changes.GoesDown),
        ("team", None, seats.NothingChanges),
        ("nothing", None, plan_changes.NotOffered),
        ("business", 201, plan_changes.NotWithSeats),
        ("business", 9, plan_changes.NotWithSeats),
    ],
)
def test_what_cannot_be_had_says_why(shop, plan, quantity, error):
    row = shop.buy(seats=10)
    with pytest.raises(error):
        plan_changes.offer(row, plan=plan, quantity=quantity, at=clock.now())


def test_few_seats_become_as_many_as_the_plan_starts_with(shop):
    row = shop.buy(plan="fieldnote/starter", seats=2)
    offered = plan_changes.offer(row, plan="business", quantity=None, at=clock.now())
    assert (offered.preview.quantity_after, offered.preview.plan) == (10, "fieldnote/business")


def test_in_a_trial_it_is_free_both_ways(shop):
    row = shop.buy(seats=10, is_trial=True)
    shown, change = move(shop, row, "business")
    assert (change.state, shown.first_charge.due_minor, change.due_now_minor) == ("done", 10 * 2900, 0)
    shop.settle()
    row = consistent(shop, row)
    assert (row.status, row.plan.code) == ("trialing", "business")
    _shown, change = move(shop, row, "team")
    shop.settle()
    assert (change.state, consistent(shop, row).plan.code) == ("done", "team")


# --- From the period's end on -------------------------------------------------------------------------------------------


def later(shop, row, plan, interval=""):
    wanted = {"plan": plan, "interval": interval or row.price.interval, "origin": shop.origin, "at": clock.now()}
    return plan_changes.schedule_for(row, **wanted)


def test_a_smaller_plan_is_had_from_the_periods_end_on(shop):
    row = shop.buy(plan="fieldnote/business", seats=12)
    token = addons.offer(row, code="support", number=1, at=clock.now()).token
    addons.confirm(row, token=token, origin=shop.origin, at=clock.now())
    shop.settle()
    row = half(shop, shop.fresh(row))
    change = later(shop, row, "team")
    assert later(shop, shop.fresh(row), "team") == change
    shop.settle()
    row = consistent(shop, row)
    standing = overview.standing(shop.organization)
    assert (row.plan.code, standing.next_charge.due_minor) == ("business", 12 * 1600 + 4900)
    assert entitlements.check(shop.organization, feature="sso").entitled
    more = seats.offer(row, seats=14, at=clock.now())
    assert more.preview.renewal_minor == 14 * 1600 + 4900
    assert seats.confirm(row, token=more.token, origin=shop.origin, at=clock.now()).state == "done"
    scheduled.change_seats(shop.fresh(row), seats_after=13, releases=[], origin=shop.origin, at=clock.now())
    shop.settle()
    shop.advance_to(consistent(shop, row).period_ends_at + timedelta(hours=2))
    row = consistent(shop, row)
    assert (row.plan.code, row.quantity) == ("team", 13)
    assert Invoice.objects.filter(subscription=row).latest("issued_at").total_minor == 13 * 1600 + 4900
    assert not entitlements.check(shop.organization, feature="sso").entitled
    change.refresh_from_db()
    assert change.state == "applied"
    entry = SeatLedgerEntry.objects.get(subscription=row, kind=LedgerKind.PLAN)
    assert (entry.source, entry.mrr_delta_minor, entry.occurred_at) == ("schedule", -14 * 1300, change.effective_at)


def test_a_year_becomes_a_month_at_the_years_end_with_its_add_ons(shop):
    row = shop.buy(seats=10, interval="year")
    token = addons.offer(row, code="blueprints", number=None, at=clock.now()).token
    addons.confirm(row, token=token, origin=shop.origin, at=clock.now())
    shop.settle()
    later(shop, shop.fresh(row), "team", "month")
    shop.settle()
    row = consistent(shop, row)
    assert overview.standing(shop.organization).next_charge.due_minor == 10 * 1600 + 10 * 300
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    row = consistent(shop, row)
    assert (row.price.interval, row.period_ends_at - row.period_starts_at < timedelta(days=32)) == ("month", True)
    assert Invoice.objects.filter(subscription=row).latest("issued_at").total_minor == 10 * 1600 + 10 * 300


def test_it_is_taken_back_and_another_overtakes_it(shop):
    row = shop.buy(seats=10)
    first = later(shop, row, "starter")
    second = later(shop, shop.fresh(row), "team", "year")
    first.refresh_from_db()
    assert (first.state, overview.standing(shop.organization).next_charge.due_minor) == ("superseded", 10 * 16000)
    assert scheduled.take_back(second, origin=shop.origin, at=clock.now())
    shop.settle()
    assert consistent(shop, row).schedule_id == ""
    assert overview.standing(shop.organization).next_charge.due_minor == 10 * 1600


def test_seats_and_a_plan_that_waits_go_together_or_are_named(shop):
    row = shop.buy(plan="fieldnote/business", seats=20)
    change = later(shop, row, "starter")
    with pytest.raises(seats.Conflicts) as refused:
        seats.offer(shop.fresh(row), seats=26, at=clock.now())
    assert (refused.value.change, refused.value.maximum) == (change, 25)
    fewer = scheduled.change_seats(shop.fresh(row), seats_after=4, releases=[], origin=shop.origin, at=clock.now())
    with pytest.raises(seats.Conflicts) as refused:
        scheduled.take_back(change, origin=shop.origin, at=clock.now())
    assert refused.value.change == fewer
    team = later(shop, shop.fresh(row), "team")
    with pytest.raises(seats.Conflicts) as refused:
        plan_changes.check(shop.fresh(row), plan_changes.Wanted(seats=20, price=team.price_after), clock.now())
    assert refused.value.change == team


def test_too_many_seats_for_the_smaller_plan_are_given_back_first(shop):
    row = shop.buy(seats=30)
    with pytest.raises(plan_changes.NotWithSeats):
        later(shop, row, "starter")
    scheduled.change_seats(row, seats_after=25, releases=[], origin=shop.origin, at=clock.now())
    assert later(shop, shop.fresh(row), "starter").state == "pending"


def test_a_promotion_of_the_old_plan_is_not_counted_on_beyond_it(shop):
    of_team = '\n[promotions.team]\nname = "Team"\npercent_bps = 1000\nduration = "forever"\nplans = ["fieldnote/team"]\n'
    shop.sell(shelf.read(shelf.text() + of_team))
    row = shop.buy(seats=10, code="team")
    assert overview.standing(shop.organization).next_charge.due_minor == 10 * 1600 * 9 // 10
    later(shop, row, "starter")
    shop.settle()
    assert overview.standing(shop.organization).next_charge.due_minor == 10 * 900
    row = shop.fresh(row)
    shown = seats.offer(row, seats=11, at=clock.now()).preview
    assert (shown.renewal_minor, shown.renewal_discount_minor) == (11 * 900, 0)
    coming = gateway.preview_invoice({"customer": row.organization.customer.stripe_id, "subscription": row.stripe_id})
    assert coming.amount_due == 10 * 900
    assert entitlements.check(shop.organization, feature="api").entitled


def test_more_seats_that_came_with_a_plan_that_waits_are_named_when_it_is_taken_back(shop):
    row = shop.buy(plan="fieldnote/starter", seats=20)
    with pytest.raises(seats.AboveMaximum):
        scheduled.change_seats(row, seats_after=30, releases=[], origin=shop.origin, at=clock.now())
    change = later(shop, row, "team", "year")
    more = scheduled.change_seats(shop.fresh(row), seats_after=30, releases=[], origin=shop.origin, at=clock.now())
    with pytest.raises(seats.Conflicts) as refused:
        scheduled.take_back(change, origin=shop.origin, at=clock.now())
    assert (refused.value.change, refused.value.maximum) == (more, 25)
    scheduled.take_back(more, origin=shop.origin, at=clock.now())
    assert scheduled.take_back(change, origin=shop.origin, at=clock.now())
