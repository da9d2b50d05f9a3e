"""What pays, a card or a bank account: which one, and a page of Stripe's for another one."""

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outputs, problems, schema
from billing.api.views import base
from billing.models import Customer, SubscriptionStatus
from billing.rules import debits
from billing.services.leaving import resuming
from billing.services.selling import cards
from config import clock

TAG = "Payment method"


class CardSetupInput(inputs.Strict):
    resumption_token = serializers.CharField(
        required=False,
        max_length=20_000,
        help_text="Of a trial's resumption preview: the subscription goes on, for that amount, once the card is there.",
    )


class CardOutput(outputs.Output):
    brand = serializers.CharField()
    last4 = serializers.CharField()
    exp_month = serializers.IntegerField()
    exp_year = serializers.IntegerField()


class BankAccountOutput(outputs.Output):
    kind = serializers.ChoiceField(choices=debits.DEBITS, help_text="SEPA Direct Debit, or an ACH debit.")
    bank_name = serializers.CharField(help_text="Empty of an IBAN, which names none.")
    last4 = serializers.CharField()


class PaymentMethodOutput(outputs.Output):
    """`card` and `bank_account` are null where none is known: before the first purchase, or when something else pays."""

    card = CardOutput(allow_null=True)
    bank_account = BankAccountOutput(allow_null=True)


class CardSetupOutput(outputs.Output):
    url = serializers.CharField(help_text="Stripe's page; empty while Stripe has not answered: ask again with another key.")


EXAMPLE: dict[str, Any] = {"card": {"brand": "visa", "last4": "4242", "exp_month": 11, "exp_year": 2028}, "bank_account": None}
PAGE = {"url": "https://checkout.stripe.com/c/pay/cs_test_b2"}
NO_CUSTOMER = schema.problem("no-customer", 409, "Buy a plan first: the card is asked for there.")


class PaymentMethod(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "payment_method",
        "The card that pays",
        schema.Answer(shape=PaymentMethodOutput, example=EXAMPLE, name="A card"),
        tag=TAG,
    )
    def get(self, request: Request) -> Response:
        row = Customer.objects.filter(organization=self.organization).first()
        said = {
            "card": _card(row) if row and row.card_last4 else None,
            "bank_account": _bank(row) if row and row.bank_last4 else None,
        }
        return base.answer(PaymentMethodOutput, said)


class CardSetups(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "create_card_setup",
        "Open the page on which the card is changed",
        schema.Answer(shape=CardSetupOutput, example=PAGE, status=201, name="Open"),
        schema.under_way(CardSetupOutput, {"url": ""}),
        tag=TAG,
        description="Send a person who may pay to `url`: Stripe's page, from which they come back to the store. The new card "
        "is used from then on, and for what is overdue at once. With `resumption_token` what a trial left paused goes on with "
        "it, for exactly the amount that was previewed: `subscription` says whether it has.",
        parameters=[inputs.LineQuery],
        body=CardSetupInput,
        bodies={"Another card": {}, "A card to go on with": {"resumption_token": "WyJzdWJfMVF4..."}},
        refusals=[
            NO_CUSTOMER,
            schema.problem("preview-stale", 409, "The token is none of this subscription's, or too old."),
            schema.problem("not-paused", 409, "No trial of this subscription has ended without a card."),
            *(schema.NOT_ACTIVE, schema.REFUSED, schema.UNREACHABLE),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        token = self.body(CardSetupInput).get("resumption_token")
        agreed = self._agreed(token) if token else None
        command = cards.start_setup(self.organization, origin=self.origin(), at=clock.now(), agreed=agreed)
        url = command.result.get("url") or ""
        return base.answer(CardSetupOutput, {"url": url}, status.HTTP_201_CREATED if url else status.HTTP_202_ACCEPTED)

    def _agreed(self, token: str) -> resuming.Agreed:
        row = self.current()
        agreed = resuming.agreed(row, token)
        if row.status != SubscriptionStatus.PAUSED:
            raise problems.not_paused()
        return agreed


def _bank(row: Customer) -> dict[str, Any]:
    return {"kind": row.method_kind, "bank_name": row.bank_name, "last4": row.bank_last4}


def _card(row: Customer) -> dict[str, Any]:
    return {str(name): getattr(row, f"card_{name}") for name in CardOutput().fields}
