"""Golden money cases with discounts: coupons and promotion codes, what a change credits and bills, when they end."""

from datetime import UTC, datetime

import pytest
import stripe

DAY = 86400


def at(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


START, HALF, END = at(2026, 4, 1), at(2026, 4, 16), at(2026, 5, 1)


@pytest.fixture
def coupon(shop):
    return lambda **given: shop.client.coupons.create({"duration": "forever", **given}).id


def begin(shop, price, quantity=1, **extra):
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    return clock.id, shop.subscribe(customer, price, quantity, **extra)


def change(shop, subscription, quantity, **extra):
    """A change of seats, invoiced at once; its invoice, which its preview has foretold."""
    item = subscription["items"].data[0].id
    details = {"items": [{"id": item, "quantity": quantity}], "proration_behavior": "always_invoice"}
    more = {"discounts": extra["discounts"]} if "discounts" in extra else {}
    preview = shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": details, **more})
    updated = shop.client.subscriptions.update(subscription.id, {**details, **extra, "expand": ["latest_invoice"]})
    assert preview.total == updated.latest_invoice.total
    return updated.latest_invoice


def latest(shop, subscription):
    return shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice


def test_promotion_code_with_seats_up(shop, coupon):
    """25% off 10 seats of $10.00: $75.00 paid. At half time 14 seats: -75.00/2 = -37.50 back, 14 x 10.00 x 75% / 2 = 52.50."""
    code = shop.client.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon(percent_off=25)}, "code": "SPRING"}
    )
    clock, subscription = begin(shop, shop.price(1000), 10, discounts=[{"promotion_code": code.id}])
    first = latest(shop, subscription)
    line = first.lines.data[0]
    assert (first.subtotal, first.total, first.total_discount_amounts[0].amount) == (10_000, 7500, 2500)
    assert (line.amount, line.discount_amounts[0].amount, line.discounts) == (10_000, 2500, first.discounts)
    assert shop.client.promotion_codes.retrieve(code.id).times_redeemed == 1
    shop.advance(clock, HALF)
    invoice = change(shop, subscription, 14)
    assert [line.amount for line in invoice.lines.data] == [-3750, 5250]
    assert [[part.amount for part in line.discount_amounts] for line in invoice.lines.data] == [[0], [0]]
    assert (invoice.total, invoice.amount_paid) == (1500, 1500)
    shop.advance(clock, END + 3601)
    assert latest(shop, subscription).total == 10_500


def test_a_fixed_amount_is_prorated_like_the_period_it_belongs_to(shop, coupon):
    """$20.00 off 10 seats of $10.00: $80.00 paid. Half time, 14 seats: -40.00 back, (140.00 - 20.00) / 2 = 60.00 billed."""
    clock, subscription = begin(shop, shop.price(1000), 10, discounts=[{"coupon": coupon(amount_off=2000, currency="usd")}])
    assert latest(shop, subscription).total == 8000
    shop.advance(clock, HALF)
    assert [line.amount for line in change(shop, subscription, 14).lines.data] == [-4000, 6000]


@pytest.mark.parametrize("proration_discounts", ["included", "itemized"])
def test_a_whole_discount_then_a_change(shop, coupon, proration_discounts):
    """100% off: nothing paid, so nothing back. With the discount gone at half time 12 seats cost 12 x 10.00 / 2 = 60.00."""
    mode = {"type": "flexible", "flexible": {"proration_discounts": proration_discounts}}
    given = [{"coupon": coupon(percent_off=100)}]
    clock, subscription = begin(shop, shop.price(1000), 10, discounts=given, billing_mode=mode)
    first = latest(shop, subscription)
    assert (first.subtotal, first.total, first.status, first.amount_paid) == (10_000, 0, "paid", 0)
    shop.advance(clock, at(2026, 4, 11))
    assert change(shop, subscription, 11).total == 0
    shop.advance(clock, HALF)
    invoice = change(shop, subscription, 12, discounts="")
    assert (invoice.total, invoice.amount_paid) == (6000, 6000)


def test_a_free_first_period_then_a_change(shop, coupon):
    """100% off once: nothing paid for April. It is used up: 11 seats for half of April cost 55.00; nothing is back."""
    clock, subscription = begin(shop, shop.price(1000), 10, discounts=[{"coupon": coupon(percent_off=100, duration="once")}])
    assert shop.client.subscriptions.retrieve(subscription.id).discounts == []
    shop.advance(clock, HALF)
    assert [line.amount for line in change(shop, subscription, 11).lines.data] == [5500]


def test_several_discounts_one_after_the_other(shop, coupon):
    """$100.05: 10% off is 10.005, half up 10.01, leaves 90.04; 15.00 off leaves 75.04; 50% of that is 37.52."""
    given = [coupon(percent_off=10), coupon(amount_off=1500, currency="usd"), coupon(percent_off=50)]
    clock, subscription = begin(shop, shop.price(10_005), discounts=[{"coupon": each} for each in given])
    first = latest(shop, subscription)
    assert [part.amount for part in first.total_discount_amounts] == [1001, 1500, 3752]
    assert [part.amount for part in first.lines.data[0].discount_amounts] == [1001, 1500, 3752]
    assert first.total == 3752
    shop.advance(clock, HALF)
    # Back: -37.52/2 = -18.76. Twice the seats: (200.10 x 90% - 15.00) x 50% / 2 = 41.2725, down to 41.27.
    assert [line.amount for line in change(shop, subscription, 2).lines.data] == [-1876, 4127]


def test_an_item_s_own_discount_comes_first_and_is_in_the_subtotal(shop, coupon):
    """$40.00 with 25% off itself is 30.00, the add-on 10.00: subtotal 40.00. 10% off the whole: 3.00 and 1.00."""
    addon = shop.price(1000)
    items = [
        {"price": shop.price(2000).id, "quantity": 2, "discounts": [{"coupon": coupon(percent_off=25)}]},
        {"price": addon.id},
    ]
    given = {"items": items, "discounts": [{"coupon": coupon(percent_off=10)}]}
    first = latest(shop, shop.client.subscriptions.create({"customer": shop.customer().id, **given}))
    assert (first.subtotal, first.total) == (4000, 3600)
    assert [[part.amount for part in line.discount_amounts] for line in first.lines.data] == [[1000, 300], [100]]


def test_a_fixed_amount_is_shared_by_the_lines_to_the_last_cent(shop, coupon):
    """$10.00 off lines of 10.00, 10.00 and 10.00: 3.34, 3.33 and 3.33."""
    items = [{"price": shop.price(1000).id} for _ in range(3)]
    given = {"items": items, "discounts": [{"coupon": coupon(amount_off=1000, currency="usd")}]}
    first = latest(shop, shop.client.subscriptions.create({"customer": shop.customer().id, **given}))
    assert [line.discount_amounts[0].amount for line in first.lines.data] == [334, 333, 333]


def test_a_coupon_for_one_product_leaves_the_others_alone(shop, coupon):
    other = shop.client.products.create({"name": "Add-on"})
    addon = shop.client.prices.create(
        {"product": other.id, "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    )
    off = coupon(percent_off=50, applies_to={"products": [other.id]})
    items = [{"price": shop.price(1000).id}, {"price": addon.id, "quantity": 2}]
    subscription = shop.client.subscriptions.create(
        {"customer": shop.customer().id, "items": items, "discounts": [{"coupon": off}]}
    )
    first = latest(shop, subscription)
    assert [sum(part.amount for part in line.discount_amounts) for line in first.lines.data] == [0, 500]
    assert shop.client.coupons.retrieve(off, {"expand": ["applies_to"]}).applies_to.products == [other.id]


def test_a_fixed_amount_by_currency(shop, coupon):
    """¥1,500 x 3 less ¥1,000 is ¥3,500; in euros the coupon takes 5.00; in pounds it can't be used."""
    options = {"eur": {"amount_off": 500}, "jpy": {"amount_off": 1000}}
    off = coupon(amount_off=600, currency="usd", currency_options=options)
    totals = [
        latest(shop, begin(shop, shop.price(1500, currency=each), 3, discounts=[{"coupon": off}])[1]).total
        for each in ("jpy", "eur", "usd")
    ]
    assert totals == [3500, 4000, 3900]
    with pytest.raises(stripe.InvalidRequestError, match="can't be used with gbp"):
        begin(shop, shop.price(1500, currency="gbp"), discounts=[{"coupon": off}])


def test_two_months_then_the_full_price(shop, coupon):
    off = coupon(percent_off=50, duration="repeating", duration_in_months=2)
    clock, subscription = begin(shop, shop.price(1000), discounts=[{"coupon": off}])
    discount = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["discounts"]}).discounts[0]
    assert (discount.start, discount.end, discount.source.coupon) == (START, at(2026, 6, 1), off)
    shop.advance(clock, at(2026, 7, 2))
    invoices = shop.client.invoices.list({"subscription": subscription.id}).data
    assert [invoice.total for invoice in reversed(invoices)] == [500, 500, 1000, 1000]
    assert shop.client.subscriptions.retrieve(subscription.id).discounts == []
    ended = shop.client.events.list({"type": "customer.discount.deleted"}).data
    assert [event.data.object["id"] for event in ended] == [discount.id]


def test_a_customer_s_discount_holds_where_a_subscription_has_none(shop, control, coupon):
    off, own = coupon(percent_off=20), coupon(percent_off=50)
    customer = shop.customer()
    row = {"object": "discount", "id": "di_customer", "customer": customer.id, "source": {"type": "coupon", "coupon": off}}
    shown = {"object": "customer", "id": customer.id, "email": customer.email, "discount": "di_customer"}
    method = customer.invoice_settings.default_payment_method
    control(
        "POST", "import", objects=[{**row, "start": START}, {**shown, "invoice_settings": {"default_payment_method": method}}]
    )
    assert latest(shop, shop.subscribe(customer, shop.price(1000))).total == 800
    assert latest(shop, shop.subscribe(customer, shop.price(1000), discounts=[{"coupon": own}])).total == 500
    assert shop.client.customers.delete_discount(customer.id).deleted
    assert latest(shop, shop.subscribe(customer, shop.price(1000))).total == 1000


def test_a_discount_is_added_and_taken_off_a_running_subscription(shop, coupon):
    _, subscription = begin(shop, shop.price(1000))
    held = shop.client.subscriptions.update(subscription.id, {"discounts": [{"coupon": coupon(percent_off=10)}]}).discounts
    both = [{"discount": held[0]}, {"coupon": coupon(amount_off=100, currency="usd")}]
    assert shop.client.subscriptions.update(subscription.id, {"discounts": both}).discounts[0] == held[0]
    assert shop.client.invoices.create_preview({"subscription": subscription.id}).total == 800
    assert shop.client.invoices.create_preview({"subscription": subscription.id, "discounts": ""}).total == 1000
    assert shop.client.subscriptions.delete_discount(subscription.id).deleted
    assert shop.client.subscriptions.retrieve(subscription.id).discounts == []


REFUSED = [
    ({"max_redemptions": 1}, {}, 2, "is expired"),
    ({"redeem_by": 60}, {}, 1, "is expired"),
    ({}, {"max_redemptions": 1}, 2, "no longer active"),
    ({}, {"expires_at": 60}, 1, "no longer active"),
    ({}, {"active": False}, 1, "no longer active"),
    ({}, {"restrictions": {"first_time_transaction": True}}, 2, "has prior transactions"),
    ({}, {"restrictions": {"minimum_amount": 1001, "minimum_amount_currency": "usd"}}, 1, "minimum amount is not reached"),
]


@pytest.mark.parametrize(("of_coupon", "of_code", "times", "why"), REFUSED)
def test_a_code_is_refused(shop, control, coupon, of_coupon, of_code, times, why):  # noqa: PLR0917 - pytest's fixtures and cases
    """The last of `times` subscriptions of one customer is refused."""
    now = control("GET", "clock")["now"]
    timed = {name: now + of_coupon[name] for name in of_coupon if name == "redeem_by"}
    also = {name: now + of_code[name] for name in of_code if name == "expires_at"}
    off = coupon(percent_off=10, **{**of_coupon, **timed})
    given = {"promotion": {"type": "coupon", "coupon": off}, "code": "ONCE", **of_code, **also}
    code = shop.client.promotion_codes.create(given)
    if timed or also:
        control("POST", "clock", advance_by=61)
        assert not shop.client.promotion_codes.retrieve(code.id).active
        assert shop.client.coupons.retrieve(off).valid is not bool(timed)
    by_code = {"discounts": [{"promotion_code": code.id}] if of_code else [{"coupon": off}]}
    customer, price = shop.customer(), shop.price(1000)
    for _ in range(times - 1):
        shop.subscribe(customer, price, **by_code)
    with pytest.raises(stripe.InvalidRequestError, match=why):
        shop.subscribe(customer, price, **by_code)
    assert len(shop.client.subscriptions.list({"customer": customer.id}).data) == times - 1


def test_a_code_for_one_customer_only(shop, coupon):
    mine, other, price = shop.customer(), shop.customer(), shop.price(1000)
    given = {"promotion": {"type": "coupon", "coupon": coupon(percent_off=10)}, "customer": mine.id}
    code = shop.client.promotion_codes.create(given)
    with pytest.raises(stripe.InvalidRequestError, match="restricted to another customer"):
        shop.subscribe(other, price, discounts=[{"promotion_code": code.id}])
    assert latest(shop, shop.subscribe(mine, price, discounts=[{"promotion_code": code.id}])).total == 900


@pytest.mark.parametrize(
    "given",
    [
        {"percent_off": 0},
        {"percent_off": 101},
        {"percent_off": 10, "amount_off": 5},
        {"amount_off": 5},
        {"percent_off": 10, "duration": "repeating"},
        {"percent_off": 10, "duration": "once", "duration_in_months": 3},
        {"percent_off": 10, "redeem_by": 1},
    ],
)
def test_a_coupon_that_makes_no_sense(shop, given):
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.coupons.create(given)


def test_a_preview_redeems_nothing(shop, coupon):
    off = coupon(percent_off=10, max_redemptions=1)
    _, subscription = begin(shop, shop.price(1000))
    shown = shop.client.invoices.create_preview(
        {"subscription": subscription.id, "discounts": [{"coupon": off}], "expand": ["discounts"]}
    )
    assert (shown.total, shown.discounts[0].source.coupon) == (900, off)
    assert (shop.client.coupons.retrieve(off).times_redeemed, shop.client.coupons.retrieve(off).valid) == (0, True)


def test_an_invoice_and_a_one_off_have_discounts_of_their_own(shop, coupon):
    """A pilot's fee of 500.00 less its own 20% is 400.00; 10% off the invoice takes 40.00 of that."""
    customer = shop.customer()
    period = {"start": START, "end": END}
    item = shop.client.invoice_items.create(
        {
            "customer": customer.id,
            "amount": 50_000,
            "currency": "usd",
            "description": "Pilot",
            "period": period,
            "discounts": [{"coupon": coupon(percent_off=20)}],
        }
    )
    assert (item.period.start, len(item.discounts)) == (START, 1)
    draft = shop.client.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert (draft.subtotal, draft.total, draft.lines.data[0].period.to_dict()) == (40_000, 40_000, period)
    draft = shop.client.invoices.update(draft.id, {"discounts": [{"coupon": coupon(percent_off=10)}]})
    assert (draft.subtotal, draft.total) == (40_000, 36_000)
    assert shop.client.invoices.finalize_invoice(draft.id).amount_due == 36_000


def test_the_invoice_s_page_adds_up(shop, coupon, browser):
    """Two seats of 20.00 with 25% off themselves, less 10% of the whole: 40.00 - 10.00 - 3.00 = 27.00."""
    own = {"price": shop.price(2000).id, "quantity": 2, "discounts": [{"coupon": coupon(percent_off=25)}]}
    given = {"items": [own], "discounts": [{"coupon": coupon(percent_off=10, name="Partner")}]}
    subscription = shop.client.subscriptions.create({"customer": shop.customer().id, **given})
    page = browser.get(latest(shop, subscription).hosted_invoice_url)
    assert "Subtotal $40.00 Discount (-25%) -$10.00 Discount Partner (-10%) -$3.00 Total $27.00" in page.text


def test_a_discount_of_a_change_that_is_not_paid_is_not_over(shop, coupon):
    """Half off once, and 20 more seats that aren't paid for: neither the seats nor the end of the discount come true."""
    clock, subscription = begin(shop, shop.price(1000), 10)
    shop.client.subscriptions.update(subscription.id, {"discounts": [{"coupon": coupon(percent_off=50, duration="once")}]})
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(clock, HALF)
    seats = {"items": [{"id": subscription["items"].data[0].id, "quantity": 30}], "proration_behavior": "always_invoice"}
    after = shop.client.subscriptions.update(subscription.id, {**seats, "payment_behavior": "pending_if_incomplete"})
    over = {"type": "customer.discount.deleted"}
    assert (len(after.discounts), after.pending_update.discounts, shop.client.events.list(over).data) == (1, [], [])
    shop.card(subscription.customer, "pm_card_visa")
    # -50.00 back, 30 x 10.00 x 50% / 2 = 75.00.
    paid = shop.client.subscriptions.update(subscription.id, {**seats, "payment_behavior": "pending_if_incomplete"})
    assert (paid.discounts, latest(shop, subscription).total, len(shop.client.events.list(over).data)) == ([], 2500, 1)


def test_an_imported_discount_is_credited_as_it_was_paid(shop, control, coupon):
    """A subscription of another time: 10 seats of 10.00, 30% off, so 70.00 paid; half a period later -35.00 and 42.00."""
    off, price, clock = coupon(percent_off=30), shop.price(1000), shop.clock(HALF)
    customer = shop.customer(clock=clock.id)
    item = {"id": "si_old", "price": price.id, "quantity": 10, "current_period_start": START, "current_period_end": END}
    held = {"customer": customer.id, "subscription": "sub_old", "source": {"type": "coupon", "coupon": off}, "start": START}
    old = {"customer": customer.id, "items": [item], "discounts": ["di_old"], "test_clock": clock.id, "created": START}
    rows = [{"object": "discount", "id": "di_old", **held}, {"object": "subscription", "id": "sub_old", **old}]
    assert control("POST", "import", objects=rows)["imported"] == 2
    assert [line.amount for line in change(shop, shop.client.subscriptions.retrieve("sub_old"), 12).lines.data] == [-3500, 4200]


def test_prorations_come_to_the_same_however_their_discounts_are_shown(shop, coupon):
    """Three odd discounts and three odd instants: gross lines with discounts beside them, or net lines."""
    sums = []
    for shown in ("included", "itemized"):
        given = [{"percent_off": "12.5"}, {"amount_off": 777, "currency": "usd"}, {"percent_off": "33.3"}]
        terms = {"discounts": [{"coupon": coupon(**each)} for each in given]}
        mode = {"type": "flexible", "flexible": {"proration_discounts": shown}}
        clock, subscription = begin(shop, shop.price(1337), 7, billing_mode=mode, **terms)
        totals = [latest(shop, subscription).total]
        for day, quantity in ((7, 11), (19, 10), (23, 29)):
            shop.advance(clock, START + day * DAY + 12_345)
            totals.append(change(shop, subscription, quantity).total)
        sums.append(totals)
    assert sums[0] == sums[1]


def test_what_a_discount_came_from_can_be_expanded(shop, coupon):
    off = coupon(percent_off=10, id="SPRING")
    code = shop.client.promotion_codes.create({"promotion": {"type": "coupon", "coupon": off}, "code": "HELLO"})
    shown = shop.client.promotion_codes.list({"code": "hello", "expand": ["data.promotion.coupon"]}).data[0]
    assert (shown.id, shown.promotion.coupon.percent_off) == (code.id, 10)
    _, subscription = begin(shop, shop.price(1000), discounts=[{"promotion_code": code.id}])
    paths = ["discounts.source.coupon", "latest_invoice.total_discount_amounts.discount"]
    found = shop.client.subscriptions.retrieve(subscription.id, {"expand": paths})
    assert found.discounts[0].source.coupon.id == off
    assert found.latest_invoice.total_discount_amounts[0].discount.promotion_code == code.id
