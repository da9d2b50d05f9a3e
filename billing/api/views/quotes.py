"""Quotes: of a cart, or of a change by the token of its preview; read, found as a PDF, withdrawn."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.views import base, objects
from billing.api.views import carts as cart_view
from billing.models import CartState, Interval, Quote, QuoteKind, QuoteState, QuoteWay
from billing.rules import purchase_orders
from billing.services.books import quote_rows
from billing.services.quoting import drafts, quotes
from billing.services.selling import carts
from config import clock

TAG = "Quotes"
PLACE = references.path("quote", "The quote")
# A draft of the store's own pages is nobody's business yet.
STATES = [choice for choice in QuoteState.choices if choice[0] != QuoteState.DRAFT]
WAYS = QuoteWay.choices


class QuoteInput(inputs.Strict):
    """One of `cart` and `token`."""

    cart = references.ReferenceField(required=False, help_text="Buying this cart: its id, or `external:` and your own.")
    token = serializers.CharField(
        required=False,
        max_length=20_000,
        help_text="The change that this preview's token stands for: seats, an add-on, a plan.",
    )
    addressed_to = serializers.CharField(required=False, allow_blank=True, max_length=120, help_text="Attention of.")
    approver_email = serializers.EmailField(
        required=False, allow_blank=True, help_text="Is sent the link; left out: nobody is, send `approval_url` yourself."
    )
    purchase_order = serializers.CharField(required=False, allow_blank=True, max_length=purchase_orders.LONGEST)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, help_text="Printed below the heading.")
    external_id = references.ExternalIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("cart" in attrs) == ("token" in attrs):
            raise serializers.ValidationError({"cart": [_("Send either a cart or the token of a preview.")]})
        return attrs


class QuoteOutput(outputs.Output):
    id = serializers.CharField()
    external_id = outputs.external_id()
    number = serializers.CharField(help_text="As it is printed: one sequence a year.")
    kind = serializers.ChoiceField(choices=QuoteKind.choices)
    state = serializers.ChoiceField(choices=STATES)
    line = serializers.CharField()
    plan = serializers.CharField(help_text="Its name, as it is printed.")
    interval = serializers.ChoiceField(choices=Interval.choices)
    seats = serializers.IntegerField(help_text="All that are had once it is accepted.")
    currency = serializers.CharField()
    period_minor = serializers.IntegerField(help_text="What a period costs then, with tax as far as it is known.")
    due_minor = serializers.IntegerField(
        help_text="Due on acceptance. Of a change: if it is accepted on the day it was issued; it becomes less each day."
    )
    addressed_to = serializers.CharField()
    approver_email = serializers.CharField()
    purchase_order = serializers.CharField()
    note = serializers.CharField()
    issued_at = serializers.DateTimeField()
    valid_on = serializers.DateField(help_text="The last day that it holds, in the organization's time zone.")
    lapses_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True, help_text="When it was accepted, withdrawn, or lapsed.")
    approval_url = serializers.URLField(help_text="Where whoever has it reads and accepts it, without an account.")
    accepted_by = serializers.CharField(allow_null=True, help_text="The name that was typed.")
    accepted_way = serializers.ChoiceField(choices=WAYS, allow_null=True)


class QuotesQuery(paging.PageQuery):
    state = serializers.ChoiceField(choices=STATES, required=False)


class QuotePdfOutput(outputs.Output):
    url = serializers.URLField(help_text="Opens without an account, like `approval_url`; in the organization's language.")


QuotesOutput = paging.paged(QuoteOutput, "QuotesOutput")
EXAMPLE: dict[str, Any] = {
    "id": "t5n6w3q8c9x4m2h7",
    "external_id": "deal-42",
    "number": "Q-2026-00042",
    "kind": "purchase",
    "state": "open",
    "line": "fieldnote",
    "plan": "Team",
    "interval": "month",
    "seats": 10,
    "currency": "usd",
    "period_minor": 16000,
    "due_minor": 16000,
    "addressed_to": "Purchasing",
    "approver_email": "purchasing@acme.example",
    "purchase_order": "",
    "note": "",
    "issued_at": "2026-03-12T09:30:00Z",
    "valid_on": "2026-04-11",
    "lapses_at": "2026-04-12T00:00:00Z",
    "closed_at": None,
    "approval_url": "https://store.example.com/quotes/approval/WzQyXQ:x/",
    "accepted_by": None,
    "accepted_way": None,
}
WITHDRAWN = EXAMPLE | {"state": "withdrawn", "closed_at": "2026-03-14T08:00:00Z"}
NOT_QUOTABLE = schema.problem("not-quotable", 422, "Trials cost nothing, and pilots have one fixed price.")
CLOSED = schema.problem("quote-closed", 409, "The quote was accepted, or has lapsed: make a new one.", state="accepted")
TOO_MANY = schema.problem("too-many-quotes", 429, "20 quotes were issued within 24 hours. Issue the next one tomorrow.")


class Quotes(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "POST": [Scope.BILLING_WRITE]}

    @schema.read(
        "quotes",
        "Quotes of the organization, the newest first",
        schema.Answer(shape=QuotesOutput, example={"data": [EXAMPLE], "next": None}, name="Quotes"),
        tag=TAG,
        description="Those made in the store too.",
        parameters=[QuotesQuery],
    )
    def get(self, request: Request) -> Response:
        asked, found = self.query(QuotesQuery), _rows(self)
        if "state" in asked:
            found = found.filter(state=asked["state"])
        return base.answer(QuotesOutput, paging.page(found, asked, plain, newest_first=True))

    @schema.make(
        "create_quote",
        "Issue a quote",
        schema.Answer(shape=QuoteOutput, example=EXAMPLE, status=201, name="Issued"),
        schema.Answer(shape=QuoteOutput, example=EXAMPLE, name="Was there", description=schema.WAS_THERE),
        tag=TAG,
        description="A numbered document that holds its price, whatever is sold at another price meanwhile. It binds nobody "
        "but the store: nothing is bought until somebody accepts it by its link. A change is priced anew for the day it is "
        "accepted on, and holds while seats, plan and add-ons are what they were.",
        body=QuoteInput,
        bodies={
            "Of a cart": {"cart": "external:quote-118", "addressed_to": "Purchasing", "external_id": "deal-42"},
            "Of a change": {"token": "eyJzIjo3...", "approver_email": "purchasing@acme.example"},
        },
        refusals=[
            *(NOT_QUOTABLE, TOO_MANY, cart_view.CLOSED, schema.NOT_ACTIVE, schema.BUSY, schema.REFUSED, schema.UNREACHABLE),
            schema.problem("preview-stale", 409, "The price changed since the preview."),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(QuoteInput), clock.now()
        external_id, cart, token = asked.pop("external_id", None), asked.pop("cart", ""), asked.pop("token", "")

        def issue() -> Quote:
            draft = self._of_cart(cart, at) if cart else drafts.of_token(self.organization, token, origin=self.origin(), at=at)
            said = quotes.Addressed(**asked)
            try:
                return quotes.issue(draft, said=said, origin=self.origin(), at=at, external_id=external_id)
            except Exception:
                drafts.discard(draft)  # nobody would find it
                raise

        made, is_new = references.made_once(_rows(self), external_id, issue, at=at)
        return base.made(QuoteOutput, plain(made), is_new=is_new)

    def _of_cart(self, said: str, at: datetime) -> Quote:
        cart = references.find(cart_view.rows(self), references.parse(said, "cart"))
        if cart is None:
            raise exceptions.ValidationError({"cart": [_("The organization has no such cart.")]})
        if cart.state != CartState.OPEN:
            raise carts.Closed
        return drafts.of_cart(cart, self.organization, origin=self.origin(), at=at)


@extend_schema_view(
    get=schema.read(
        "quote", "How a quote stands", schema.Answer(shape=QuoteOutput, example=EXAMPLE), tag=TAG, parameters=[PLACE]
    ),
    delete=schema.change(
        "withdraw_quote",
        "Withdraw a quote",
        schema.Answer(shape=QuoteOutput, example=WITHDRAWN, name="Withdrawn"),
        tag=TAG,
        description="Its link accepts nothing any more, and a payment page that is open for it ends. It stays to be looked at.",
        parameters=[PLACE],
        refusals=[CLOSED],
    ),
)
class QuoteView(objects.EndingView[Quote]):
    required_scopes = {"GET": [Scope.BILLING_READ], "DELETE": [Scope.BILLING_WRITE]}
    shape, place = QuoteOutput, "quote"

    def rows(self) -> QuerySet[Quote]:
        return _rows(self)

    def plain(self, row: Quote) -> dict[str, Any]:
        return plain(row)

    def end(self, row: Quote) -> None:
        quotes.withdraw(row, origin=self.origin(), at=clock.now())


class QuotePdf(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "quote_pdf",
        "Where a quote's PDF is",
        schema.Answer(shape=QuotePdfOutput, example={"url": f"{EXAMPLE['approval_url']}pdf/"}),
        tag=TAG,
        parameters=[PLACE],
    )
    def get(self, request: Request, quote: str) -> Response:
        found = references.named(_rows(self), quote, "quote")
        return base.answer(QuotePdfOutput, {"url": f"{quote_rows.link(found)}pdf/"})


def _rows(view: base.View) -> QuerySet[Quote]:
    rows = Quote.objects.filter(organization=view.organization).exclude(state=QuoteState.DRAFT)
    return rows.select_related("line", "decision")


def plain(row: Quote) -> dict[str, Any]:
    made = {"line", "id", "plan", "interval", "seats", "approval_url", "accepted_by", "accepted_way"}
    return {
        "id": row.public_id,
        "line": row.line.code,
        **{name: row.document[name] for name in ("plan", "interval", "seats")},
        "approval_url": quote_rows.link(row),
        "accepted_by": row.decision.name if row.decision else None,
        "accepted_way": row.decision.way if row.decision else None,
        **words.named(row, set(QuoteOutput().fields) - made),
    }
