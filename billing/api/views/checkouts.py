"""Checkouts: from a cart to Stripe's payment page."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.origin import Origin, Source
from accounts.rules import permissions
from accounts.services import legal
from billing.api import charges, filters, idempotency, inputs, invoicing, outputs, paging, problems, references, schema, words
from billing.api.problems import Problem
from billing.api.views import base, objects
from billing.api.views import carts as cart_view
from billing.models import Cart, CartState, CheckoutAttempt, CheckoutState, Collection
from billing.queries import charges as queries
from billing.rules import purchase_orders
from billing.services import commands
from billing.services.selling import carts, checkout, invoiced
from config import clock, logs

TAG = "Carts"
PLACE = references.path("checkout", "The checkout")


class CheckoutInput(inputs.Strict):
    cart = references.ReferenceField(help_text="The cart: its id, or `external:` and your own.")
    accepted_by = references.MemberField(
        help_text="Who has accepted the store's terms for the organization: an owner or billing admin (id, or `external:` and "
        "your own). Show them the texts below /legal/ first; this is recorded as their act."
    )
    external_id = references.ExternalIdField(required=False)
    purchase_order = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=purchase_orders.LONGEST,
        help_text="Printed on the first invoice and on each after it, as with the billing details; left out: as it stands.",
    )
    collection_method = serializers.ChoiceField(
        choices=Collection.choices,
        default=Collection.CHARGED,
        help_text="`send_invoice`: bought at once, without a payment page; its invoice is due after the agreed days.",
    )
    expected_due_now_minor = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="With `send_invoice`: the amount agreed to, of the invoice preview; another one is refused.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["collection_method"] == Collection.INVOICED) != ("expected_due_now_minor" in attrs):
            text = _("Send it with collection method send_invoice, and with no other.")
            raise serializers.ValidationError({"expected_due_now_minor": [text]})
        return attrs


class CheckoutOutput(outputs.Output):
    id = serializers.CharField()
    external_id = outputs.external_id()
    cart = serializers.CharField()
    state = serializers.ChoiceField(choices=CheckoutState.choices)
    collection_method = serializers.ChoiceField(choices=Collection.choices)
    days_until_due = serializers.IntegerField(
        allow_null=True, help_text="Bought on invoice: how long there is to pay, in days."
    )
    url = serializers.CharField(help_text="Stripe's payment page, while `open`; else empty, as of what is bought on invoice.")
    subscription = serializers.CharField(allow_null=True, help_text="Once it is bought.")
    message = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class CheckoutDetailOutput(CheckoutOutput):
    charge = charges.ChargeOutput(help_text="What the payment page asks for.")


class CheckoutsQuery(filters.SubscriptionQuery):
    state = serializers.ChoiceField(choices=CheckoutState.choices, required=False)


CheckoutsOutput = paging.paged(CheckoutOutput, "CheckoutsOutput")
EXAMPLE: dict[str, Any] = {
    "id": "c9x4m2h7t5n6w3q8",
    "external_id": "order-118",
    "cart": cart_view.EXAMPLE["id"],
    "state": "open",
    "collection_method": "charge_automatically",
    "days_until_due": None,
    "url": "https://checkout.stripe.com/c/pay/cs_test_a1",
    "subscription": None,
    "message": "",
    "created_at": "2026-03-12T09:30:00Z",
    "expires_at": "2026-03-13T08:30:00Z",
}
DETAIL = EXAMPLE | {"charge": charges.EXAMPLE}
ON_INVOICE = {"collection_method": "send_invoice", "expected_due_now_minor": 19040, "purchase_order": "PO-7"}
BOUGHT = schema.problem("already-bought", 409, "There is a live subscription of this line. Change its seats.")
NO_TRIAL = schema.problem(
    "trial-refused", 409, "The organization, or its company, has tried it already. Buy it instead.", reason="used"
)
NO_PILOT = schema.problem(
    "pilot-refused", 409, "The organization had its pilot, or has bought before. Buy the plan instead.", reason="used"
)
MAY_NOT = schema.problem("may-not-buy", 422, "Only an owner or billing admin accepts the terms.")


class Checkouts(base.View):
    required_scopes = {"GET": [Scope.CARTS_READ], "POST": [Scope.CARTS_WRITE]}

    @schema.read(
        "checkouts",
        "Checkouts of the organization, the newest first",
        schema.Answer(shape=CheckoutsOutput, example={"data": [EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        description="Those begun in the store too.",
        parameters=[CheckoutsQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(CheckoutsQuery)
        rows = filters.narrowed(_rows(self), asked, line="cart__plan__line")
        return base.answer(CheckoutsOutput, paging.page(rows, asked, plain, newest_first=True))

    @schema.make(
        "create_checkout",
        "Open the payment page for a cart",
        schema.Answer(shape=CheckoutDetailOutput, example=DETAIL, status=201, name="Open"),
        schema.Answer(shape=CheckoutDetailOutput, example=DETAIL, name="Was there", description=schema.WAS_THERE),
        tag=TAG,
        description="Send the buyer's browser to `url`. While `opening`, Stripe has not answered yet: ask again. One page a "
        "product line is open: an older one ends, unless it is for the same and you give no other `external_id`. With "
        "`collection_method` `send_invoice` there is no page: it is `applied` with this call, for exactly the amount of the "
        "invoice preview, and its invoice is sent.",
        body=CheckoutInput,
        bodies={
            "For a cart": {"cart": "external:quote-118", "accepted_by": "external:u-1", "external_id": "order-118"},
            "On invoice": {"cart": "external:quote-118", "accepted_by": "external:u-1", **ON_INVOICE},
        },
        refusals=[
            *(
                cart_view.CLOSED,
                BOUGHT,
                cart_view.LOCKED,
                cart_view.NOT_ON_SALE,
                MAY_NOT,
                NO_TRIAL,
                NO_PILOT,
                schema.CODE_REFUSED,
            ),
            *(schema.BUSY, schema.TOO_MANY_SEATS, schema.NOT_A_MEMBER, schema.REFUSED, schema.UNREACHABLE),
            *(schema.NOT_ON_INVOICE, schema.DETAILS_MISSING, schema.BEYOND_CREDIT),
            schema.problem("amount-differs", 409, "It comes to 19040 on invoice, not 16000.", preview=invoicing.OFFER),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(CheckoutInput), clock.now()
        external_id = asked.get("external_id")

        def start() -> CheckoutAttempt:
            cart, origin = self._cart(asked["cart"]), self._buyer(asked["accepted_by"])
            named: dict[str, Any] = {"organization": self.organization, "external_id": external_id}
            named |= {"cart": cart, "origin": origin, "at": at, "purchase_order": asked.get("purchase_order")}
            try:
                if asked["collection_method"] == Collection.INVOICED:
                    return _on_invoice(asked["expected_due_now_minor"], **named)
                opened = checkout.start(**named)
            except (checkout.CodeRefused, checkout.CurrencyLocked, checkout.NotOnSale) as error:
                raise problems.about(error, "/cart") from error
            if opened.state != CheckoutState.APPLIED and external_id not in (None, opened.external_id):
                raise commands.Busy("Stripe is opening the page of another checkout in this moment.")
            return opened

        attempt, is_new = references.made_once(_rows(self), external_id, start, at=at)
        return base.made(CheckoutDetailOutput, _detail(attempt), is_new=is_new)

    def _cart(self, said: str) -> Cart:
        cart = references.find(cart_view.rows(self), references.parse(said, "cart"))
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


@extend_schema_view(
    get=schema.read(
        "checkout",
        "How a checkout stands",
        schema.Answer(shape=CheckoutDetailOutput, example=DETAIL),
        tag=TAG,
        parameters=[PLACE],
    ),
    patch=objects.naming_once(
        "name_checkout", "a checkout", schema.Answer(shape=CheckoutDetailOutput, example=DETAIL), tag=TAG, place=PLACE
    ),
)
class CheckoutView(objects.NamingView[CheckoutAttempt]):
    required_scopes = {"GET": [Scope.CARTS_READ], "PATCH": [Scope.CARTS_WRITE]}
    shape, place = CheckoutDetailOutput, "checkout"

    def rows(self) -> QuerySet[CheckoutAttempt]:
        return _rows(self)

    def plain(self, row: CheckoutAttempt) -> dict[str, Any]:
        return _detail(row)


def _rows(view: base.View) -> QuerySet[CheckoutAttempt]:
    return CheckoutAttempt.objects.filter(organization=view.organization).select_related(
        *(
            "cart",
            "subscription",
            "price",
            "promotion",
            "pilot_fee",
            "organization__tax_standing__rate",
            "organization__customer",
        )
    )


def _on_invoice(expected_minor: int, **named: Any) -> CheckoutAttempt:
    try:
        return invoiced.start(expected_minor=expected_minor, **named)
    except invoiced.AmountDiffers as error:
        offer = invoicing.InvoiceOfferOutput(invoicing.offer(error.offer)).data
        raise problems.amount_differs(error.offer.total_minor, expected_minor, preview=offer) from error


def _detail(found: CheckoutAttempt) -> dict[str, Any]:
    return plain(found) | {"charge": charges.plain(queries.of_attempt(found))}


def plain(found: CheckoutAttempt) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "cart": found.cart.public_id,
        "collection_method": Collection.INVOICED if found.payment_days else Collection.CHARGED,
        "days_until_due": found.payment_days or None,
        "url": found.url if found.state == CheckoutState.OPEN else "",
        "subscription": found.subscription.stripe_id if found.subscription else None,
        **words.named(found, ("external_id", "state", "message", "created_at", "expires_at")),
    }
