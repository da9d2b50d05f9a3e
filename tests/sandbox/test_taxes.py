"""Golden money cases with taxes: by hand-made rates and by place, within a price and on top, changed on the way; tax ids."""

from datetime import UTC, datetime

import pytest
import stripe

DAY = 86400


def at(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


START, HALF, END = at(2026, 4, 1), at(2026, 4, 16), at(2026, 5, 1)


@pytest.fixture
def rate(shop):
    def make(percentage, *, inclusive=False, **extra):
        given = {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive, **extra}
        return shop.client.tax_rates.create(given).id

    return make


def begin(shop, price, quantity=1, customer=None, **extra):
    clock = shop.clock(START)
    buyer = shop.customer(clock=clock.id, **(customer or {}))
    return clock.id, buyer, shop.subscribe(buyer, price, quantity, **extra)


def latest(shop, subscription):
    return shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice


def change(shop, subscription, quantity):
    """A change of seats, invoiced at once; its invoice, which its preview has foretold."""
    details = {
        "items": [{"id": subscription["items"].data[0].id, "quantity": quantity}],
        "proration_behavior": "always_invoice",
    }
    preview = shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    invoice = shop.client.subscriptions.update(subscription.id, {**details, "expand": ["latest_invoice"]}).latest_invoice
    assert (preview.total, [tax.amount for tax in preview.total_taxes]) == (
        invoice.total,
        [tax.amount for tax in invoice.total_taxes],
    )
    return invoice


def taxes(invoice):
    return [[tax.amount for tax in line.taxes] for line in invoice.lines.data]


def test_tax_changed_in_mid_period(shop, rate):
    """100.00 at 19%: 119.00. From half time 7% holds: -50.00 with its own 19% (-9.50), 12 seats 60.00 with 7% (4.20)."""
    old, new = rate("19"), rate("7")
    clock, _, subscription = begin(shop, shop.price(1000, currency="eur"), 10, default_tax_rates=[old])
    assert latest(shop, subscription).total == 11_900
    shop.advance(clock, HALF)
    shop.client.subscriptions.update(subscription.id, {"default_tax_rates": [new]})
    invoice = change(shop, subscription, 12)
    assert ([line.amount for line in invoice.lines.data], taxes(invoice)) == ([-5000, 6000], [[-950], [420]])
    assert (invoice.total, {tax.tax_rate_details.tax_rate: tax.amount for tax in invoice.total_taxes}) == (
        470,
        {old: -950, new: 420},
    )


def test_exempt_from_mid_period_on_gives_back_the_tax_that_was_paid(shop, rate):
    """119.00 paid. As reverse charge from half time: -50.00 - 9.50, and 12 seats for 60.00 without tax."""
    clock, customer, subscription = begin(shop, shop.price(1000, currency="eur"), 10, default_tax_rates=[rate("19")])
    shop.advance(clock, HALF)
    shop.client.customers.update(customer.id, {"tax_exempt": "reverse"})
    invoice = change(shop, subscription, 12)
    assert (taxes(invoice), invoice.total, invoice.customer_tax_exempt) == ([[-950], [0]], 50, "reverse")
    assert [line.taxes[0].taxability_reason for line in invoice.lines.data] == ["not_available", "reverse_charge"]


def test_inclusive_tax_is_rounded_line_by_line(shop, rate):
    """9.99 with 19% within: 9.99 - 9.99/1.19 = 1.595 to 1.60 on each of two lines; on 19.98 at once it would be 3.19."""
    vat = rate("19", inclusive=True)
    items = [{"price": shop.price(999, currency="eur").id} for _ in range(2)]
    subscription = shop.client.subscriptions.create(
        {"customer": shop.customer().id, "items": items, "default_tax_rates": [vat]}
    )
    first = latest(shop, subscription)
    assert (taxes(first), first.total_taxes[0].amount) == ([[160], [160]], 320)
    assert (first.subtotal, first.total, first.total_excluding_tax, first.subtotal_excluding_tax) == (1998, 1998, 1678, 1678)


def test_inclusive_tax_of_a_discounted_price(shop, rate):
    """119.00 less 10% is 107.10; the tax within is 17.10. Before the discount it was 19.00."""
    off = shop.client.coupons.create({"percent_off": 10, "duration": "forever"}).id
    given = {"default_tax_rates": [rate("19", inclusive=True)], "discounts": [{"coupon": off}]}
    _, _, subscription = begin(shop, shop.price(11_900, currency="eur"), **given)
    first = latest(shop, subscription)
    assert (first.total, first.total_excluding_tax, first.total_taxes[0].amount) == (10_710, 9000, 1710)
    assert (first.subtotal, first.subtotal_excluding_tax) == (11_900, 10_000)


def test_two_rates_on_one_line_and_another_on_the_next(shop, rate):
    """10.00 with 5% and 9.975%: 0.50 and 1.00 (0.9975). The add-on of 3.33 has 7% of its own: 0.23."""
    gst, qst, own = rate("5"), rate("9.975"), rate("7")
    items = [{"price": shop.price(1000).id}, {"price": shop.price(333).id, "tax_rates": [own]}]
    subscription = shop.client.subscriptions.create(
        {"customer": shop.customer().id, "items": items, "default_tax_rates": [gst, qst]}
    )
    first = latest(shop, subscription)
    assert (taxes(first), first.total) == ([[50, 100], [23]], 1506)


@pytest.mark.parametrize(("currency", "amount", "tax"), [("jpy", 1_505, 151), ("krw", 999, 100)])
def test_zero_decimal_currencies(shop, rate, currency, amount, tax):
    """10% of ¥1,505 is ¥150.5, half up ¥151; of ₩999 ₩99.9 is ₩100."""
    _, _, subscription = begin(shop, shop.price(amount, currency=currency), default_tax_rates=[rate("10")])
    assert latest(shop, subscription).total == amount + tax


@pytest.mark.parametrize(("exempt", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")])
@pytest.mark.parametrize("inclusive", [True, False])
def test_whoever_is_exempt_pays_the_price_without_tax_in_it(shop, rate, exempt, reason, inclusive):
    customer = {"tax_exempt": exempt}
    vat = rate("19", inclusive=inclusive)
    _, _, subscription = begin(shop, shop.price(1190, currency="eur"), customer=customer, default_tax_rates=[vat])
    first = latest(shop, subscription)
    tax = first.total_taxes[0]
    assert (first.total, first.total_excluding_tax, tax.amount, tax.taxable_amount) == (1190, 1190, 0, 1190)
    assert tax.taxability_reason == reason


def test_a_one_off_has_its_own_rate(shop, rate):
    vat, fee = rate("19"), shop.client.prices.create({"product": shop.product.id, "currency": "usd", "unit_amount": 5000})
    extra = [
        {"price": fee.id, "tax_rates": [vat], "period": {"start": {"type": "now"}, "end": {"type": "min_item_period_end"}}}
    ]
    clock, _, subscription = begin(shop, shop.price(1000), add_invoice_items=extra)
    first = latest(shop, subscription)
    assert ([line.amount for line in first.lines.data], first.total) == ([5000, 1000], 6950)
    assert first.lines.data[0].period.end == subscription["items"].data[0].current_period_end
    shop.advance(clock, END + 3601)
    assert latest(shop, subscription).total == 1000


def test_an_archived_rate_stays_where_it_is_and_goes_nowhere_new(shop, rate):
    vat = rate("19")
    _, customer, subscription = begin(shop, shop.price(1000), default_tax_rates=[vat])
    shop.client.tax_rates.update(vat, {"active": False})
    shop.client.subscriptions.update(subscription.id, {"default_tax_rates": [vat]})
    with pytest.raises(stripe.InvalidRequestError, match="archived"):
        shop.subscribe(customer, shop.price(1000), default_tax_rates=[vat])


# By place


AUTOMATIC = {"automatic_tax": {"enabled": True}}


@pytest.mark.parametrize(
    ("country", "tax_id", "behavior", "total", "tax", "reason"),
    [
        ("DE", None, "exclusive", 1190, 190, "standard_rated"),
        ("DE", None, "inclusive", 1000, 160, "standard_rated"),
        ("DE", None, "unspecified", 1000, 160, "standard_rated"),
        ("FI", None, "exclusive", 1255, 255, "standard_rated"),
        ("FR", "FR12345678901", "exclusive", 1000, 0, "reverse_charge"),
        ("US", None, "exclusive", 1000, 0, None),
    ],
)
def test_tax_by_place(shop, control, country, tax_id, behavior, total, tax, reason):  # noqa: PLR0917 - pytest's fixtures and cases
    control("POST", "settings", country="DE")
    ids = {"tax_id_data": [{"type": "eu_vat", "value": tax_id}]} if tax_id else {}
    customer = {"address": {"country": country}, **ids}
    price = shop.price(1000, currency="eur", tax_behavior=behavior)
    _, buyer, subscription = begin(shop, price, customer=customer, **AUTOMATIC)
    first = latest(shop, subscription)
    assert (first.total, sum(each.amount for each in first.total_taxes)) == (total, tax)
    assert (first.automatic_tax.enabled, first.automatic_tax.status) == (True, "complete")
    assert [each.taxability_reason for each in first.total_taxes] == ([reason] if reason else [])
    shown = shop.client.customers.retrieve(buyer.id, {"expand": ["tax"]}).tax
    assert (shown.location.country, shown.automatic_tax) == (country, "not_collecting" if country == "US" else "supported")


def test_moved_in_mid_period(shop):
    """EUR 100.00 in Germany, 19% on top. In Austria from half time: -50.00 with 19% back, 60.00 with 20%."""
    price = shop.price(1000, currency="eur", tax_behavior="exclusive")
    clock, customer, subscription = begin(shop, price, 10, customer={"address": {"country": "DE"}}, **AUTOMATIC)
    shop.advance(clock, HALF)
    shop.client.customers.update(customer.id, {"address": {"country": "AT"}})
    assert taxes(change(shop, subscription, 12)) == [[-950], [1200]]


def test_a_number_found_wrong_ends_the_reverse_charge(shop, control):
    control("POST", "settings", country="DE")
    price = shop.price(1000, currency="eur", tax_behavior="exclusive")
    numbers = {"tax_id_data": [{"type": "eu_vat", "value": "FR111111111"}], "address": {"country": "FR"}}
    clock, _, subscription = begin(shop, price, customer=numbers, **AUTOMATIC)
    assert latest(shop, subscription).total == 1000
    shop.advance(clock, END + 3601)
    assert latest(shop, subscription).total == 1200


def test_a_customer_who_is_nowhere(shop):
    customer = shop.customer()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.subscribe(customer, shop.price(1000), **AUTOMATIC)
    assert caught.value.code == "customer_tax_location_invalid"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.customers.create({"tax": {"validate_location": "immediately"}})
    assert caught.value.code == "customer_tax_location_invalid"
    shown = shop.client.invoices.create_preview(
        {
            "customer": customer.id,
            "subscription_details": {"items": [{"price": shop.price(1000, tax_behavior="exclusive").id}]},
            "customer_details": {"address": {"country": "DE"}},
            **AUTOMATIC,
        }
    )
    assert shown.total == 1190
    assert shop.client.customers.retrieve(customer.id).address is None


def test_an_address_that_is_taken_away_ends_automatic_tax(shop):
    clock, customer, subscription = begin(
        shop, shop.price(1000, tax_behavior="exclusive"), customer={"address": {"country": "DE"}}, **AUTOMATIC
    )
    shop.client.customers.update(customer.id, {"address": ""})
    draft = shop.client.invoices.create_preview({"subscription": subscription.id})
    assert (draft.total, draft.automatic_tax.status) == (1000, "requires_location_inputs")
    shop.advance(clock, END + 3601)
    invoice, after = latest(shop, subscription), shop.client.subscriptions.retrieve(subscription.id)
    assert (invoice.total, invoice.status) == (1000, "paid")
    assert invoice.automatic_tax.disabled_reason == "finalization_requires_location_inputs"
    assert (after.automatic_tax.enabled, after.automatic_tax.disabled_reason) == (False, "requires_location_inputs")


def test_rates_made_by_hand_and_automatic_tax_exclude_each_other(shop, rate):
    customer = shop.customer(address={"country": "DE"})
    with pytest.raises(stripe.InvalidRequestError, match="together with automatic tax"):
        shop.subscribe(customer, shop.price(1000), default_tax_rates=[rate("19")], **AUTOMATIC)


# Tax ids


@pytest.mark.parametrize(
    ("kind", "value", "status", "country"),
    [
        ("eu_vat", "DE000000000", "verified", "DE"),
        ("eu_vat", "DE111111111", "unverified", "DE"),
        ("eu_vat", "EL222222222", "pending", "GR"),
        ("gb_vat", "GB000000000", "verified", "GB"),
        ("us_ein", "12-3456789", "unavailable", "US"),
        ("ch_vat", "CHE-123.456.789 MWST", "unavailable", "CH"),
    ],
)
def test_tax_ids_are_looked_up_later(shop, control, kind, value, status, country):  # noqa: PLR0917 - pytest's fixtures and cases
    customer = shop.customer(tax_id_data=[{"type": kind, "value": value}])
    made = shop.client.customers.tax_ids.list(customer.id).data[0]
    assert (made.verification.status, made.country) == ("unavailable" if status == "unavailable" else "pending", country)
    control("POST", "clock", advance_by=DAY)
    assert shop.client.customers.tax_ids.retrieve(customer.id, made.id).verification.status == status
    events = shop.client.events.list({"type": "customer.tax_id.updated"}).data
    assert [event.data.object["verification"]["status"] for event in events] == (
        [status] if status in {"verified", "unverified"} else []
    )


@pytest.mark.parametrize(("kind", "value"), [("eu_vat", "123"), ("eu_vat", "US123456789"), ("us_ein", "1"), ("au_abn", "12")])
def test_a_tax_id_of_no_such_form(shop, kind, value):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.customers.tax_ids.create(shop.customer().id, {"type": kind, "value": value})
    assert caught.value.code == "tax_id_invalid"


def test_a_preview_as_another_kind_of_customer(shop, rate):
    """119.00 next time; as reverse charge 100.00. The customer stays what it is."""
    _, customer, subscription = begin(shop, shop.price(1000, currency="eur"), 10, default_tax_rates=[rate("19")])
    asked = {"subscription": subscription.id}
    assert shop.client.invoices.create_preview(asked).total == 11_900
    assert shop.client.invoices.create_preview({**asked, "customer_details": {"tax_exempt": "reverse"}}).total == 10_000
    other = {"subscription_details": {"default_tax_rates": [rate("7")]}}
    assert shop.client.invoices.create_preview({**asked, **other}).total == 10_700
    assert shop.client.customers.retrieve(customer.id).tax_exempt == "none"
