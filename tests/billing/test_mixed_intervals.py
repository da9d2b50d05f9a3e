"""An add-on by the month beside a plan by the year: charged each month, given back with a month, both dates said before.

Season storage costs $19 a month and is sold by the month alone; ten seats of Team $1,600 a year.
"""

import math
from dataclasses import replace
from datetime import timedelta
from unittest.mock import ANY

import pytest

from accounts.models import Journal, OutgoingMail
from billing import gateway, gateway_refunds
from billing.models import (
    AdjustmentKind,
    AdjustmentReason,
    CancelReason,
    Invoice,
    LedgerKind,
    SeatLedgerEntry,
    SubscriptionAddon,
)
from billing.queries import overview, renewals
from billing.rules import giving_back as rule
from billing.rules import intervals
from billing.services.changes import addons, plan_changes, scheduled, seats
from billing.services.refunds import complimentary, giving_back
from config import clock
from storefront import sandbox_words
from tests.billing.calling import Program
from tests.billing.test_plan_changes import consistent
from tests.shop import text

pytestmark = pytest.mark.django_db
SEASON = 1900


def have(shop, row, number):
    offered = addons.offer(row, code="season", number=number, at=clock.now())
    change = addons.confirm(row, token=offered.token, origin=shop.origin, at=clock.now())
    assert change.state == "done", change.message
    shop.settle()
    return offered.preview, change


@pytest.fixture
def mixed(shop):
    """A year of ten seats, ten days old, with two of the add-on."""

    def make():
        row = shop.buy(seats=10, interval="year")
        shop.advance_to(row.period_starts_at + timedelta(days=10))
        have(shop, shop.fresh(row), 2)
        return shop.fresh(row)

    return shop.kept("mixed", make)


def held(row):
    return SubscriptionAddon.objects.get(subscription=row, ended_at=None)


def month(row, count):
    return intervals.months_after(row.period_starts_at, count)


def give_back(shop, row):
    addon = held(row).addon
    return scheduled.change_addon(row, addon=addon, number=0, origin=shop.origin, at=clock.now())


def phases(row):
    """Of Stripe's schedule, from the present one on: how many of each price, smallest first."""
    found = gateway.schedule(row.schedule_id)
    start = found.current_phase.start_date
    return [sorted(item.quantity for item in phase["items"]) for phase in found.phases if phase.start_date >= start]


def give_credit(shop, minor):
    said = {"amount": -minor, "currency": "usd"}
    gateway_refunds.credit(shop.organization.customer.stripe_id, said, key=f"credit-{minor}")
    shop.settle()


def days_after(row, interval):
    return (intervals.end(row.period_ends_at, interval) - row.period_ends_at).days


def charges(row):
    return list(Invoice.objects.filter(subscription=row).order_by("issued_at", "id").values_list("total_minor", flat=True))


def test_the_rest_of_the_month_is_charged_now_and_both_dates_are_said(shop):
    row = shop.buy(seats=10, interval="year")
    shop.advance_to(row.period_starts_at + timedelta(days=10))
    row = shop.fresh(row)
    shown, change = have(shop, row, 2)
    (line,) = shown.lines
    assert (line.addon, line.quantity, line.ends_at) == ("season", 2, month(row, 1))
    days = (month(row, 1) - row.period_starts_at) / timedelta(days=1)
    assert shown.due_now_minor == pytest.approx(2 * SEASON * (days - 10) / days, abs=2)
    assert (shown.between_at, shown.between_minor) == (month(row, 1), 2 * SEASON)
    assert (shown.renewal_at, shown.renewal_minor) == (row.period_ends_at, 160_000 + 2 * SEASON)
    assert gateway.invoice(change.stripe_invoice_id).total == shown.due_now_minor
    row = consistent(shop, row)
    entry = SeatLedgerEntry.objects.get(subscription=row, kind=LedgerKind.ADDON)
    assert entry.mrr_delta_minor == 2 * SEASON
    standing = overview.standing(shop.organization)
    assert (standing.between.at, standing.between.due_minor) == (month(row, 1), 2 * SEASON)
    assert standing.next_charge.at == row.period_ends_at


def test_who_cancels_the_year_is_told_that_the_month_goes_on(shop, mixed, client, cast):
    client.force_login(cast.owner)
    goes_on = "2 x Season storage goes on being charged by the month until then: $38.00 on"
    page = text(client.get("/subscription/cancellation/"))
    assert (goes_on in page, "The next charge of $1,638.00 does not take place" in page) == (True, True)
    own = Program(cast.organization_key)
    own.post("subscription/scheduled-changes", {"kind": "end", "reason_code": "unused"})
    shop.settle()
    tile = text(client.get("/")).split('id="figure-charge"')[1][:600]
    assert ("Renewal" in tile, "Next charge" in tile, "$38.00" in tile) == (False, True, True)
    for address in ("/", "/seats/", "/subscription/renewal/"):
        page = text(client.get(address))
        assert (address, goes_on in page, "Nothing more is charged." in page) == (address, True, False)
    now = own.get("subscription").json()
    assert (now["ends_at"] is not None, now["next_charge"], now["between_charge"]["due_minor"]) == (True, None, 2 * SEASON)
    mail = OutgoingMail.objects.filter(kind="billing/cancellation").first()
    assert (mail.context["monthly_minor"], mail.context["monthly"][0]["number"], mail.context["how"]) == (2 * SEASON, 2, "card")
    shop.advance_to(month(mixed, 1) + timedelta(hours=2))
    assert charges(mixed)[2:] == [2 * SEASON]


def test_the_credit_goes_to_the_months_first_and_what_it_leaves_to_the_renewal(shop, mixed, client, cast):
    """Everywhere: on the pages, in the API, and in what the renewal would come to with another number of seats."""
    give_credit(shop, 5_000)
    standing = overview.standing(shop.organization)
    assert (standing.between.balance_minor, standing.between.credit_minor, standing.between.due_minor) == (-3_800, 5_000, 0)
    assert (standing.next_charge.balance_minor, renewals.amount_minor(standing, 11)) == (0, 11 * 16_000 + 3_800)
    told = Program(cast.organization_key).get("subscription").json()
    between = {name: told["between_charge"][name] for name in ("total_minor", "balance_minor", "credit_minor", "due_minor")}
    assert between == {"total_minor": 3_800, "balance_minor": -3_800, "credit_minor": 5_000, "due_minor": 0}
    assert (told["next_charge"]["balance_minor"], told["next_charge"]["due_minor"]) == (0, 163_800)
    client.force_login(cast.owner)
    home = text(client.get("/"))
    assert "and each month. Your credit pays $50.00 of these." in home
    assert ("$1,638.00" in home, "From your credit" in home) == (True, False)
    give_credit(shop, -5_500)  # owed now: it comes with the first
    standing = overview.standing(shop.organization)
    assert (standing.between.balance_minor, standing.between.due_minor, standing.next_charge.balance_minor) == (500, 4_300, 0)
    assert "With the first comes $5.00 still owed from before." in text(client.get("/"))


def test_credit_is_used_by_what_comes_first_of_two_product_lines(shop, client, cast):
    """Inspect renews ten days before Fieldnote, and again before its second: each preview is the invoice that comes of it."""

    def both():
        first = shop.buy(plan="inspect/complete", seats=5)
        shop.advance_to(first.period_starts_at + timedelta(days=10))
        return first, shop.buy(seats=10)

    first, second = shop.kept("two lines, ten days apart", both)
    assert first.period_ends_at < second.period_ends_at
    give_credit(shop, 17_000)
    client.force_login(cast.owner)
    for one, other in ((first, second), (second, first)):
        row, beside = shop.fresh(one), shop.fresh(other)
        said = {each.row.pk: each.next_charge for each in overview.standings(shop.organization)}
        assert said[row.pk].at == row.period_ends_at < said[beside.pk].at
        told = Program(cast.organization_key).get(f"subscription?line={row.line.code}").json()["next_charge"]
        assert (told["balance_minor"], told["due_minor"]) == (said[row.pk].balance_minor, said[row.pk].due_minor)
        shop.advance_to(row.period_ends_at + timedelta(hours=2))
        made = Invoice.objects.filter(subscription=row).latest("issued_at")
        assert (made.total_minor, made.amount_due_minor) == (said[row.pk].total_minor, said[row.pk].due_minor)
        then = {each.row.pk: each.next_charge for each in overview.standings(shop.organization)}
        assert then[beside.pk].due_minor == said[beside.pk].due_minor  # what the other one would leave was foreseen
    dues = [one.amount_due_minor for one in Invoice.objects.filter(billing_reason="subscription_cycle").order_by("issued_at")]
    assert (dues, then[first.pk].due_minor) == ([0, 5_000], 6_000)  # 60 and 110 of the credit, then nothing is left of it


def test_complimentary_time_counts_each_item_by_its_own_interval(shop, mixed):
    """A month: a twelfth of the plan's year, and a whole month of what is charged by the month."""
    month = giving_back.Wanted(
        kind=AdjustmentKind.CREDIT,
        reason=AdjustmentReason.GOODWILL,
        span=rule.Span(1, rule.Unit.MONTHS),
        nonce="time",
        amount_minor=0,
        note="",
    )
    gift, _standing = complimentary.gift(mixed, month, clock.now())
    assert gift.amount_minor == 13_334 + 2 * SEASON
    days = replace(month, span=rule.Span(30, rule.Unit.DAYS))
    whole = 160_000 * 30 / days_after(mixed, "year") + 2 * SEASON * 30 / days_after(mixed, "month")
    assert complimentary.gift(mixed, days, clock.now())[0].amount_minor == math.ceil(whole)


def test_each_month_it_is_charged_alone_and_at_the_years_end_together(shop, mixed):
    give_credit(shop, 45_000)
    renewal = overview.standing(shop.organization).next_charge
    assert (renewal.balance_minor, renewal.due_minor) == (-(45_000 - 11 * 2 * SEASON), 163_800 - 3_200)
    shop.advance_to(month(mixed, 2) + timedelta(hours=2))
    row = consistent(shop, mixed)
    assert charges(row)[2:] == [2 * SEASON, 2 * SEASON]
    told = sandbox_words.happened(Journal.objects.filter(kind="billing.invoice.paid").order_by("pk"))
    assert told[2:] == ["$38.00 taken from credit"] * 2
    assert overview.standing(shop.organization).next_charge == replace(renewal, held_addons=ANY)
    assert held(row).period_ends_at == month(mixed, 3)
    assert row.period_ends_at == mixed.period_ends_at
    more = seats.offer(row, seats=12, at=clock.now()).preview
    assert (more.between_at, more.between_minor) == (month(mixed, 3), 2 * SEASON)
    shop.advance_to(mixed.period_ends_at + timedelta(hours=2))
    row = consistent(shop, mixed)
    assert charges(row)[3:] == [2 * SEASON] * 10 + [160_000 + 2 * SEASON]
    last = Invoice.objects.order_by("issued_at", "id").last()
    assert (last.amount_paid_minor, last.credit_used_minor) == (renewal.due_minor, -renewal.balance_minor)


def test_given_back_with_its_month_beside_what_waits_for_the_year(shop, mixed):
    scheduled.change_seats(mixed, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    change = give_back(shop, mixed)
    shop.settle()
    row = consistent(shop, mixed)
    assert change.effective_at == month(mixed, 1)
    assert phases(row) == [[2, 10], [10], [8]]
    assert overview.standing(shop.organization).between is None
    shop.advance_to(month(mixed, 1) + timedelta(hours=2))
    row = consistent(shop, row)
    change.refresh_from_db()
    assert change.state == "applied"
    assert not SubscriptionAddon.objects.filter(subscription=row, ended_at=None).exists()
    assert SeatLedgerEntry.objects.filter(subscription=row, kind=LedgerKind.ADDON).last().mrr_delta_minor == -2 * SEASON
    assert phases(row) == [[10], [8]]
    assert len(charges(row)) == 2
    shop.advance_to(mixed.period_ends_at + timedelta(hours=2))
    row = consistent(shop, row)
    assert (row.quantity, len(charges(row))) == (8, 3)


def test_an_end_of_all_keeps_the_month_it_is_given_back_with(shop, mixed):
    give_back(shop, mixed)
    end = scheduled.end(mixed, reason_code=CancelReason.OTHER, reason="", origin=shop.origin, at=clock.now())
    shop.settle()
    row = consistent(shop, mixed)
    assert phases(row) == [[2, 10], [10]]
    assert gateway.schedule(row.schedule_id).end_behavior == "cancel"
    assert scheduled.take_back(end, origin=shop.origin, at=clock.now())
    shop.settle()
    assert gateway.schedule(consistent(shop, row).schedule_id).end_behavior == "release"
    scheduled.end(row, reason_code=CancelReason.OTHER, reason="", origin=shop.origin, at=clock.now())
    shop.advance_to(month(mixed, 2) + timedelta(hours=2))
    row = consistent(shop, row)
    assert (row.is_live, len(charges(row))) == (True, 2)
    shop.advance_to(mixed.period_ends_at + timedelta(hours=2))
    row = shop.fresh(row)
    assert (row.status, row.quantity, len(charges(row))) == ("canceled", 0, 2)


def test_an_end_at_the_years_end_though_a_month_ends_before(shop, mixed):
    end = scheduled.end(mixed, reason_code=CancelReason.OTHER, reason="", origin=shop.origin, at=clock.now())
    shop.settle()
    row = consistent(shop, mixed)
    assert row.cancel_at == row.period_ends_at == end.effective_at
    assert overview.standing(shop.organization).between.at == month(mixed, 1)
    assert scheduled.take_back(end, origin=shop.origin, at=clock.now())
    shop.settle()
    assert consistent(shop, row).cancel_at is None


def test_it_stays_by_the_month_when_the_plan_becomes_a_year_and_back(shop):
    row = shop.buy(seats=10)
    have(shop, row, 1)
    offer = plan_changes.offer(shop.fresh(row), plan="team", interval="year", quantity=None, at=clock.now())
    shown = offer.preview
    change = plan_changes.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    assert change.state == "done", change.message
    shop.settle()
    row = consistent(shop, row)
    assert (held(row).price.interval, held(row).period_ends_at) == ("month", month(row, 1))
    assert abs((shown.between_at - month(row, 1)).total_seconds()) < 60
    assert shown.between_minor == SEASON
    assert shown.renewal_minor == 160_000 + SEASON


@pytest.mark.parametrize(("begins", "ends"), [("month", "year"), ("year", "month")])
def test_another_interval_at_the_periods_end_begins_whole_beside_it(shop, begins, ends):
    """Not on the day of the month that the subscription began, half a year later: the period is whole, and so is its price."""
    row = shop.buy(seats=10, interval=begins)
    shop.advance_to(row.period_starts_at + timedelta(days=3))
    have(shop, shop.fresh(row), 1)
    plan_changes.schedule_for(shop.fresh(row), plan="team", interval=ends, origin=shop.origin, at=clock.now())
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    now = consistent(shop, row)
    assert (now.price.interval, now.period_starts_at) == (ends, row.period_ends_at)
    assert now.period_ends_at == intervals.end(row.period_ends_at, ends)
    assert held(now).period_ends_at == (month(now, 1) if ends == "year" else None)
    assert charges(now)[-1] == SEASON + (160_000 if ends == "year" else 16_000)


def test_in_a_trial_it_is_not_offered(shop):
    row = shop.buy(seats=10, interval="year", is_trial=True)
    with pytest.raises(addons.NotOffered):
        addons.offer(row, code="season", number=1, at=clock.now())
