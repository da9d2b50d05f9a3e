"""Golden money cases: what a change costs, to the minor unit."""

from datetime import UTC, datetime

import pytest
import stripe


def at(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def setup(shop, start, price, quantity=1, **extra):
    clock = shop.clock(start)
    customer = shop.customer(clock=clock.id)
    subscription = shop.subscribe(customer, price, quantity, **extra)
    return clock.id, subscription


def change(shop, subscription, **params):
    items = params.pop("items", None)
    if items is None:
        entry = {"id": subscription["items"].data[0].id}
        entry |= {name: params.pop(name) for name in ("quantity", "price") if name in params}
        items = [entry]
    return shop.client.subscriptions.update(subscription.id, {"items": items, **params})


START = at(2026, 4, 1)
END = at(2026, 5, 1)


@pytest.mark.parametrize(
    ("quantity", "total"),
    [(0, 0), (1, 1000), (10, 10_000), (11, 9_900), (50, 45_000), (51, 40_800)],
)
def test_volume_tiers_at_their_edges(shop, quantity, total):
    tiers = [{"up_to": 10, "unit_amount": 1000}, {"up_to": 50, "unit_amount": 900}, {"up_to": "inf", "unit_amount": 800}]
    price = shop.price(billing_scheme="tiered", tiers_mode="volume", tiers=tiers)
    _, subscription = setup(shop, START, price, quantity)
    assert shop.invoice(subscription.latest_invoice).total == total


@pytest.mark.parametrize(
    ("quantity", "total"),
    [(1, 1500), (10, 10_500), (11, 11_400 + 200), (50, 46_500 + 200), (51, 47_300 + 200)],
)
def test_graduated_tiers_at_their_edges(shop, quantity, total):
    tiers = [
        {"up_to": 10, "unit_amount": 1000, "flat_amount": 500},
        {"up_to": 50, "unit_amount": 900, "flat_amount": 200},
        {"up_to": "inf", "unit_amount": 800},
    ]
    price = shop.price(billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    _, subscription = setup(shop, START, price, quantity)
    assert shop.invoice(subscription.latest_invoice).total == total


def test_lines_are_rounded_one_by_one_towards_minus_infinity(shop):
    """A third of a period: -666.67 becomes -667, +333.33 becomes +333."""
    clock, subscription = setup(shop, START, shop.price(1000))
    third = START + (END - START) // 3
    shop.advance(clock, third)
    cheap = shop.price(500)
    change(shop, subscription, price=cheap.id, proration_behavior="create_prorations")
    pending = shop.client.invoice_items.list({"customer": subscription.customer, "pending": True}).data
    assert sorted(item.amount for item in pending) == [-667, 333]


def test_up_at_an_odd_second_equals_its_preview(shop):
    clock, subscription = setup(shop, START, shop.price(1999), 7)
    odd = START + 1_234_567
    shop.advance(clock, odd)
    details = {
        "items": [{"id": subscription["items"].data[0].id, "quantity": 12}],
        "proration_behavior": "always_invoice",
        "proration_date": odd,
    }
    preview = shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    shop.advance(clock, odd + 600)
    updated = shop.client.subscriptions.update(
        subscription.id, {**details, "payment_behavior": "pending_if_incomplete", "expand": ["latest_invoice"]}
    )
    left, whole = END - odd, END - START
    expected = [-(7 * 1999 * left // whole) - 1, 12 * 1999 * left // whole]
    assert [line.amount for line in preview.lines.data] == expected
    assert [line.amount for line in updated.latest_invoice.lines.data] == expected
    assert updated.latest_invoice.amount_paid == preview.amount_due == sum(expected)
    assert preview.parent.subscription_details.subscription_proration_date == odd


def test_down_with_always_invoice_goes_to_the_balance(shop):
    clock, subscription = setup(shop, START, shop.price(1000), 10)
    shop.advance(clock, (START + END) // 2)
    change(shop, subscription, quantity=4, proration_behavior="always_invoice")
    latest = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert (latest.total, latest.amount_due, latest.status, latest.ending_balance) == (-3000, 0, "paid", -3000)
    customer = shop.client.customers.retrieve(subscription.customer, {"expand": ["invoice_credit_balance"]})
    assert customer.balance == -3000
    assert customer.invoice_credit_balance.to_dict() == {"usd": -3000}


def test_credit_larger_than_the_charge_stays_in_the_balance(shop):
    clock, subscription = setup(shop, START, shop.price(1000), 2)
    shop.client.customers.balance_transactions.create(subscription.customer, {"amount": -5000, "currency": "usd"})
    shop.advance(clock, END + 3601)
    latest = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert (latest.total, latest.amount_due, latest.starting_balance, latest.ending_balance) == (2000, 0, -5000, -3000)
    assert latest.status == "paid"
    moves = shop.client.customers.balance_transactions.list(subscription.customer).data
    assert [(move.amount, move.type) for move in moves] == [(2000, "applied_to_invoice"), (-5000, "adjustment")]


def test_across_plans_credits_the_old_and_bills_the_new(shop):
    clock, subscription = setup(shop, START, shop.price(1000), 3)
    shop.advance(clock, (START + END) // 2)
    other = shop.client.products.create({"name": "Business"})
    business = shop.client.prices.create(
        {"product": other.id, "currency": "usd", "unit_amount": 2500, "recurring": {"interval": "month"}}
    )
    updated = change(shop, subscription, price=business.id, proration_behavior="always_invoice", expand=["latest_invoice"])
    lines = updated.latest_invoice.lines.data
    assert [line.amount for line in lines] == [-1500, 3750]
    assert lines[0].parent.subscription_item_details.proration
    assert lines[0].parent.subscription_item_details.proration_details.credited_items.invoice == subscription.latest_invoice
    assert lines[1].pricing.price_details.product == other.id
    assert updated["items"].data[0].id == subscription["items"].data[0].id


def test_none_then_always_invoice_credits_what_was_billed(shop):
    clock, subscription = setup(shop, START, shop.price(1000), 10)
    shop.advance(clock, (START + END) // 2)
    change(shop, subscription, quantity=15, proration_behavior="none")
    updated = change(shop, subscription, quantity=20, proration_behavior="always_invoice", expand=["latest_invoice"])
    assert [line.amount for line in updated.latest_invoice.lines.data] == [-5000, 10_000]


def test_two_changes_credit_each_debit_once(shop):
    clock, subscription = setup(shop, START, shop.price(1000), 10)
    shop.advance(clock, (START + END) // 2)
    change(shop, subscription, quantity=12, proration_behavior="always_invoice")
    shop.advance(clock, (START + 3 * END) // 4)
    updated = change(shop, subscription, quantity=16, proration_behavior="always_invoice", expand=["latest_invoice"])
    assert [line.amount for line in updated.latest_invoice.lines.data] == [-3000, 4000]


def test_pending_prorations_ride_on_the_next_invoice(shop):
    clock, subscription = setup(shop, START, shop.price(1000), 10)
    shop.advance(clock, (START + END) // 2)
    change(shop, subscription, quantity=14)
    preview = shop.client.invoices.create_preview({"subscription": subscription.id})
    shop.advance(clock, END + 3601)
    latest = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert [line.amount for line in latest.lines.data] == [-5000, 7000, 14_000]
    assert latest.total == preview.total == 16_000


def test_month_ends(shop):
    clock, subscription = setup(shop, at(2027, 1, 31, 12), shop.price(1000))
    ends = []
    for _ in range(4):
        item = shop.client.subscriptions.retrieve(subscription.id)["items"].data[0]
        ends.append(item.current_period_end)
        shop.advance(clock, item.current_period_end + 1)
    assert ends == [at(2027, 2, 28, 12), at(2027, 3, 31, 12), at(2027, 4, 30, 12), at(2027, 5, 31, 12)]


def test_leap_day(shop):
    clock, subscription = setup(shop, at(2028, 2, 29), shop.price(12_000, interval="year"))
    ends = []
    for _ in range(4):
        item = shop.client.subscriptions.retrieve(subscription.id)["items"].data[0]
        ends.append(item.current_period_end)
        shop.advance(clock, item.current_period_end + 1)
    assert ends == [at(2029, 2, 28), at(2030, 2, 28), at(2031, 2, 28), at(2032, 2, 29)]


def test_leap_february_is_prorated_by_its_29_days(shop):
    clock, subscription = setup(shop, at(2028, 2, 1), shop.price(2900))
    shop.advance(clock, at(2028, 2, 11))
    updated = change(shop, subscription, quantity=2, proration_behavior="always_invoice", expand=["latest_invoice"])
    assert [line.amount for line in updated.latest_invoice.lines.data] == [-1900, 3800]


def test_zero_decimal_currency(shop):
    clock, subscription = setup(shop, START, shop.price(1500, currency="jpy"), 3)
    assert shop.invoice(subscription.latest_invoice).total == 4500
    shop.advance(clock, START + (END - START) // 3)
    updated = change(shop, subscription, quantity=4, proration_behavior="always_invoice", expand=["latest_invoice"])
    assert [line.amount for line in updated.latest_invoice.lines.data] == [-3000, 4000]


def test_amount_below_the_minimum_charge_goes_to_the_balance(shop):
    clock, subscription = setup(shop, START, shop.price(40))
    first = shop.invoice(subscription.latest_invoice)
    assert (first.status, first.total, first.amount_due, first.ending_balance) == ("paid", 40, 0, 40)
    assert shop.client.payment_intents.list({"customer": subscription.customer}).data == []
    shop.advance(clock, END + 3601)
    second = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert (second.starting_balance, second.amount_due, second.amount_paid, second.ending_balance) == (40, 80, 80, 0)


def test_new_interval_resets_the_anchor_and_bills_at_once(shop):
    clock, subscription = setup(shop, START, shop.price(1000), 10)
    half = (START + END) // 2
    shop.advance(clock, half)
    yearly = shop.price(10_000, interval="year")
    updated = change(shop, subscription, price=yearly.id, billing_cycle_anchor={"type": "now"}, expand=["latest_invoice"])
    assert [line.amount for line in updated.latest_invoice.lines.data] == [-5000, 100_000]
    assert updated.billing_cycle_anchor == half
    assert updated["items"].data[0].current_period_end == at(2027, 4, 16)


def test_exclusive_tax_on_both_lines_of_a_change(shop):
    rate = shop.client.tax_rates.create({"display_name": "VAT", "inclusive": False, "percentage": "19"})
    clock, subscription = setup(shop, START, shop.price(1000), 10, default_tax_rates=[rate.id])
    first = shop.invoice(subscription.latest_invoice)
    assert (first.total, first.total_excluding_tax, first.total_taxes[0].amount) == (11_900, 10_000, 1900)
    shop.advance(clock, (START + END) // 2)
    updated = change(shop, subscription, quantity=12, proration_behavior="always_invoice", expand=["latest_invoice"])
    latest = updated.latest_invoice
    assert [line.taxes[0].amount for line in latest.lines.data] == [-950, 1140]
    assert latest.total == 1190


def test_inclusive_tax_is_within_the_price(shop):
    rate = shop.client.tax_rates.create({"display_name": "VAT", "inclusive": True, "percentage": "19"})
    _, subscription = setup(shop, START, shop.price(1190), 1, default_tax_rates=[rate.id])
    first = shop.invoice(subscription.latest_invoice)
    assert (first.total, first.total_excluding_tax, first.total_taxes[0].amount) == (1190, 1000, 190)


def test_a_coupon_rounds_half_up_and_its_credit_is_net(shop):
    coupon = shop.client.coupons.create({"percent_off": "12.5", "duration": "forever"})
    clock, subscription = setup(shop, START, shop.price(1020), 1, discounts=[{"coupon": coupon.id}])
    first = shop.invoice(subscription.latest_invoice)
    assert (first.subtotal, first.total, first.total_discount_amounts[0].amount) == (1020, 892, 128)
    shop.advance(clock, (START + END) // 2)
    updated = change(shop, subscription, quantity=2, proration_behavior="always_invoice", expand=["latest_invoice"])
    assert [line.amount for line in updated.latest_invoice.lines.data] == [-446, 892]


def test_itemized_discounts_stand_beside_gross_lines(shop):
    coupon = shop.client.coupons.create({"percent_off": "10", "duration": "forever"})
    mode = {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}
    clock, subscription = setup(shop, START, shop.price(1000), 1, discounts=[{"coupon": coupon.id}], billing_mode=mode)
    shop.advance(clock, (START + END) // 2)
    updated = change(shop, subscription, quantity=3, proration_behavior="always_invoice", expand=["latest_invoice"])
    lines = updated.latest_invoice.lines.data
    assert [(line.amount, line.discount_amounts[0].amount) for line in lines] == [(-500, -50), (1500, 150)]
    assert updated.latest_invoice.total == 900


def test_a_once_coupon_is_gone_after_the_first_invoice(shop):
    coupon = shop.client.coupons.create({"amount_off": 300, "currency": "usd", "duration": "once"})
    clock, subscription = setup(shop, START, shop.price(1000), 1, discounts=[{"coupon": coupon.id}])
    assert shop.invoice(subscription.latest_invoice).total == 700
    assert shop.client.invoices.create_preview({"subscription": subscription.id}).total == 1000
    shop.advance(clock, END + 3601)
    latest = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert latest.total == 1000


def test_a_proration_date_outside_the_period_is_refused(shop):
    _, subscription = setup(shop, START, shop.price(1000))
    with pytest.raises(stripe.InvalidRequestError, match="within the current period") as caught:
        change(shop, subscription, quantity=2, proration_date=START - 1)
    assert caught.value.param == "proration_date"


def test_a_preview_leaves_nothing_behind(shop, account):
    _, subscription = setup(shop, START, shop.price(1000), 10)

    def objects():
        return {kind: dict(table.rows) for kind, table in account.store.tables.items() if kind != "_idempotency"}

    before = objects()
    for behavior in ("always_invoice", "create_prorations", "none"):
        entry = {"id": subscription["items"].data[0].id, "quantity": 20}
        shop.client.invoices.create_preview(
            {"subscription": subscription.id, "subscription_details": {"items": [entry], "proration_behavior": behavior}}
        )
    assert objects() == before
