"""A promotion code for a subscription there is: what the next charge becomes, and having exactly that."""

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outputs, problems, schema, words
from billing.api.views import base
from billing.models import CommandState
from billing.queries import promotions as queries
from billing.services.changes import promotions
from config import clock

TAG = "Subscription"


class DiscountPreviewInput(inputs.Strict):
    promotion_code = serializers.CharField(max_length=queries.LONGEST, help_text="Capitals or small letters.")


class DiscountInput(inputs.Strict):
    token = serializers.CharField(max_length=20_000, help_text="From a preview not older than 15 minutes.")


class DiscountPreviewOutput(outputs.Output):
    """What the next charge becomes. Nothing is charged now. Confirm it with `token` until `expires_at`."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    code = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    renewal_at = serializers.DateTimeField()
    total_minor = serializers.IntegerField(help_text="Before discount and tax.")
    discount_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    balance_applied_minor = serializers.IntegerField(help_text="Credit used (positive) or debt collected (negative).")
    due_minor = serializers.IntegerField()


class DiscountChangeOutput(outputs.Output):
    code = serializers.CharField()
    state = serializers.ChoiceField(
        choices=CommandState.choices,
        help_text="`done`, or `open` while Stripe has not answered: see the subscription's discounts.",
    )


PREVIEW: dict[str, Any] = {
    "token": ".eJyrVspM...",
    "expires_at": "2026-03-12T09:45:00Z",
    "code": "SPRING",
    "name": "Spring offer",
    "currency": "usd",
    "renewal_at": "2026-03-30T09:30:00Z",
    "total_minor": 17600,
    "discount_minor": 3520,
    "tax_minor": 0,
    "balance_applied_minor": 0,
    "due_minor": 14080,
}
DONE = {"code": "SPRING", "state": "done"}
STANDING = (
    schema.NOT_ACTIVE,
    schema.ENDS_SOON,
    schema.PAYMENT_PENDING,
    schema.CODE_REFUSED,
    schema.REFUSED,
    schema.UNREACHABLE,
)


class DiscountPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_discount",
        "What a promotion code does to the next charge",
        schema.Answer(shape=DiscountPreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider once and changes nothing.",
        parameters=[inputs.LineQuery],
        body=DiscountPreviewInput,
        bodies={"A code": {"promotion_code": "SPRING"}},
        refusals=[*STANDING, schema.TOO_MANY_CODES],
    )
    def post(self, request: Request) -> Response:
        code = self.code(self.body(DiscountPreviewInput)) or ""
        try:
            offered = promotions.offer(self.current(), code=code, at=clock.now())
        except promotions.CodeRefused as error:
            raise problems.about(error, "/promotion_code") from error
        return base.answer(DiscountPreviewOutput, _offer(offered))


class Discounts(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "create_discount",
        "Have a promotion code's discount",
        schema.Answer(shape=DiscountChangeOutput, example=DONE, status=201, name="Done"),
        schema.under_way(DiscountChangeOutput, DONE | {"state": "open"}),
        tag=TAG,
        description="Exactly as previewed: if the next charge would be another, nothing is changed and the answer (409) has "
        "the present preview. A discount ends by itself, or by the vendor's staff.",
        parameters=[inputs.LineQuery],
        body=DiscountInput,
        bodies={"By token": {"token": PREVIEW["token"]}},
        refusals=[
            schema.problem("preview-stale", 409, "The price changed since the preview.", preview=PREVIEW),
            *(schema.BUSY, *STANDING),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        token = self.body(DiscountInput)["token"]
        try:
            command = promotions.confirm(self.current(), token=token, origin=self.origin(), at=clock.now())
        except promotions.Stale as stale:
            fresh = {"preview": DiscountPreviewOutput(_offer(stale.fresh)).data} if stale.fresh else {}
            raise problems.with_more(stale, **fresh) from stale
        if command.state not in (CommandState.DONE, CommandState.OPEN):
            raise problems.provider_refused()
        told = {"code": command.payload["code"], "state": command.state}
        code = status.HTTP_201_CREATED if command.state == CommandState.DONE else status.HTTP_202_ACCEPTED
        return base.answer(DiscountChangeOutput, told, code)


def _offer(offered: promotions.Offer) -> dict[str, Any]:
    names = set(DiscountPreviewOutput().fields) - {"code", "name", "discount_minor"}
    entered = {"code": offered.entered.code, "name": offered.entered.name, "discount_minor": offered.off_minor}
    return words.named(offered, names) | entered
