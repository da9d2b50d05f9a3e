"""Carts: filled, changed, continued in the store, or taken straight to the payment page."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.services import naming
from billing.api import cart_addons, charges, filters, idempotency, inputs, outputs, paging, problems, references, schema, words
from billing.api.views import base
from billing.models import Cart, CartState, Interval
from billing.queries import agreed, catalog, currencies, promotion_refusals, promotions
from billing.queries import charges as queries
from billing.rules.promotions import Refusal
from billing.services.selling import carts, checkout
from config import clock

TAG = "Carts"
PLACE = references.path("cart", "The cart")
WANTED = {"plan": "fieldnote/team", "seats": 10, "interval": "month", "currency": "usd"}
PILOT_SAID = "`line/pilot` of the catalog: the cart is then that pilot, with its plan and seats. Empty: none."


class CartChangeInput(inputs.Strict):
    """What is left out stays as it is."""

    plan = inputs.PlanField(required=False, help_text="`line/plan`, as in the catalog.")
    seats = serializers.IntegerField(
        min_value=1, max_value=inputs.MOST_SEATS, required=False, help_text="Raised to the plan's minimum."
    )
    interval = serializers.ChoiceField(choices=Interval.choices, required=False)
    currency = inputs.CurrencyField(required=False, help_text="The organization's, once that is fixed: another is refused.")
    is_trial = serializers.BooleanField(
        required=False, help_text="To try it first, where the plan has a trial (`trial_days` in the catalog)."
    )
    pilot = inputs.PlanField(required=False, allow_blank=True, help_text=PILOT_SAID)
    addons = cart_addons.choices()
    promotion_code = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=promotions.LONGEST,
        help_text="As the buyer has it; empty: none. Whether it holds is said in `promotion`, and again when it is paid.",
    )

    def validate_addons(self, chosen: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["addon"] for one in chosen}) < len(chosen):
            raise serializers.ValidationError(_("Name each add-on once."))
        return chosen


class CartPatchInput(CartChangeInput):
    external_id = references.ExternalIdField(
        required=False, help_text="Your own id of one that was filled in the store; given once."
    )


class CartInput(CartChangeInput):
    plan = inputs.PlanField(help_text="`line/plan`, as in the catalog.")
    seats = serializers.IntegerField(min_value=1, max_value=inputs.MOST_SEATS, help_text="Raised to the plan's minimum.")
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = inputs.CurrencyField(help_text="The organization's, once that is fixed: another is refused.")
    external_id = references.ExternalIdField(required=False)


class CartOutput(outputs.Output):
    id = serializers.CharField()
    external_id = outputs.external_id()
    state = serializers.ChoiceField(choices=CartState.choices)
    plan = serializers.CharField(help_text="line/plan")
    seats = serializers.IntegerField()
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.CharField()
    is_trial = serializers.BooleanField(help_text="Whether it is tried first: nothing is charged until the trial ends.")
    trial_days = serializers.IntegerField(help_text="Of the plan; 0: it cannot be tried.")
    pilot = serializers.CharField(help_text="`line/pilot`, for whose fee it is bought; empty: by the seat.")
    addons = cart_addons.CartAddonOutput(many=True)
    total_minor = serializers.IntegerField(
        allow_null=True,
        help_text="An interval (a pilot: its fee, once), before discount and tax; null: no longer sold like this.",
    )
    promotion_code = serializers.CharField(help_text="In capitals; empty: none.")
    continue_url = serializers.URLField(help_text="Where somebody who may buy goes on with it in the store.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CartPromotionOutput(outputs.Output):
    """What the cart's code does: with a `refusal` nothing, and `detail` says why and what to do."""

    code = serializers.CharField()
    name = serializers.CharField()
    refusal = serializers.ChoiceField(choices=[(one.value, one.value) for one in Refusal], allow_null=True)
    detail = serializers.CharField()
    discount_minor = serializers.IntegerField(help_text="Comes off `total_minor`.")
    ends_at = serializers.DateTimeField(allow_null=True, help_text="If it were bought now. Null: one invoice, or without end.")


class CartAgreedOutput(outputs.Output):
    percent_bps = serializers.IntegerField(help_text="In basis points: 1000 is 10%.")
    discount_minor = serializers.IntegerField(help_text="Comes off `total_minor`.")
    ends_at = serializers.DateTimeField(help_text="Charges from then on are in full.")


class CartDetailOutput(CartOutput):
    promotion = CartPromotionOutput(allow_null=True)
    agreed = CartAgreedOutput(
        allow_null=True, help_text="A discount that was agreed with the organization; a code does not come on top of it."
    )
    charge = charges.ChargeOutput(allow_null=True, help_text="The first one. Null: no longer sold like this.")


class CartsQuery(paging.PageQuery, inputs.LineQuery):
    state = serializers.ChoiceField(choices=CartState.choices, required=False)


CartsOutput = paging.paged(CartOutput, "CartsOutput")
EXAMPLE: dict[str, Any] = {
    "id": "q8w3n6t5h7m2x4c9",
    "external_id": "quote-118",
    "state": "open",
    "plan": "fieldnote/team",
    "seats": 10,
    "interval": "month",
    "currency": "usd",
    "is_trial": False,
    "trial_days": 14,
    "pilot": "",
    "addons": [],
    "total_minor": 16000,
    "promotion_code": "",
    "continue_url": "https://store.example.com/cart/new/?plan=fieldnote%2Fteam&seats=10&interval=month&currency=usd",
    "created_at": "2026-03-12T09:30:00Z",
    "updated_at": "2026-03-12T09:30:00Z",
}
DETAIL = EXAMPLE | {"promotion": None, "agreed": None, "charge": charges.EXAMPLE}
WITH_CODE = DETAIL | {
    "charge": charges.WITH_CODE,
    "promotion_code": "SPRING",
    "promotion": {
        "code": "SPRING",
        "name": "Spring offer",
        "refusal": None,
        "detail": "",
        "discount_minor": 3200,
        "ends_at": "2026-06-12T09:30:00Z",
    },
}
WITH_ADDONS = DETAIL | {
    "addons": cart_addons.TOLD,
    "total_minor": 22000,
    "charge": charges.EXAMPLE
    | {
        "subtotal_minor": 22000,
        "tax_minor": 4180,
        "taxes": [charges.EXAMPLE["taxes"][0] | {"amount_minor": 4180, "taxable_minor": 22000}],
        "total_minor": 26180,
        "due_now_minor": 26180,
    },
    "continue_url": f"{EXAMPLE['continue_url']}&addon=blueprints&addon=projects&number-projects=2",
}
NO_ADDONS = (schema.ADDON_NOT_SOLD, schema.ADDON_NUMBER, schema.ADDON_WITHOUT_NUMBER)
NOT_ON_SALE = schema.problem("not-on-sale", 422, "There is no plan of this name, interval and currency on sale.")
LOCKED = schema.problem("currency-locked", 409, "The organization pays in USD while anything in it is open.")
CLOSED = schema.problem("cart-closed", 409, "This cart was bought or replaced meanwhile. Make a new one.")


class _Filling(base.View):
    def check_currency(self, asked: dict[str, Any]) -> None:
        """A page shows the organization's own instead; a program that asked for another one would not see it."""
        fixed = currencies.held(self.organization) if "currency" in asked else ""
        if fixed and asked.get("currency", fixed) != fixed:
            raise problems.about(checkout.CurrencyLocked(fixed), "/currency")


class Carts(_Filling):
    required_scopes = {"GET": [Scope.CARTS_READ], "POST": [Scope.CARTS_WRITE]}

    @schema.read(
        "carts",
        "Carts of the organization, the newest first",
        schema.Answer(shape=CartsOutput, example={"data": [EXAMPLE], "next": None}, name="Carts"),
        tag=TAG,
        parameters=[CartsQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(CartsQuery)
        found = filters.narrowed(rows(self), asked, line="plan__line")
        return base.answer(CartsOutput, paging.page(found, asked, plain, newest_first=True))

    @schema.make(
        "create_cart",
        "Fill a cart",
        schema.Answer(shape=CartDetailOutput, example=DETAIL, status=201, name="Filled"),
        schema.Answer(shape=CartDetailOutput, example=DETAIL, name="Was there", description=schema.WAS_THERE),
        tag=TAG,
        description="An open cart of the same product line gives way to it.",
        body=CartInput,
        bodies={
            "Ten seats": WANTED | {"external_id": "quote-118"},
            "With a code": WANTED | {"promotion_code": "SPRING"},
            "With add-ons": WANTED | {"addons": cart_addons.CHOSEN},
        },
        refusals=[NOT_ON_SALE, LOCKED, schema.TOO_MANY_SEATS, schema.TOO_MANY_CODES, *NO_ADDONS],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(CartInput), clock.now()
        external_id, code, chosen = asked.pop("external_id", None), self.code(asked), asked.pop("addons", None)

        @transaction.atomic
        def start() -> Cart:
            wanted = carts.Wanted(**asked)
            self.check_currency(asked)
            try:
                cart = carts.start(
                    wanted=wanted, at=at, origin=self.origin(), organization=self.organization, external_id=external_id
                )
            except carts.NotOnSale as error:
                raise problems.about(error, _unsold(wanted)) from error
            if chosen:
                cart = cart_addons.choose(cart, chosen, at=at, origin=self.origin())
            return carts.enter_code(cart=cart, code=code, at=at, origin=self.origin()) if code else cart

        cart, is_new = references.made_once(rows(self), external_id, start, at=at)
        return base.made(CartDetailOutput, detail(cart), is_new=is_new)


class CartView(_Filling):
    required_scopes = {"GET": [Scope.CARTS_READ], "PATCH": [Scope.CARTS_WRITE]}

    @schema.read("cart", "One cart", schema.Answer(shape=CartDetailOutput, example=WITH_CODE), tag=TAG, parameters=[PLACE])
    def get(self, request: Request, cart: str) -> Response:
        return base.answer(CartDetailOutput, detail(references.named(rows(self), cart, "cart")))

    @schema.change(
        "change_cart",
        "Change an open cart",
        schema.Answer(shape=CartDetailOutput, example=WITH_ADDONS, name="Changed"),
        tag=TAG,
        parameters=[PLACE, schema.IF_MATCH],
        body=CartPatchInput,
        bodies={"Twelve seats": {"seats": 12}, "Other add-ons": {"addons": cart_addons.CHOSEN}},
        refusals=[
            *(CLOSED, NOT_ON_SALE, LOCKED, schema.TOO_MANY_SEATS, schema.CHANGED_SINCE, schema.TOO_MANY_CODES, *NO_ADDONS),
            schema.TAKEN,
        ],
    )
    @idempotency.honoured
    @transaction.atomic
    def patch(self, request: Request, cart: str) -> Response:
        asked, at = self.body(CartPatchInput), clock.now()
        held = references.named(rows(self).select_for_update(of=("self",)), cart, "cart")
        self.check_match(CartDetailOutput, detail(held))
        named = asked.pop("external_id", None)
        naming.name_once(held, named, organization=self.organization, origin=self.origin(), at=at)
        code, chosen = self.code(asked), asked.pop("addons", None)
        # Whoever names a plan or a number of seats buys by the seat.
        by_seat = {"pilot": ""} if {"plan", "seats"} & asked.keys() else {}
        wanted = carts.Wanted(**_wanted(held) | by_seat | asked)
        self.check_currency(asked)
        try:
            changed = carts.change(cart=held, wanted=wanted, at=at, origin=self.origin())
        except carts.NotOnSale as error:
            raise problems.about(error, _unsold(wanted)) from error
        if chosen is not None:
            changed = cart_addons.choose(changed, chosen, at=at, origin=self.origin())
        if code is not None:
            changed = carts.enter_code(cart=changed, code=code, at=at, origin=self.origin())
        return base.answer(CartDetailOutput, detail(changed))


def _unsold(wanted: carts.Wanted) -> str:
    """Which part of a body names what is not on sale."""
    if wanted.pilot:
        return "/pilot"
    plan = catalog.on_sale().plan(wanted.plan)
    if plan is None:
        return "/plan"
    return "/interval" if any(price.currency == wanted.currency for price in plan.prices) else "/currency"


def rows(view: base.View) -> QuerySet[Cart]:
    mine = Cart.objects.filter(organization=view.organization).annotate(agreed_terms=agreed.brought("organization"))
    return mine.select_related("plan__line", "pilot", "organization__tax_standing__rate", "organization__customer")


def _plan(cart: Cart) -> str:
    return f"{cart.plan.line.code}/{cart.plan.code}"


def _pilot(cart: Cart) -> str:
    return f"{cart.plan.line.code}/{cart.pilot.code}" if cart.pilot else ""


def _wanted(cart: Cart) -> dict[str, Any]:
    wanted = words.named(cart, ("seats", "interval", "currency", "is_trial"))
    return {"plan": _plan(cart), "pilot": _pilot(cart), **wanted}


def plain(cart: Cart) -> dict[str, Any]:
    wanted = _wanted(cart)
    code = {"promo": cart.promotion_code} if cart.promotion_code else {}
    code |= {"trial": "1"} if wanted.pop("is_trial") else {}
    pilot = wanted.pop("pilot")
    code |= {"pilot": pilot} if pilot else cart_addons.query(cart)
    return {
        "id": cart.public_id,
        **wanted,
        "is_trial": cart.is_trial,
        "trial_days": cart.plan.trial_days,
        "pilot": pilot,
        "addons": cart_addons.plain(cart),
        "total_minor": _total(cart),
        "continue_url": f"{words.page('storefront:cart_new')}?{urlencode(wanted | code, doseq=True)}",
        **words.named(cart, ("external_id", "state", "promotion_code", "created_at", "updated_at")),
    }


def detail(cart: Cart) -> dict[str, Any]:
    """With what the code does: one query, if there is one; and with the first charge."""
    parts, at = _parts(cart), clock.now()
    entered = promotions.of_cart(cart, parts=parts or (0,), at=at)
    less = agreed.less(cart, parts=parts or (0,), at=at)
    off = less.off_parts if less else entered.off_parts if entered else ()
    told = plain(cart) | {"charge": _charge(cart, parts, off, at), "agreed": _agreed(less)}
    if entered is None:
        return told | {"promotion": None}
    said = {"refusal": entered.refusal, "detail": promotion_refusals.refusal(entered), "discount_minor": entered.off_minor}
    return told | {"promotion": {**words.named(entered, ("code", "name", "ends_at")), **said}}


def _agreed(less: agreed.Less | None) -> dict[str, Any] | None:
    if less is None:
        return None
    return {"percent_bps": less.percent_bps, "discount_minor": less.off_minor, "ends_at": less.ends_at}


def _charge(cart: Cart, parts: tuple[int, ...] | None, off: tuple[int, ...], at: datetime) -> dict[str, Any] | None:
    if parts is None or cart.organization is None:
        return None
    is_later = cart.is_trial and cart.plan.trial_days > 0 and cart.pilot_id is None
    return charges.plain(queries.of_parts(cart.organization, parts, off, currency=cart.currency, at=at, is_later=is_later))


def _total(cart: Cart) -> int | None:
    parts = _parts(cart)
    return None if parts is None else sum(parts)


def _parts(cart: Cart) -> tuple[int, ...] | None:
    """The plan's price and each add-on's (a pilot's fee), from what is on sale in memory: a page of carts is one query."""
    if cart.pilot_id is not None:
        pilot = catalog.on_sale().pilot(_pilot(cart))
        fee = pilot.fees.get(cart.currency) if pilot else None
        return None if fee is None else (fee,)
    line = catalog.on_sale().line(cart.plan.line.code)
    plan = line.plan(cart.plan.code) if line else None
    price = plan.price(cart.interval, cart.currency) if plan else None
    if price is None:
        return None
    each = (one["total_minor"] for one in cart_addons.plain(cart))
    return (price.total(cart.seats), *(total for total in each if total is not None))
