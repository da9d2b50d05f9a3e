"""Paying on invoice: what a cart comes to so, and how a subscription there is is paid."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, invoicing, outputs, problems, references, schema
from billing.api.views import base
from billing.api.views import carts as cart_view
from billing.models import CartState, Collection, CommandState, Customer, Subscription
from billing.queries import payment_terms
from billing.services.books import sent_invoices
from billing.services.selling import carts, collecting, invoiced
from config import clock

TAG = "Payment method"
EXAMPLE: dict[str, Any] = {
    "collection_method": "send_invoice",
    "days_until_due": 30,
    "invoice_days": 30,
    "missing_details": [],
    "has_payment_method": True,
    "bank_account": {"kind": "iban", "account_holder_name": "Fieldnote", "iban": "DE89370400440532013000", "bic": "TESTDEBB"},
}
FIXED = schema.problem("collection-fixed", 409, "A payment is missing, or it is a trial, a pilot, paused or ended.")
NO_METHOD = schema.problem("no-payment-method", 409, "There is no card and no bank account to charge.")


class InvoicePreviewInput(inputs.Strict):
    cart = references.ReferenceField(help_text="The cart: its id, or `external:` and your own.")


class CollectionInput(inputs.Strict):
    collection_method = serializers.ChoiceField(choices=Collection.choices)


class CollectionOutput(outputs.Output):
    collection_method = serializers.ChoiceField(choices=Collection.choices, help_text="As of the next charge.")
    days_until_due = serializers.IntegerField(allow_null=True, help_text="Of sent invoices: how long there is to pay, in days.")
    invoice_days = serializers.IntegerField(
        allow_null=True, help_text="How long there is, or would be, to pay on invoice. Null: who may is agreed with a person."
    )
    missing_details = serializers.ListField(
        child=serializers.CharField(), help_text="Billing details to be completed before invoices can be sent."
    )
    has_payment_method = serializers.BooleanField(help_text="Whether a card or a bank account is there to be charged.")
    bank_account = serializers.DictField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="Where to by bank transfer: `kind`, and what one types into one's bank. Null: there is no account.",
    )


class InvoicePreview(base.View):
    required_scopes = [Scope.CARTS_READ]

    @schema.ask(
        "preview_invoice",
        "What a cart comes to on invoice, and by when",
        schema.Answer(shape=invoicing.InvoiceOfferOutput, example=invoicing.OFFER, name="Preview"),
        tag=cart_view.TAG,
        description="For whom the segment or an agreement lets pay so. Changes nothing.",
        body=InvoicePreviewInput,
        bodies={"Of a cart": {"cart": "external:quote-118"}},
        refusals=[
            *(schema.NOT_ON_INVOICE, cart_view.CLOSED, cart_view.NOT_ON_SALE, cart_view.LOCKED),
            schema.problem("already-bought", 409, "There is a live subscription of this line. Change its seats."),
            *(schema.TOO_MANY_SEATS, schema.CODE_REFUSED),
        ],
    )
    def post(self, request: Request) -> Response:
        said = self.body(InvoicePreviewInput)["cart"]
        cart = references.find(cart_view.rows(self), references.parse(said, "cart"))
        if cart is None:
            raise exceptions.ValidationError({"cart": [_("The organization has no such cart.")]})
        if cart.state != CartState.OPEN:
            raise carts.Closed
        found = invoiced.offer(cart, self.organization, clock.now())
        missing = invoiced.missing_details(self.organization)
        return base.answer(invoicing.InvoiceOfferOutput, invoicing.offer(found, missing))


class CollectionView(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE]}

    @schema.read(
        "collection",
        "How a subscription is paid, and how it could be",
        schema.Answer(shape=CollectionOutput, example=EXAMPLE, name="On invoice"),
        tag=TAG,
        parameters=[inputs.LineQuery],
        refusals=[schema.NOT_ACTIVE],
    )
    def get(self, request: Request) -> Response:
        return base.answer(CollectionOutput, self._told(self.current()))

    @schema.change(
        "set_collection",
        "Have a subscription paid on invoice, or by what is on file",
        schema.Answer(shape=CollectionOutput, example=EXAMPLE, name="On invoice"),
        schema.under_way(CollectionOutput, EXAMPLE | {"collection_method": "charge_automatically", "days_until_due": None}),
        tag=TAG,
        description="From the next charge on. No money moves by it, and invoices that are open stay to be paid as they are. "
        "202: Stripe has not answered yet, and it is as it was until then.",
        parameters=[inputs.LineQuery],
        body=CollectionInput,
        bodies={
            "On invoice": {"collection_method": "send_invoice"},
            "By what is on file": {"collection_method": "charge_automatically"},
        },
        refusals=[
            *(FIXED, schema.NOT_ON_INVOICE, schema.DETAILS_MISSING, NO_METHOD),
            *(schema.NOT_ACTIVE, schema.PAUSED, schema.BUSY, schema.REFUSED, schema.UNREACHABLE),
        ],
    )
    @idempotency.honoured
    def patch(self, request: Request) -> Response:
        method, row = self.body(CollectionInput)["collection_method"], self.current()
        command = collecting.switch(row, Collection(method), origin=self.origin(), at=clock.now())
        if command is not None and command.state == CommandState.FAILED:
            raise problems.provider_refused()
        row.refresh_from_db()
        is_open = command is not None and command.state == CommandState.OPEN
        code = status.HTTP_202_ACCEPTED if is_open else status.HTTP_200_OK
        return base.answer(CollectionOutput, self._told(row), code)

    def _told(self, row: Subscription) -> dict[str, Any]:
        """At most four queries."""
        customer = Customer.objects.filter(organization=self.organization).first()
        account = sent_invoices.bank_account(customer, row.currency)
        return {
            "collection_method": row.collection_method,
            "days_until_due": row.days_until_due,
            "invoice_days": row.days_until_due or payment_terms.days(self.organization, clock.now()) or None,
            "missing_details": invoiced.missing_details(self.organization),
            "has_payment_method": customer is not None and bool(customer.payment_method_id),
            "bank_account": account or None,
        }
