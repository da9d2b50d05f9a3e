"""The sandbox's Checkout and its small pages over HTTP, as a browser without JavaScript sees them."""

import logging
import re
import threading

import pytest

from tests.sandbox.browsing import CARD, DECLINED, POOR, SECURE, SECURE_POOR, SECURE_SETUP, VISA, Answer

SUCCESS, CANCEL = "https://store.example/done?session={CHECKOUT_SESSION_ID}", "https://store.example/back"


def price(store, *, currency="usd", amount=1200, name="Fieldnote Team", **more) -> str:
    product = store.products.create({"name": name})
    given = {"currency": currency, "product": product.id, "recurring": {"interval": "month"}, "unit_amount": amount} | more
    return store.prices.create({key: value for key, value in given.items() if value is not None}).id


def session(store, customer, **more):
    if more.get("mode") != "setup":
        items = [{"price": more.pop("price", None) or price(store), "quantity": more.pop("quantity", 3)}]
        more = {"mode": "subscription", "line_items": items} | more
    given = {"customer": customer, "success_url": SUCCESS, "cancel_url": CANCEL} | more
    return store.checkout.sessions.create({key: value for key, value in given.items() if value is not None})


def test_a_session_says_what_is_bought_and_what_is_due(browser, store, customer):
    page = browser.get(session(store, customer).url)
    assert page.status == 200
    for words in (
        "SANDBOX, no money moves",
        "Fieldnote Team",
        "Quantity 3 · $12.00 each · per month",
        "Due today $36.00",
        "Subscribe, $36.00 today",
    ):
        assert words in page.text
    assert 'value="owner@acme.example"' in page.body.decode()
    assert f'href="{CANCEL}"' in page.body.decode()
    assert "form-action 'self' https://store.example" in page.headers["content-security-policy"]
    assert "Promotion code" not in page.text
    assert "Tax id" not in page.text


def test_a_good_card_pays_and_leads_to_the_store(browser, store, customer):
    made = session(store, customer)
    answer = browser.post(made.url, **CARD, card_number=VISA)
    assert (answer.status, answer.to) == (303, SUCCESS.replace("{CHECKOUT_SESSION_ID}", made.id))
    made = store.checkout.sessions.retrieve(made.id)
    assert (made.status, made.payment_status) == ("complete", "paid")
    subscription = store.subscriptions.retrieve(made.subscription)
    assert (subscription.status, subscription.items.data[0].quantity) == ("active", 3)
    method = store.payment_methods.retrieve(subscription.default_payment_method)
    assert (method.billing_details.name, method.card.last4, method.card.exp_year) == ("Ada Beispiel", "4242", 2034)


def test_pressing_twice_pays_once(browser, store, customer):
    made = session(store, customer)
    first, second = (browser.post(made.url, **CARD, card_number=VISA) for _ in range(2))
    assert (first.status, first.to) == (second.status, second.to)
    assert len(store.subscriptions.list({"customer": customer}).data) == 1
    assert [invoice.amount_paid for invoice in store.invoices.list({"customer": customer}).data] == [3600]
    assert "Everything is paid" in browser.get(made.url).text


def test_pressing_twice_at_once_pays_once(browser, store, customer):
    made = session(store, customer)
    answers: list[Answer] = []
    presses = [
        threading.Thread(target=lambda: answers.append(browser.post(made.url, **CARD, card_number=VISA))) for _ in range(4)
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert {(answer.status, answer.to) for answer in answers} == {(303, SUCCESS.replace("{CHECKOUT_SESSION_ID}", made.id))}
    assert [invoice.amount_paid for invoice in store.invoices.list({"customer": customer}).data] == [3600]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (DECLINED, "Your card was declined. The bank gives no reason."),
        (POOR, "Your card has insufficient funds. Use another card"),
        ("4000 0000 0000 0069", "Your card has expired. Check the expiry date"),
        ("4000 0000 0000 0127", "Your card's security code is incorrect. Type the security code again"),
        ("4000 0000 0000 0119", "An error occurred while processing your card. Try again in a little while."),
        ("4242 4242 4242 4241", "Your card number is incorrect. Check the number"),
    ],
)
def test_a_refusal_says_what_to_do_and_another_card_still_works(browser, store, customer, number, words):
    made = session(store, customer)
    answer = browser.post(made.url, **CARD, card_number=number)
    assert answer.status == 402
    assert words in answer.text
    assert store.checkout.sessions.retrieve(made.id).status == "open"
    assert browser.post(made.url, **CARD, card_number=VISA).status == 303
    assert [each.status for each in store.subscriptions.list({"customer": customer}).data] == ["active"]


def test_what_does_not_fit_is_named_and_nothing_is_charged(browser, store, customer):
    made = session(store, customer)
    answer = browser.post(made.url, **CARD | {"card_expiry": "never", "card_name": "Ada <b>"}, card_number="42")
    assert answer.status == 400
    assert "Type the card's number: 12 to 19 digits." in answer.text
    assert "Type the expiry as on the card, for example 12/34." in answer.text
    assert 'value="Ada &lt;b&gt;"' in answer.body.decode()
    assert store.checkout.sessions.retrieve(made.id).status == "open"
    assert store.invoices.list({"customer": customer}).data == []


def test_the_bank_asks_and_yes_pays(browser, store, customer):
    made = session(store, customer)
    question = browser.post(made.url, **CARD, card_number=SECURE)
    assert question.status == 303
    assert question.to.startswith("/3ds/pi_")
    page = browser.get(question.to)
    assert "Amount $36.00" in page.text
    assert "https://store.example" in page.headers["content-security-policy"]
    assert store.checkout.sessions.retrieve(made.id).status == "open"
    answer = browser.post(question.to, answer="complete")
    assert (answer.status, answer.to) == (303, SUCCESS.replace("{CHECKOUT_SESSION_ID}", made.id))
    assert store.checkout.sessions.retrieve(made.id).payment_status == "paid"
    assert "This question has been answered" in browser.get(question.to).text
    assert browser.post(question.to, answer="fail").status == 200
    assert store.checkout.sessions.retrieve(made.id).payment_status == "paid"


@pytest.mark.parametrize(
    ("number", "given", "words"),
    [
        (SECURE, "fail", "The bank did not confirm that it was you."),
        (SECURE_POOR, "complete", "Your card has insufficient funds."),
    ],
)
def test_the_bank_asks_and_no_leads_back_to_the_card(browser, store, customer, number, given, words):  # noqa: PLR0917 (as PLR0913)
    made = session(store, customer)
    question = browser.post(made.url, **CARD, card_number=number)
    answer = browser.post(question.to, answer=given)
    assert answer.to.startswith(f"/c/pay/{made.id}?failed=")
    page = browser.get(answer.to)
    assert words in page.text
    assert store.checkout.sessions.retrieve(made.id).status == "open"
    assert browser.post(made.url, **CARD, card_number=VISA).status == 303
    assert store.checkout.sessions.retrieve(made.id).payment_status == "paid"
    assert [
        invoice.amount_paid for invoice in store.invoices.list({"customer": customer}).data if invoice.status == "paid"
    ] == [3600]


def test_setup_saves_the_card(browser, store, customer):
    made = session(store, customer, mode="setup", currency="usd")
    page = browser.get(made.url)
    assert "Nothing is charged now." in page.text
    assert "Due today" not in page.text
    assert browser.post(made.url, **CARD, card_number=VISA).to == SUCCESS.replace("{CHECKOUT_SESSION_ID}", made.id)
    intent = store.setup_intents.retrieve(store.checkout.sessions.retrieve(made.id).setup_intent)
    assert intent.status == "succeeded"
    assert [method.id for method in store.customers.payment_methods.list(customer).data] == [intent.payment_method]


def test_setup_asks_the_bank_too(browser, store, customer):
    made = session(store, customer, mode="setup", currency="usd")
    question = browser.post(made.url, **CARD, card_number=SECURE_SETUP)
    assert question.to.startswith("/3ds/seti_")
    assert "Nothing is charged" in browser.get(question.to).text
    back = browser.post(question.to, answer="fail")
    assert "The bank did not confirm that it was you." in browser.get(back.to).text
    question = browser.post(made.url, **CARD, card_number=SECURE_SETUP)
    assert browser.post(question.to, answer="complete").to == SUCCESS.replace("{CHECKOUT_SESSION_ID}", made.id)
    assert store.checkout.sessions.retrieve(made.id).status == "complete"


def test_an_expired_session_says_so_and_takes_no_card(browser, store, customer):
    made = session(store, customer)
    store.checkout.sessions.expire(made.id)
    for answer in (browser.get(made.url), browser.post(made.url, **CARD, card_number=VISA)):
        assert answer.status == 410
        assert "This checkout has expired" in answer.text
        assert f'href="{CANCEL}"' in answer.body.decode()
    assert store.invoices.list({"customer": customer}).data == []


def test_without_a_customer_the_page_asks_for_the_address(browser, store):
    made = session(store, None)
    assert "Type an e-mail address" in browser.post(made.url, **CARD, card_number=VISA, email="nobody").text
    assert browser.post(made.url, **CARD, card_number=VISA, email="new@globex.example").status == 303
    found = store.customers.retrieve(store.checkout.sessions.retrieve(made.id).customer)
    assert found.email == "new@globex.example"


def test_a_business_gives_its_name_and_tax_id(browser, store, customer):
    made = session(store, customer, tax_id_collection={"enabled": True}, customer_update={"name": "auto", "address": "auto"})
    assert "Kind of tax id" in browser.get(made.url).text
    wrong = browser.post(made.url, **CARD, card_number=VISA, tax_id_type="eu_vat", tax_id="", business_name="")
    assert "Type the tax id, or choose no tax id." in wrong.text
    assert "Type the business name." in wrong.text
    business = {"tax_id_type": "eu_vat", "tax_id": "DE123456789", "business_name": "Acme GmbH"}
    assert browser.post(made.url, **CARD, card_number=VISA, **business).status == 303
    assert store.customers.retrieve(customer).business_name == "Acme GmbH"
    assert store.checkout.sessions.retrieve(made.id).customer_details.business_name == "Acme GmbH"
    assert [(each.type, each.value) for each in store.customers.tax_ids.list(customer).data] == [("eu_vat", "DE123456789")]


def test_a_promotion_code_lowers_the_price(browser, store, customer):
    coupon = store.coupons.create({"percent_off": 25, "duration": "forever"})
    store.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "ACME25"})
    made = session(store, customer, allow_promotion_codes=True)
    assert "This code is not valid." in browser.get(made.url + "?promotion=NOPE").text
    page = browser.get(f"{made.url}?promotion=acme25")
    assert "Discount ACME25 (-25%) -$9.00" in page.text
    assert "Subscribe, $27.00 today" in page.text
    assert "Remove acme25" in page.text
    assert "Due today $36.00" in browser.get(made.url).text
    assert store.subscriptions.list({"customer": customer}).data == []
    assert browser.post(f"{made.url}?promotion=acme25", **CARD, card_number=VISA).status == 303
    assert [invoice.amount_paid for invoice in store.invoices.list({"customer": customer}).data] == [2700]


def test_a_code_is_nothing_where_none_was_offered(browser, store, customer):
    coupon = store.coupons.create({"percent_off": 25, "duration": "forever"})
    store.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "ACME25"})
    made = session(store, customer)
    assert "Due today $36.00" in browser.get(f"{made.url}?promotion=ACME25").text
    assert browser.post(f"{made.url}?promotion=ACME25", **CARD, card_number=VISA).status == 303
    assert [invoice.amount_paid for invoice in store.invoices.list({"customer": customer}).data] == [3600]


def test_terms_are_agreed_to_first(browser, store, customer):
    made = session(store, customer, consent_collection={"terms_of_service": "required"})
    assert "Agree to the terms to go on." in browser.post(made.url, **CARD, card_number=VISA).text
    assert browser.post(made.url, **CARD, card_number=VISA, consent="yes").status == 303
    assert store.checkout.sessions.retrieve(made.id).consent.terms_of_service == "accepted"


def test_tiers_are_shown_with_the_one_that_counts(browser, store, customer):
    tiers = [{"up_to": 10, "unit_amount": 1200}, {"up_to": "inf", "unit_amount": 1000}]
    tiered = price(store, amount=None, billing_scheme="tiered", tiers_mode="volume", tiers=tiers)
    page = browser.get(session(store, customer, price=tiered, quantity=12).url)
    assert "Due today $120.00" in page.text
    assert re.search(r'<tr class="here"><td>11 and more</td>', page.body.decode())


def test_currencies_without_decimals_are_shown_whole(browser, store, customer):
    page = browser.get(session(store, customer, price=price(store, currency="jpy", amount=1500)).url)
    assert "Due today ¥4,500" in page.text
    assert ".00" not in page.text


def test_german_throughout(browser, store, customer):
    asked = {"tax_id_collection": {"enabled": True}, "customer_update": {"name": "auto"}, "allow_promotion_codes": True}
    made = session(store, customer, locale="de", **asked)
    page = browser.get(made.url)
    assert '<html lang="de">' in page.body.decode()
    assert "Heute fällig 36,00 $" in page.text.replace("\u00a0", " ")
    for english in ("Subtotal", "Card number", "Back to", "Test cards", "Succeeds", "Country", "Promotion"):
        assert english not in page.text
    assert "Ihre Karte wurde abgelehnt." in browser.post(made.url, **CARD, card_number=DECLINED).text
    question = browser.post(made.url, **CARD, card_number=SECURE)
    assert "Bei der Bank bestätigen" in browser.get(question.to).text


def test_names_are_escaped(browser, store, customer):
    made = session(store, customer, price=price(store, name="<script>alert(1)</script>"))
    assert "<script" not in browser.get(made.url).body.decode()


def test_a_test_card_fills_the_form_and_keeps_what_was_typed(browser, store):
    made = session(store, None)
    page = browser.post(made.url, fill="4242424242424242", email="new@globex.example", card_name="Ada")
    assert page.status == 200
    for value in ("4242 4242 4242 4242", "new@globex.example", "Ada", "12/34"):
        assert f'value="{value}"' in page.body.decode()
    assert store.checkout.sessions.retrieve(made.id).status == "open"


def test_card_numbers_are_neither_logged_nor_kept(browser, sandbox, store, customer, caplog):
    made = session(store, customer)
    with caplog.at_level(logging.DEBUG):
        browser.post(made.url, **CARD, card_number=VISA)
    assert "4242424242424242" not in caplog.text.replace(" ", "")
    account = sandbox.owner("checkout.session", made.id)
    assert "4242424242424242" not in repr(account.calls)
    assert "4242424242424242" not in repr(store.events.list({"limit": 100}).data)


@pytest.mark.parametrize(
    "address",
    ["/", "/c/pay/cs_test_none", "/i/in_none", "/c/pay/in_1", "/c/pay/", "/i/cs_test_1/pdf", "/favicon.ico"],
)
def test_an_address_without_a_page_says_so(browser, address):
    answer = browser.get(address)
    assert answer.status == 404
    assert "No page has this address." in answer.text


def test_a_question_that_is_gone_says_so(browser):
    assert "This question has been answered" in browser.get("/3ds/pi_none").text


def test_a_receipt_says_what_was_paid(browser, store, customer):
    browser.post(session(store, customer).url, **CARD, card_number=VISA)
    charge = store.charges.list({"customer": customer}).data[0]
    page = browser.get(charge.receipt_url)
    assert "Amount $36.00" in page.text
    assert "Visa ···· 4242" in page.text


def test_the_stylesheet_is_served(browser):
    sheet = browser.get("/pages/sandbox.css")
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert b"light-dark(" in sheet.body
