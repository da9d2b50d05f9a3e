"""Where a buyer is taxed: asked before the payment page, and never another tax without a word."""

from accounts.models import Journal
from billing import gateway
from billing.models import BillingDetails, CheckoutAttempt, Invoice, Subscription
from tests.billing.test_tax import buy, mails, more, move, pay, put
from tests.shop import text


def test_the_country_is_asked_before_the_payment_page_so_the_first_charge_has_the_tax_of_the_next(shop, client):
    put(shop)
    move(shop, "DE")
    client.force_login(shop.owner)
    before = shop.start(currency="eur", seats=10)
    cart = before.cart
    assert "Where your company is billed" in text(client.get("/cart/"))
    form = {"cart": cart.public_id, "accept": "yes", "country": "FR", "purchase_order": ""}
    assert client.post("/checkout/", form).headers["Location"] == "/cart/"
    assert "VAT 20%" in text(client.get("/cart/"))
    attempt = CheckoutAttempt.objects.get(url=client.post("/checkout/", form).headers["Location"])
    assert attempt != before  # the page of before asks for another tax
    pay(shop, attempt, country="DE")  # the card is of elsewhere, which decides on nothing
    row = shop.fresh(Subscription.objects.get())
    first = Invoice.objects.get(subscription=row)
    assert (first.tax_minor, BillingDetails.objects.get().country) == (first.total_minor // 6, "FR")
    _shown, second = more(shop, row, 20)
    assert abs(second.tax_minor * 6 - second.total_minor) <= 6
    assert not mails("tax_changed").exists()


def test_nobody_is_taxed_otherwise_without_a_word(shop):
    move(shop, "DE")
    put(shop)
    row = buy(shop, seats=10)
    gateway.update_customer(row.organization.customer.stripe_id, {"address": {"country": "FR"}}, key="staff")
    shop.settle()
    mail = mails("tax_changed").get()
    said = {name: mail.context[name] for name in ("percent", "percent_before", "reason", "country")}
    assert said == {"percent": "20", "percent_before": "19", "reason": "no_id", "country": "FR"}
    told = Journal.objects.filter(kind="billing.tax.changed").latest("pk").data
    assert (told["percent"], told["percent_before"]) == ("20", "19")
    put(shop, FR=21)
    assert mails("tax_changed").count() == 2  # the reason is the same, the tax is not
