"""Carts: filled, changed, continued in the store, or taken straight to the payment page."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.origin import Origin, Source
from accounts.rules import permissions
from accounts.services import legal
from billing.api import idempotency, inputs, outputs, paging, problems, references, schema, words
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import Cart, CartState, CheckoutAttempt, CheckoutState, Interval
from billing.queries import catalog, checkouts
from billing.rules import pricing
from billing.services import carts, checkout
from config import clock, logs

TAG = "Carts"
PLAN = r"^[a-z0-9][a-z0-9_-]{0,39}/[a-z0-9][a-z0-9_-]{0,39}\Z"


class CartChangeInput(inputs.Strict):
    """What is left out stays as it is."""

    plan = serializers.RegexField(PLAN, required=False, help_text="`line/plan`, as in the catalog.")
    seats = serializers.IntegerField(
        min_value=1, max_value=inputs.MOST_SEATS, required=False, help_text="Raised to the plan's minimum."
    )
    interval = serializers.ChoiceField(choices=Interval.choices, required=False)
    currency = serializers.RegexField(r"^[a-z]{3}\Z", required=False, help_text="The organization's, once that is fixed.")


class CartInput(CartChangeInput):
    plan = serializers.RegexField(PLAN, help_text="`line/plan`, as in the catalog.")
    seats = serializers.IntegerField(min_value=1, max_value=inputs.MOST_SEATS, help_text="Raised to the plan's minimum.")
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.RegexField(r"^[a-z]{3}\Z", help_text="The organization's, once that is fixed.")


class CartOutput(outputs.Output):
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=CartState.choices)
    plan = serializers.CharField(help_text="line/plan")
    seats = serializers.IntegerField()
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.CharField()
    total_minor = serializers.IntegerField(
        allow_null=True, help_text="An interval, before tax; null: no longer sold like this."
    )
    continue_url = serializers.URLField(help_text="Where somebody who may buy goes on with it in the store.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CheckoutInput(inputs.Strict):
    cart = serializers.SlugField(max_length=16)
    accepted_by = references.MemberField(
        help_text="Who has accepted the store's terms for the organization: an owner or billing admin (id, or `external:` and "
        "your own). Show them the texts below /legal/ first; this is recorded as their act."
    )


class CheckoutOutput(outputs.Output):
    id = serializers.CharField()
    cart = serializers.CharField()
    state = serializers.ChoiceField(choices=CheckoutState.choices)
    url = serializers.CharField(help_text="Stripe's payment page, while `open`; else empty.")
    subscription = serializers.CharField(allow_null=True, help_text="Once it is bought.")
    message = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


CartsOutput = paging.paged(CartOutput, "CartsOutput")
EXAMPLE: dict[str, Any] = {
    "id": "q8w3n6t5h7m2x4c9",
    "state": "open",
    "plan": "fieldnote/team",
    "seats": 10,
    "interval": "month",
    "currency": "usd",
    "total_minor": 16000,
    "continue_url": "https://store.example.com/cart/new/?plan=fieldnote%2Fteam&seats=10&interval=month&currency=usd",
    "created_at": "2026-03-12T09:30:00Z",
    "updated_at": "2026-03-12T09:30:00Z",
}
CHECKOUT: dict[str, Any] = {
    "id": "c9x4m2h7t5n6w3q8",
    "cart": "q8w3n6t5h7m2x4c9",
    "state": "open",
    "url": "https://checkout.stripe.com/c/pay/cs_test_a1",
    "subscription": None,
    "message": "",
    "created_at": "2026-03-12T09:30:00Z",
    "expires_at": "2026-03-13T08:30:00Z",
}
NOT_ON_SALE = schema.problem("not-on-sale", 422, "There is no plan of this name, interval and currency on sale.")
CLOSED = schema.problem("cart-closed", 409, "This cart was bought or replaced meanwhile. Make a new one.")
BOUGHT = schema.problem("already-bought", 409, "There is a live subscription of this line. Change its seats.")
LOCKED = schema.problem("currency-locked", 409, "The organization pays in USD while anything in it is open.")
MAY_NOT = schema.problem("may-not-buy", 422, "Only an owner or billing admin accepts the terms.")


class Carts(base.View):
    required_scopes = {"GET": [Scope.CARTS_READ], "POST": [Scope.CARTS_WRITE]}

    @schema.read(
        "carts",
        "Carts of the organization, the newest first",
        schema.Answer(shape=CartsOutput, example={"data": [EXAMPLE], "next": None}, name="Carts"),
        tag=TAG,
        parameters=[paging.PageQuery],
    )
    def get(self, request: Request) -> Response:
        rows = _rows().filter(organization=self.organization)
        return base.answer(CartsOutput, paging.page(rows, self.query(paging.PageQuery), plain, newest_first=True))

    @schema.make(
        "create_cart",
        "Fill a cart",
        schema.Answer(shape=CartOutput, example=EXAMPLE, status=201, name="Filled"),
        tag=TAG,
        description="An open cart of the same product line gives way to it.",
        body=CartInput,
        bodies={"Ten seats": {"plan": "fieldnote/team", "seats": 10, "interval": "month", "currency": "usd"}},
        refusals=[NOT_ON_SALE, schema.TOO_MANY_SEATS],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        wanted = carts.Wanted(**self.body(CartInput))
        cart = carts.start(wanted=wanted, at=clock.now(), origin=self.origin(), organization=self.organization)
        return base.answer(CartOutput, plain(cart), status.HTTP_201_CREATED)


class CartView(base.View):
    required_scopes = {"GET": [Scope.CARTS_READ], "PATCH": [Scope.CARTS_WRITE]}

    @schema.read("cart", "One cart", schema.Answer(shape=CartOutput, example=EXAMPLE), tag=TAG)
    def get(self, request: Request, cart_id: str) -> Response:
        return base.answer(CartOutput, plain(_own(self, cart_id)))

    @schema.change(
        "change_cart",
        "Change an open cart",
        schema.Answer(shape=CartOutput, example=EXAMPLE | {"seats": 12, "total_minor": 19200}, name="Changed"),
        tag=TAG,
        parameters=[schema.IF_MATCH],
        body=CartChangeInput,
        bodies={"Twelve seats": {"seats": 12}},
        refusals=[CLOSED, NOT_ON_SALE, schema.TOO_MANY_SEATS, schema.CHANGED_SINCE],
    )
    @idempotency.honoured
    def patch(self, request: Request, cart_id: str) -> Response:
        cart = _own(self, cart_id)
        asked = self.body(CartChangeInput)
        self.check_match(CartOutput, plain(cart))
        present: dict[str, Any] = {
            "plan": _plan(cart),
            "seats": cart.seats,
            "interval": cart.interval,
            "currency": cart.currency,
        }
        changed = carts.change(cart=cart, wanted=carts.Wanted(**present | asked), at=clock.now(), origin=self.origin())
        return base.answer(CartOutput, plain(changed))


class Checkouts(base.View):
    required_scopes = [Scope.CARTS_WRITE]

    @schema.make(
        "create_checkout",
        "Open the payment page for a cart",
        schema.Answer(shape=CheckoutOutput, example=CHECKOUT, status=201, name="Open"),
        tag=TAG,
        description="Send the buyer's browser to `url`. While `opening`, Stripe has not answered yet: ask again.",
        body=CheckoutInput,
        bodies={"For a cart": {"cart": EXAMPLE["id"], "accepted_by": "external:u-1"}},
        refusals=[
            *(CLOSED, BOUGHT, LOCKED, NOT_ON_SALE, MAY_NOT),
            *(schema.BUSY, schema.TOO_MANY_SEATS, schema.NOT_A_MEMBER, schema.REFUSED, schema.UNREACHABLE),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked = self.body(CheckoutInput)
        cart, origin = self._cart(asked["cart"]), self._buyer(asked["accepted_by"])
        attempt = checkout.start(cart=cart, organization=self.organization, origin=origin, at=clock.now())
        return base.answer(CheckoutOutput, _attempt(attempt), status.HTTP_201_CREATED)

    def _cart(self, cart_id: str) -> Cart:
        cart = _rows().filter(organization=self.organization, public_id=cart_id).first()
        if cart is None:
            raise exceptions.ValidationError({"cart": [_("The organization has no such cart.")]})
        if cart.state != CartState.OPEN:
            raise carts.Closed
        return cart

    def _buyer(self, said: str) -> Origin:
        found = references.one_of(references.rows(self.organization), said)
        if found is None:
            raise references.unknown([said], "/accepted_by")
        if not permissions.allows(found.role, permissions.Permission.BUY):
            detail = _("Only an owner or billing admin accepts the terms and buys. Name one of them.")
            wrong = problems.field("/accepted_by", detail, "may-not-buy")
            raise Problem("may-not-buy", detail, status_code=422, errors=[wrong])
        origin = Origin(actor=found.user, source=Source.API, request_id=logs.request_id())
        legal.accept(organization=self.organization, user=found.user, origin=origin, at=clock.now())
        return origin


class CheckoutView(base.View):
    required_scopes = [Scope.CARTS_READ]

    @schema.read("checkout", "How a checkout stands", schema.Answer(shape=CheckoutOutput, example=CHECKOUT), tag=TAG)
    def get(self, request: Request, checkout_id: str) -> Response:
        found = checkouts.find(self.organization, checkout_id)
        if found is None:
            raise exceptions.NotFound
        return base.answer(CheckoutOutput, _attempt(found))


def _rows() -> QuerySet[Cart]:
    return Cart.objects.select_related("plan__line", "organization")


def _own(view: base.View, cart_id: str) -> Cart:
    return base.own(_rows(), organization=view.organization, public_id=cart_id)


def _plan(cart: Cart) -> str:
    return f"{cart.plan.line.code}/{cart.plan.code}"


def plain(cart: Cart) -> dict[str, Any]:
    wanted = {"plan": _plan(cart), "seats": cart.seats, "interval": cart.interval, "currency": cart.currency}
    return {
        "id": cart.public_id,
        "state": cart.state,
        **wanted,
        "total_minor": _total(cart),
        "continue_url": f"{words.page('storefront:cart_new')}?{urlencode(wanted)}",
        "created_at": cart.created_at,
        "updated_at": cart.updated_at,
    }


def _total(cart: Cart) -> int | None:
    """From what is on sale in memory: a page of carts asks the database once."""
    plan = catalog.on_sale().plan(_plan(cart))
    price = plan.price(cart.interval, cart.currency) if plan else None
    return pricing.total(price.tiers, price.scheme, cart.seats) if price else None


def _attempt(found: CheckoutAttempt) -> dict[str, Any]:
    names = ("state", "message", "created_at", "expires_at")
    bought = found.subscription.stripe_id if found.subscription else None
    url = found.url if found.state == CheckoutState.OPEN else ""
    plain = {"id": found.public_id, "cart": found.cart.public_id, "url": url, "subscription": bought}
    return plain | {name: getattr(found, name) for name in names}
