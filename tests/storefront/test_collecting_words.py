"""How a subscription is collected is said by one word everywhere: charged, debited, or invoiced and due by a date."""

import importlib
import pkgutil
from collections import Counter

import pytest

from accounts.queries import policies
from billing.queries import collecting_words
from billing.rules.collecting import How, how
from billing.services.changes import scheduled
from config import clock
from storefront import templatetags
from tests.billing import on_terms, test_debits
from tests.shop import text

WORDS = {
    "invoice": {
        "/": "Next invoice",
        "/seats/": ", invoiced on ",
        "/subscription/renewal/": "Turned off, it ends that day. No more invoices come.",
        "/subscription/cancellation/": "The next invoice of $160.00 is not sent.",
        "/subscription/ending/": "What was invoiced is not paid yet, so it ends at once.",
        "/payment-method/": "Next invoice: $160.00",
    },
    "debit": {
        "/": "Next debit",
        "/seats/": ", debited on ",
        "/subscription/renewal/": "Then it is debited from •••• 3000, which takes some working days.",
        "/subscription/cancellation/": "The next debit of €150.00 does not take place.",
        "/payment-method/": "Next debit: €150.00",
    },
}
# What is said to whom a card is charged, and to nobody else.
OF_CARDS = ("Next charge", "Charged on", ", charged on", "The next charge of", "more is charged", "a payment is missing")


def on_invoice(shop):
    row = shop.kept("bought on invoice", lambda: on_terms.buy(shop))
    policies.forget()
    return row


@pytest.mark.parametrize("payer", WORDS)
def test_pages_say_how_it_is_collected(shop, client, cast, payer):
    row = on_invoice(shop) if payer == "invoice" else test_debits.bought(shop)
    client.force_login(cast.owner)
    for address, said in WORDS[payer].items():
        page = text(client.get(address))
        assert (address, said in page) == (address, True)
        assert (address, [one for one in OF_CARDS if one in page]) == (address, [])
    home = text(client.get("/"))
    assert ("SEPA Direct Debit" in home, "Bank(" in home + text(client.get("/payment-method/"))) == (payer == "debit", False)
    scheduled.end(shop.fresh(row), reason_code="unused", reason="", origin=shop.origin, at=clock.now())
    home = text(client.get("/"))
    assert collecting_words.no_more(How(payer)) in home
    assert "Nothing more is charged" not in home


def test_whose_account_pays_can_go_back_from_invoices_to_debits(shop, client, cast):
    row = test_debits.bought(shop)
    type(row).objects.update(collection_method="send_invoice", days_until_due=30)
    client.force_login(cast.owner)
    page = text(client.get("/payment-method/"))
    assert ("Pay by bank debit from now on" in page, "Each charge is debited" in page) == (True, False)
    said = client.post("/payment-method/collection/", {"line": "fieldnote", "method": "charge_automatically"}, follow=True)
    assert "From now on the bank account is debited." in text(said)


def test_the_cart_names_bank_debits_where_they_are_offered(shop, client, cast):
    client.force_login(cast.owner)
    shop.cart(currency="eur")
    assert "by card or bank debit" in text(client.get("/cart/"))


def test_the_word_follows_how_it_is_collected():
    found = [how(is_invoiced=one, method_kind=kind) for one in (False, True) for kind in ("", "card", "sepa_debit")]
    assert found == [How.CARD, How.CARD, How.DEBIT, How.INVOICE, How.INVOICE, How.INVOICE]


def test_no_two_libraries_have_a_filter_of_one_name():
    """The one that a template loads last would win, whatever it was meant for."""
    names = [name for one in pkgutil.iter_modules(templatetags.__path__) for name in library(one.name).filters]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def library(name):
    return importlib.import_module(f"storefront.templatetags.{name}").register
