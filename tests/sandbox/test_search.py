"""Search by Stripe's query language, and the customer portal."""

import pytest
import stripe

from billing.sandbox.engine import search
from tests.sandbox.browsing import CARD, DECLINED, VISA


@pytest.fixture
def people(store):
    made = [
        {"name": "Ada Lovelace", "email": "ada@acme.example", "metadata": {"tier": "1", "plan": "Team"}},
        {"name": "Ada Byron", "email": "byron@globex.example", "metadata": {"tier": "2"}},
        {"name": "O'Hara", "email": "hara@acme.example"},
    ]
    return {one["name"]: store.customers.create(one).id for one in made}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('email:"ADA@acme.example"', {"Ada Lovelace"}),
        ('name~"ada"', {"Ada Lovelace", "Ada Byron"}),
        ('name~"ada" AND metadata["tier"]:"2"', {"Ada Byron"}),
        ("name~'ada' metadata['tier']:'2'", {"Ada Byron"}),
        ('metadata["tier"]:"1" OR email:"hara@acme.example"', {"Ada Lovelace", "O'Hara"}),
        ('-metadata["tier"]:"1"', {"Ada Byron", "O'Hara"}),
        ('metadata["tier"]:null', {"O'Hara"}),
        ("-phone:null", set()),
        ("name:'O\\'Hara'", {"O'Hara"}),
        ("created>0 created<4000000000", {"Ada Lovelace", "Ada Byron", "O'Hara"}),
        ("created>=4000000000", set()),
    ],
)
def test_customers_are_found(store, people, query, names):
    found = store.customers.search({"query": query})
    assert {row.name for row in found.data} == names
    assert (found.object, found.has_more) == ("search_result", False)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "ada",
        'email:"a@b" AND',
        "email:ada",
        'email:"x" AND name:"yyy" OR name:"zzz"',
        'name~"ad"',
        'metadata["tier"]~"one"',
        'created>"soon"',
        " ".join(['name:"x"'] * 11),
    ],
)
def test_what_stripe_would_not_understand_is_refused(store, query):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        store.customers.search({"query": query or " "})
    assert caught.value.param == "query"


def test_a_field_that_is_none_is_named(store):
    with pytest.raises(
        stripe.InvalidRequestError, match="Field `status` is an unsupported search field for resource `customers`"
    ):
        store.customers.search({"query": 'status:"active"'})


def test_pages_and_counts(store, people):
    first = store.customers.search({"query": "created>0", "limit": 2, "expand": ["total_count"]})
    second = store.customers.search({"query": "created>0", "limit": 2, "page": first.next_page})
    assert (len(first.data), first.has_more, first.total_count) == (2, True, 3)
    assert {row.id for row in [*first.data, *second.data]} == set(people.values())


def test_subscriptions_and_their_invoices_are_found(shop):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(), metadata={"organization": "acme"})
    found = shop.client.subscriptions.search({"query": "status:'active' metadata['organization']:'acme'"})
    assert [row.id for row in found.data] == [subscription.id]
    query = f"subscription:'{subscription.id}' AND total>=1000 AND status:'paid'"
    assert [row.id for row in shop.client.invoices.search({"query": query}).data] == [subscription.latest_invoice]
    assert shop.client.charges.search({"query": "payment_method_details.card.last4:'4242'"}).data[0].amount == 1000


def test_every_type_that_stripe_searches_is_searched(client):
    services = {
        name.removesuffix("s") for name in ("charges", "customers", "invoices", "payment_intents", "prices", "products")
    }
    assert services | {"subscription"} == search.FIELDS.keys()
    for kind in search.FIELDS:
        assert getattr(client.v1, f"{kind}s").search({"query": "-metadata['x']:'y'"}).object == "search_result"


def test_the_portal_shows_invoices_and_takes_another_card(shop, browser, control):
    customer = shop.customer()
    shop.subscribe(customer, shop.price())
    sessions = shop.client.billing_portal.sessions
    with pytest.raises(stripe.InvalidRequestError, match="until you save your customer portal settings"):
        sessions.create({"customer": customer.id})
    features = {"invoice_history": {"enabled": True}, "payment_method_update": {"enabled": True}}
    saved = shop.client.billing_portal.configurations.create({"features": features})
    assert (saved.is_default, saved.features.subscription_cancel.enabled) == (True, False)
    session = sessions.create({"customer": customer.id, "return_url": "http://store.example/"})
    page = browser.get(session.url).text
    assert "Visa ···· 4242" in page
    assert "$10.00" in page
    assert "Back to Sandbox" in page
    assert browser.post(session.url, **CARD, card_number=DECLINED).status == 402
    answer = browser.post(session.url, **CARD, card_number="5555 5555 5555 4444")
    assert answer.status == 303
    assert "Mastercard ···· 4444" in browser.get(answer.to).text
    control("POST", "clock", advance_by=301)
    assert browser.get(session.url).status == 410
    assert browser.post(session.url, **CARD, card_number=VISA).status == 410
