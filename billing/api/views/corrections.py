"""An invoice that names a wrong address or purchase order: a credit note and a new invoice take its place."""

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, outputs, problems, references, schema
from billing.api.views import base
from billing.api.views.billing_details import DetailsInput
from billing.models import CommandState, Invoice, InvoiceStatus
from billing.services.refunds import replacing
from config import clock

TAG = "Invoices"
PLACE = references.path("invoice", "The invoice")
EXAMPLE: dict[str, Any] = {"invoice": "in_1QxExample", "replaced_by": "in_1QzExample", "credit_note": "cn_1QzExample"}
REFUSALS = (
    schema.problem("nothing-changes", 409, "That is what it says already."),
    schema.problem("invoice-not-replaceable", 409, "It is paid: one of us replaces it.", reason="paid"),
)


class CorrectionInput(DetailsInput):
    """What it should name. What is left out is as the billing details have it; empty: none. The country decides on the tax,
    and stays.
    """

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if name in replacing.CORRECTED}


class CorrectionOutput(outputs.Output):
    invoice = serializers.CharField(help_text="The one that was wrong.")
    replaced_by = serializers.CharField(allow_null=True, help_text="The new one. Null: Stripe has not answered yet.")
    credit_note = serializers.CharField(allow_null=True, help_text="That takes back the old one.")


class Corrections(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "correct_invoice",
        "Replace an invoice that names a wrong address or purchase order",
        schema.Answer(shape=CorrectionOutput, example=EXAMPLE, status=201, name="Replaced"),
        schema.under_way(CorrectionOutput, EXAMPLE | {"replaced_by": None, "credit_note": None}),
        tag=TAG,
        description="Of one that was sent and is open as it was sent: a credit note takes it back, and a new one asks for "
        "the same total by the same date. No money moves. What is sent here is kept as the billing details, too, for later "
        "invoices; with nothing sent it is made out to these as they are by now. 202: ask again with the same key.",
        parameters=[PLACE],
        body=CorrectionInput,
        bodies={"Another purchase order": {"purchase_order": "PO-8"}},
        refusals=[*REFUSALS, schema.BUSY, schema.REFUSED, schema.UNREACHABLE],
    )
    @idempotency.once_until_settled
    def post(self, request: Request, invoice: str) -> Response:
        rows = Invoice.objects.select_related("organization", "subscription__price")
        own = rows.filter(organization=self.organization).exclude(status=InvoiceStatus.DRAFT)
        found = references.named(own, invoice, "invoice", by="stripe_id")
        said, nonce = self.body(CorrectionInput), idempotency.nonce(request)
        command = replacing.replace(found, said, nonce=nonce, origin=self.origin(), at=clock.now())
        if command.state == CommandState.FAILED:
            raise problems.provider_refused()
        told = {"replaced_by": command.result.get("invoice"), "credit_note": command.result.get("credit_note")}
        is_open = command.state == CommandState.OPEN
        code = status.HTTP_202_ACCEPTED if is_open else status.HTTP_201_CREATED
        return base.answer(CorrectionOutput, {"invoice": found.stripe_id, **told}, code)
