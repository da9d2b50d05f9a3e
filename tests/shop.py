"""A store in front of the offline Stripe: the catalog on sale, and the verbs that most stories begin with.

def test_x(shop, cast):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
"""

import html
from datetime import timedelta

import requests
from django.conf import settings

from accounts.origin import Origin, Source
from billing import gateway
from billing.models import CheckoutAttempt, StoreTime, Subscription
from billing.queries import catalog as catalog_queries
from billing.queries import store_time as store_time_queries
from billing.rules import catalog_file
from billing.services import carts, catalog, checkout, poller, store_time
from config import clock, pulse

# Two lines of catalog.toml in two currencies: a quarter of its prices, so that a test opens its shop quickly.
CATALOG = """
currencies = ["usd", "eur"]

[lines.fieldnote]
name = "Fieldnote"
family = "core"
growth = false
stage = "mature"
max_plans = 4
pitch = "Notes and inspections."
[lines.fieldnote.features]
notes = { name = "Notes", group = "In the field" }
[lines.fieldnote.plans.team]
name = "Team"
pitch = "Several crews."
recommended = true
seats = { min = 3, max = 100 }
margin_bps = 8000
moves = []
features = { notes = true }
scheme = "volume"
tiers = [9, 24, 49]
prices.month = { usd = [1800, 1600, 1400, 1200], eur = [1700, 1500, 1300, 1100] }
prices.year = { usd = [18000, 16000, 14000, 12000], eur = [17000, 15000, 13000, 11000] }

[lines.inspect]
name = "Inspect"
family = "inspections"
growth = true
stage = "growth"
max_plans = 2
pitch = "Recurring inspections."
[lines.inspect.features]
checklists = { name = "Checklists", group = "Inspections" }
[lines.inspect.plans.essential]
name = "Inspect Essential"
pitch = "The inspections you must not miss."
seats = { min = 1, max = 50 }
margin_bps = 8000
moves = []
features = { checklists = true }
prices.month = { usd = 700, eur = 650 }
prices.year = { usd = 7000, eur = 6500 }
"""
GOOD_CARD = "4242424242424242"
NEEDS_3DS = "4000002760003184"
DECLINED = "4000000000000002"


def text(response):
    """A page's words and marks, entities resolved."""
    return html.unescape(response.content.decode())


class Shop:
    """Bound to this worker's sandbox account, empty and at wall time."""

    def open(self):
        """Empty the account, put CATALOG on sale."""
        gateway.forget_client()
        self.control("DELETE", "account")
        store_time_queries.forget()
        catalog_queries.forget()
        languages = [code for code, _name in settings.LANGUAGES]
        wanted = catalog_file.parse(CATALOG, languages=languages)
        catalog.apply(wanted=wanted, at=clock.now(), origin=Origin.system())
        return self

    def control(self, method, name, **body):
        answer = requests.request(
            method,
            f"{settings.STRIPE_API_BASE}/_sandbox/{name}",
            json=body or None,
            headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    def cart(self, organization, *, plan="fieldnote/team", seats=10, interval="month", currency="usd", actor=None):
        wanted = carts.Wanted(plan=plan, seats=seats, interval=interval, currency=currency)
        return carts.start(wanted=wanted, at=clock.now(), origin=self.origin(actor), organization=organization)

    def origin(self, actor):
        return Origin(actor=actor, source=Source.PAGE)

    def start(self, organization, actor, **wanted) -> CheckoutAttempt:
        cart = self.cart(organization, actor=actor, **wanted)
        return checkout.start(cart=cart, organization=organization, origin=self.origin(actor), at=clock.now())

    def pay(self, url, number=GOOD_CARD):
        """Fill the hosted page's form and send it; the address that it leads to (nothing is followed)."""
        form = {
            "action": "pay",
            "email": "buyer@acme.example",
            "card_number": number,
            "card_expiry": "12/40",
            "card_cvc": "123",
            "card_name": "Olive Owner",
            "country": "DE",
        }
        return requests.post(url, data=form, allow_redirects=False, timeout=30).headers.get("Location", "")

    def pay_invoice(self, url, number=GOOD_CARD):
        """Pay on an invoice's hosted page with a new card."""
        form = {
            "action": "pay",
            "card_number": number,
            "card_expiry": "12/40",
            "card_cvc": "123",
            "card_name": "Olive Owner",
            "country": "DE",
        }
        return requests.post(url, data=form, allow_redirects=False, timeout=30)

    def buy(self, organization, actor, *, card=GOOD_CARD, **wanted) -> Subscription:
        """From cart to subscription, everything heard of and done."""
        attempt = self.start(organization, actor, **wanted)
        self.pay(attempt.url, card)
        attempt = checkout.look_up(attempt)
        self.settle()
        assert attempt.state == "applied", (attempt.state, attempt.message)
        return self.fresh(attempt.subscription)

    def fresh(self, subscription) -> Subscription:
        rows = Subscription.objects.select_related("organization__customer", "plan", "price", "line")
        return rows.get(pk=subscription.pk)

    def settle(self):
        """Hear everything, do everything due."""
        poller.look()
        pulse.drain_all()

    def advance(self, **span):
        """Move the store: days=12."""
        return store_time.advance(by=timedelta(**span))

    def close(self):
        StoreTime.objects.all().delete()
        store_time_queries.forget()
        catalog_queries.forget()
