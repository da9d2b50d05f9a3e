"""A store in front of the offline Stripe: catalog.toml on sale, and the verbs that most stories begin with.

def test_x(shop, cast):
    subscription = shop.buy(seats=10)  # acme, by its owner

The fixture `shop` is in tests/conftest.py. Each test has the sandbox account of its worker to itself.
"""

import html
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests
from django.conf import settings
from django.utils import timezone

from accounts.models import Organization, User
from accounts.origin import Origin, Source
from billing import gateway
from billing.models import Cart, CatalogVersion, CheckoutAttempt, Customer, EventCursor, Price, StoreTime, Subscription
from billing.queries import catalog as catalog_queries
from billing.queries import store_time as store_time_queries
from billing.sandbox.accounts import Account
from billing.services import store_time
from billing.services.mirroring import poller
from billing.services.offering import catalog
from billing.services.selling import carts, checkout
from config import clock, pulse, words
from tests import shelf, snapshots

GOOD_CARD = "4242424242424242"
NEEDS_3DS = "4000002760003184"
DECLINED = "4000000000000002"


def text(response):
    """A page's words and marks, entities resolved."""
    return html.unescape(response.content.decode())


def control(method, name, **body):
    """Ask the sandbox's own door (not Stripe's API): faults, clock, calls."""
    return json.loads(_ask(method, name, json.dumps(body).encode() if body else None))


def account_state() -> bytes:
    """All that the account holds, as the sandbox says it and takes it back."""
    return _ask("GET", "account")


def put_account_state(state: bytes) -> None:
    """Make the account what it was; the state is neither read nor written out on the way."""
    _ask("PUT", "account", state)


_control = requests.Session()
_control.trust_env = False  # it is on loopback: no proxy is looked for


def _ask(method, name, body=None):
    answer = _control.request(
        method,
        f"{settings.STRIPE_API_BASE}/_sandbox/{name}",
        data=body,
        headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}", "Content-Type": "application/json"},
        timeout=30,
    )
    answer.raise_for_status()
    return answer.content


class _Kept:
    """What `catalog apply` made of catalog.toml, at Stripe and here: applied by the first test of a process, then loaded.

    A test of applying itself (tests/billing/test_catalog.py) begins with an empty account instead.
    """

    state: bytes = b""
    rows: shelf.Rows | None = None

    def put_on_sale(self):
        is_first = not CatalogVersion.objects.exists()  # a test's pages may have had a catalog without Stripe before
        if is_first and self.rows is not None:
            self.rows.write()
            self.put_at_stripe()
            return
        control("DELETE", "account")
        catalog.apply(wanted=shelf.read(), at=clock.now(), origin=Origin.system())
        if is_first:
            self.state, self.rows = account_state(), shelf.Rows.read()

    def put_at_stripe(self):
        """Empty the account but for the catalog."""
        put_account_state(self.state)


_kept = _Kept()


def put_on_sale():
    """catalog.toml on sale here and at Stripe, in an account that holds nothing else."""
    _kept.put_on_sale()


@dataclass
class Shop:
    """Acme's way through the store: `organization` buys, by `owner`, unless a verb is told of others."""

    sandbox: object
    organization: Organization
    owner: User

    def open(self):
        """An account with the catalog and nothing else, the same catalog on sale here, store time at wall time."""
        gateway.forget_client()
        self.move_store(0)
        _kept.put_on_sale()
        return self

    def reopen(self):
        """Stripe as it was at `open`, whatever was bought since; store time at wall time."""
        self.move_store(0)
        _kept.put_at_stripe()

    def kept(self, name, make):
        """What `make()` returns, with all that it wrote here and at Stripe: done by the first test, had by the others."""
        version = CatalogVersion.objects.latest("number")
        prices, bought = (rows.objects.order_by("pk").values_list("pk", flat=True) for rows in (Price, Subscription))
        on = (self.organization.pk, self.owner.pk, version.pk, *prices, "bought", *bought)

        def made():
            return make(), account_state()

        value, state = snapshots.kept(name, made, on=on, by=make)
        put_account_state(state)
        store_time_queries.forget()
        clock.offset_seconds()  # in memory from now on: queries counted are a page's own
        return value

    def sell(self, wanted):
        """Apply another catalog; the first test of a process that begins with it does, later ones have what that wrote."""

        def apply():
            catalog.apply(wanted=wanted, at=clock.now(), origin=Origin.system())

        if Customer.objects.exists() or CatalogVersion.objects.count() > 1:
            apply()
            return
        self.kept(f"catalog {json.dumps(wanted.document)}", apply)
        catalog_queries.refresh()

    @property
    def origin(self):
        return Origin(actor=self.owner, source=Source.PAGE)

    @property
    def account(self) -> Account:
        """What the sandbox holds, for looking behind the curtain."""
        return self.sandbox.account(settings.STRIPE_SECRET_KEY.removeprefix("sk_test_"))

    def control(self, method, name, **body):
        return control(method, name, **body)

    # Buying

    def cart(
        self, organization=None, *, plan="fieldnote/team", seats=10, interval="month", currency="usd", actor=None, **more
    ) -> Cart:
        wanted = carts.Wanted(plan=plan, seats=seats, interval=interval, currency=currency, **more)
        origin = Origin(actor=actor or self.owner, source=Source.PAGE)
        return carts.start(wanted=wanted, at=clock.now(), origin=origin, organization=organization or self.organization)

    def start(self, organization=None, actor=None, *, code="", **wanted) -> CheckoutAttempt:
        """An open Checkout attempt, with a promotion code if one is given."""
        cart = self.cart(organization, actor=actor, **wanted)
        if code:
            cart = carts.enter_code(cart=cart, code=code, at=clock.now(), origin=self.origin)
        return checkout.start(cart=cart, organization=cart.organization, origin=self.origin, at=clock.now())

    def pay(self, page, number=GOOD_CARD):
        """Fill in the hosted page of an attempt (or of an address) and send it; the address that it leads to."""
        form = {"email": self.owner.email, **_card(number)}
        url = page if isinstance(page, str) else page.url
        answer = requests.post(url, data=form, allow_redirects=False, timeout=30)
        assert answer.status_code < 500, answer.text
        return answer.headers.get("Location", "")

    def pay_invoice(self, url, number=GOOD_CARD):
        """Pay on an invoice's hosted page with a new card."""
        return requests.post(url, data=_card(number), allow_redirects=False, timeout=30)

    def buy(self, organization=None, actor=None, *, card=GOOD_CARD, **wanted) -> Subscription:
        """From cart to subscription, everything heard of and done."""
        attempt = self.start(organization, actor, **wanted)
        self.pay(attempt, card)
        self.settle()
        attempt.refresh_from_db()
        assert attempt.state == "applied", (attempt.state, attempt.message)
        return self.fresh(attempt.subscription)

    # Looking

    def fresh(self, subscription) -> Subscription:
        rows = Subscription.objects.select_related("organization__customer", "plan", "price", "line")
        return rows.get(pk=subscription.pk)

    def at_stripe(self, subscription):
        return gateway.subscription(subscription.stripe_id)

    # Time

    def settle(self):
        """Hear of everything that happened at Stripe, and do everything that is due."""
        EventCursor.objects.update(due_at=clock.wall(), lease_until=None)
        poller.drain(clock.wall())
        pulse.drain_all(only={name: lane for name, lane in pulse.lanes().items() if name != "poller"})

    def day(self, instant):
        """An instant's day in words where the company is: late in the evening it is tomorrow there."""
        with timezone.override(self.organization.time_zone):
            return words.day(instant)

    def advance(self, **span):
        """Move the store as its time bar does, from one due instant to the next: days=12."""
        return store_time.advance(by=timedelta(**span))

    def advance_to(self, instant):
        """Let time pass at Stripe and in the store alike, in one leap; the store hears at its end of all that happened."""
        answer = self.control("POST", "clock", advance_to=int(instant.timestamp()))
        offset = datetime.fromtimestamp(answer["now"], UTC) - clock.wall()
        self.move_store(max(0, round(offset.total_seconds())))
        self.settle()

    def move_store(self, seconds):
        """Have the store's time run so far ahead of the wall's; Stripe's is left alone."""
        if seconds:
            StoreTime.objects.update_or_create(pk=1, defaults={"offset_seconds": seconds, "moved_at": clock.wall()})
        else:
            StoreTime.objects.all().delete()
        store_time_queries.forget()
        assert clock.offset_seconds() == seconds  # and it is in memory now: queries counted are a page's own


def _card(number):
    """A card form that has everything it asks for."""
    return {
        "action": "pay",
        "card_number": number,
        "card_expiry": "12/40",
        "card_cvc": "123",
        "card_name": "Olive Owner",
        "country": "DE",
    }
