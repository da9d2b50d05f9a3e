"""Checkout's money: discounts given and typed, tax by hand and by place, one-time prices, tax ids; page and API."""

import pytest
import stripe

from tests.sandbox.browsing import CARD, SECURE, VISA


@pytest.fixture
def session(shop):
    def make(price=None, quantity=3, customer=None, **extra):
        given = {
            "mode": "subscription",
            "success_url": "https://store.example/done",
            "line_items": [{"price": (price or shop.price(1000, currency="eur")).id, "quantity": quantity}],
            **({"customer": customer.id} if customer else {}),
            **extra,
        }
        return shop.client.checkout.sessions.create(given)

    return make


@pytest.fixture
def code(shop):
    def make(text, restrictions=None, **coupon):
        off = shop.client.coupons.create({"duration": "forever", "name": "Spring offer", **coupon})
        given = {
            "promotion": {"type": "coupon", "coupon": off.id},
            "code": text,
            **({"restrictions": restrictions} if restrictions else {}),
        }
        return shop.client.promotion_codes.create(given)

    return make


def done(shop, made):
    return shop.client.checkout.sessions.retrieve(
        made.id, {"expand": ["invoice", "subscription.discounts", "line_items", "total_details.breakdown"]}
    )


@pytest.mark.parametrize(
    ("balance", "said"),
    [
        (-1000, ("Paid from the credit -€10.00", "Due today €20.00")),
        (500, ("Owed from earlier invoices €5.00", "Due today €35.00")),
    ],
)
def test_the_page_says_what_is_due_with_the_balance_before_it_is_paid(shop, session, browser, balance, said):
    customer = shop.customer()
    shop.client.customers.balance_transactions.create(customer.id, {"amount": balance, "currency": "eur"})
    made = session(customer=customer)
    assert made.amount_total == 3000  # as in Stripe's API: before the balance
    page = browser.get(made.url)
    assert all(one in page.text for one in said), page.text
    assert browser.post(made.url, **CARD, card_number=VISA, email="ada@acme.example").status == 303
    assert done(shop, made).invoice.amount_paid == 3000 + balance


def test_a_discount_that_the_session_came_with(shop, session, code, browser):
    """30.00 less 25% is 22.50."""
    promotion = code("SPRING", percent_off=25)
    made = session(discounts=[{"promotion_code": promotion.id}])
    assert (made.amount_subtotal, made.amount_total, made.total_details.amount_discount) == (3000, 2250, 750)
    assert (made.discounts[0].promotion_code, made.allow_promotion_codes) == (promotion.id, None)
    page = browser.get(made.url)
    assert "Discount SPRING (-25%) -€7.50" in page.text
    assert "Promotion code" not in page.text
    assert browser.post(made.url, **CARD, card_number=VISA, email="ada@acme.example").status == 303
    after = done(shop, made)
    assert (after.invoice.total, after.subscription.discounts[0].promotion_code) == (2250, promotion.id)
    assert after.total_details.breakdown.discounts[0].amount == 750
    line = after.line_items.data[0]
    assert (line.amount_subtotal, line.amount_discount, line.amount_total) == (3000, 750, 2250)
    assert shop.client.promotion_codes.retrieve(promotion.id).times_redeemed == 1


def test_a_typed_code_lasts_through_the_bank_s_question(shop, session, code, browser):
    code("SPRING", amount_off=500, currency="eur")
    made = session(allow_promotion_codes=True)
    answer = browser.post(f"{made.url}?promotion=spring", **CARD, card_number=SECURE, email="ada@acme.example")
    assert browser.post(answer.to, answer="complete").status == 303
    after = done(shop, made)
    assert (after.invoice.amount_paid, after.total_details.amount_discount) == (2500, 500)


@pytest.mark.parametrize(
    ("restrictions", "coupon", "words"),
    [
        ({"first_time_transaction": True}, {"percent_off": 10}, "This code is for a first purchase only."),
        (
            {"minimum_amount": 5000, "minimum_amount_currency": "eur"},
            {"percent_off": 10},
            "The minimum amount for this code is not reached.",
        ),
        (None, {"amount_off": 100, "currency": "usd"}, "This code can't be used with this currency."),
    ],
)
def test_the_page_says_why_a_code_does_not_hold(shop, session, code, browser, restrictions, coupon, words):  # noqa: PLR0917 - fixtures
    code("SPRING", restrictions, **coupon)
    customer = shop.customer()
    shop.subscribe(customer, shop.price(1000, currency="eur"))
    made = session(customer=customer, allow_promotion_codes=True)
    page = browser.get(f"{made.url}?promotion=SPRING")
    assert words in page.text
    assert "Due today €30.00" in page.text
    german = browser.get(f"{session(customer=customer, allow_promotion_codes=True, locale='de').url}?promotion=SPRING")
    assert words not in german.text


def test_codes_and_given_discounts_exclude_each_other(session, code):
    promotion = code("SPRING", percent_off=25)
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these"):
        session(allow_promotion_codes=True, discounts=[{"promotion_code": promotion.id}])
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        session(discounts=[{"coupon": "none"}])


def test_rates_made_by_hand_show_on_the_page(shop, session, browser):
    """30.00 with 19% within: 30.00 - 30.00/1.19 = 4.79."""
    rate = shop.client.tax_rates.create({"display_name": "MwSt.", "percentage": "19", "inclusive": True}).id
    made = session(subscription_data={"default_tax_rates": [rate]}, locale="de")
    assert (made.amount_total, made.total_details.amount_tax) == (3000, 479)
    assert "darin MwSt. 19% 4,79 €" in browser.get(made.url).text
    assert browser.post(made.url, **CARD, card_number=VISA, email="ada@acme.example").status == 303
    after = done(shop, made)
    assert [each.id for each in after.subscription.default_tax_rates] == [rate]
    assert after.total_details.breakdown.taxes[0].rate.id == rate


AUTOMATIC = {"automatic_tax": {"enabled": True}}


def test_tax_is_added_once_the_country_is_known_and_never_in_silence(shop, session, browser):
    """30.00 and 19% in Germany is 35.70; the total that was shown was 30.00, so the page asks again."""
    price = shop.price(1000, currency="eur", tax_behavior="exclusive")
    made = session(price, **AUTOMATIC)
    assert (made.automatic_tax.status, made.amount_total) == ("requires_location_inputs", 3000)
    page = browser.get(made.url)
    assert "Tax after you choose your country" in page.text
    form = {**CARD, "card_number": VISA, "email": "ada@acme.example"}
    asked = browser.post(made.url, **form, total="3000")
    assert "The total has changed" in asked.text
    assert "VAT 19% €5.70" in asked.text
    assert shop.client.charges.list({}).data == []
    assert browser.post(made.url, **form, total="3570").status == 303
    after = done(shop, made)
    assert (after.amount_total, after.automatic_tax.status, after.invoice.total_taxes[0].amount) == (3570, "complete", 570)
    assert after.customer_details.address.country == "DE"
    assert after.subscription.automatic_tax.enabled


def test_a_business_of_another_country_owes_the_tax_itself(shop, session, browser, control):
    control("POST", "settings", country="DE")
    customer = shop.customer(address={"country": "FR"}, tax_id_data=[{"type": "eu_vat", "value": "FR00000000000"}])
    made = session(shop.price(1000, currency="eur", tax_behavior="exclusive"), customer=customer, **AUTOMATIC)
    assert (made.amount_total, made.automatic_tax.status) == (3000, "complete")
    assert "VAT 20% (reverse charge) €0.00" in browser.get(made.url).text


def test_automatic_tax_wants_to_know_where_a_known_customer_is(shop, session):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        session(customer=shop.customer(), **AUTOMATIC)
    assert caught.value.code == "customer_tax_location_invalid"
    saved = session(customer=shop.customer(), customer_update={"address": "auto"}, **AUTOMATIC)
    assert saved.automatic_tax.status == "requires_location_inputs"


def test_a_one_time_price_rides_on_the_first_invoice(shop, session, browser):
    """A set-up fee of 99.00 beside 3 seats: 129.00 now, 30.00 later."""
    fee = shop.client.prices.create({"product": shop.product.id, "currency": "eur", "unit_amount": 9900})
    price = shop.price(1000, currency="eur")
    made = session(line_items=[{"price": price.id, "quantity": 3}, {"price": fee.id, "quantity": 1}])
    assert made.amount_total == 12_900
    assert browser.post(made.url, **CARD, card_number=VISA, email="ada@acme.example").status == 303
    after = done(shop, made)
    assert (after.invoice.amount_paid, [line.amount_total for line in after.line_items.data]) == (12_900, [3000, 9900])
    assert len(after.subscription["items"].data) == 1
    assert shop.client.invoices.create_preview({"subscription": after.subscription.id}).total == 3000
    with pytest.raises(stripe.InvalidRequestError, match="at least one recurring price"):
        session(fee, 1)


def test_a_typed_tax_id_is_looked_up_later(shop, session, browser, control):
    customer = shop.customer()
    update = {"name": "auto", "address": "auto"}
    made = session(customer=customer, tax_id_collection={"enabled": True}, customer_update=update)
    business = {"tax_id_type": "eu_vat", "tax_id": "DE111111111", "business_name": "Acme GmbH"}
    assert browser.post(made.url, **CARD, card_number=VISA, **business).status == 303
    shown = done(shop, made).customer_details
    assert (shown.business_name, shown.tax_ids[0].value, shown.address.country) == ("Acme GmbH", "DE111111111", "DE")
    control("POST", "clock", advance_by=60)
    held = shop.client.customers.tax_ids.list(customer.id).data[0]
    assert held.verification.status == "unverified"


def test_a_tax_id_of_no_such_form_buys_nothing(shop, session, browser):
    customer = shop.customer()
    made = session(customer=customer, tax_id_collection={"enabled": True}, customer_update={"name": "auto"})
    business = {"tax_id_type": "eu_vat", "tax_id": "12", "business_name": "Acme GmbH"}
    assert browser.post(made.url, **CARD, card_number=VISA, **business).status == 402
    assert shop.client.subscriptions.list({"customer": customer.id}).data == []


def test_a_tax_id_may_be_required(session, browser):
    made = session(tax_id_collection={"enabled": True, "required": "if_supported"})
    form = {**CARD, "card_number": VISA, "email": "ada@acme.example"}
    assert "Choose the kind of your tax id and type it." in browser.post(made.url, **form).text
    business = {"tax_id_type": "us_ein", "tax_id": "12-3456789", "business_name": "Acme Inc."}
    assert browser.post(made.url, **form, **business).status == 303
