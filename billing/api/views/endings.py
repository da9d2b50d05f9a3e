"""Ending at once: what it gives back and settles, and doing exactly that."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outcomes, outputs, problems, references, schema
from billing.api.views import base
from billing.models import CancelReason, CommandState, Subscription
from billing.rules.endings import OpenInvoices
from billing.services.changes import seats
from billing.services.leaving import endings
from config import clock

TAG = "Subscription"


class EndingPreviewOutput(outputs.Output):
    """What ending now gives back and settles. Nothing is done. Confirm it with `token` until `expires_at`."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    currency = serializers.CharField()
    credit_minor = serializers.IntegerField(help_text="Put on the customer's balance, tax included: unused time, by policy.")
    tax_minor = serializers.IntegerField(help_text="What of it is tax, as a negative amount.")
    due_now_minor = serializers.IntegerField(help_text="Charged instead, where more waits to be billed than is given back.")
    lines = outputs.PreviewLineOutput(many=True)
    invoices = serializers.ListField(child=serializers.CharField(), help_text="Open ones that nobody has to pay then.")
    invoices_become = serializers.ChoiceField(choices=[str(one) for one in OpenInvoices])


class EndingInput(inputs.Strict):
    token = serializers.CharField(max_length=20_000, help_text="Of a preview.")
    reason_code = serializers.ChoiceField(choices=CancelReason.choices)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)
    external_id = references.ExternalIdField(required=False)


class EndingOutput(outcomes.OutcomeOutput):
    """Done, or open until the payment provider answers."""

    credit_minor = serializers.IntegerField(allow_null=True, help_text="What was given back; null while it is open.")


PREVIEW: dict[str, Any] = {
    "token": "eyJzIjo3...",
    "expires_at": "2026-03-12T09:45:00Z",
    "currency": "usd",
    "credit_minor": 9280,
    "tax_minor": 0,
    "due_now_minor": 0,
    "lines": [examples.UNUSED_LINE],
    "invoices": [],
    "invoices_become": "none",
}
DONE = outcomes.DONE | {"credit_minor": 9280}
STALE = schema.problem("preview-stale", 409, "The price changed since the preview.", preview=PREVIEW)
OWNERS_ONLY = schema.problem("owners-only", 403, "What is paid for is ended at once by an owner, or a vendor-wide key.")
ON_ITS_WAY = schema.problem(
    "debit-on-its-way",
    409,
    "The payment of invoice FN-0042 is on its way from the bank: end it after that, or with its period.",
    arrives_on="2027-02-19",
)
REFUSALS = (OWNERS_ONLY, ON_ITS_WAY, schema.COMMITTED, schema.NOT_ACTIVE, schema.IN_PILOT, schema.REFUSED, schema.UNREACHABLE)


class EndingPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_ending",
        "What ending now gives back and settles",
        schema.Answer(shape=EndingPreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider at most once and changes nothing. Unused time is given back if the store's "
        "policy says so, and never while an invoice is open; open ones are voided or written off by policy. A key of one "
        "organization may end what is behind with a payment, or paused; everything else takes a vendor-wide key.",
        parameters=[inputs.LineQuery],
        refusals=REFUSALS,
    )
    def post(self, request: Request) -> Response:
        return base.answer(EndingPreviewOutput, _preview(self, self.current(), clock.now()))


class Endings(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "end_subscription",
        "End the subscription now",
        schema.Answer(shape=EndingOutput, example=DONE, status=201, name="Ended"),
        schema.under_way(EndingOutput, DONE | {"outcome": "open", "credit_minor": None}),
        tag=TAG,
        description="Gives back exactly what was previewed, and nothing is charged any more. It cannot be taken back. To end "
        "with the period schedule a change of kind `end`.",
        parameters=[inputs.LineQuery],
        body=EndingInput,
        bodies={"By token": {"token": PREVIEW["token"], "reason_code": "closed", "external_id": "end-7"}},
        refusals=[STALE, schema.BUSY, *REFUSALS],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(EndingInput), clock.now()
        row = endings.of_token(self.organization, asked["token"]) or self.current()
        try:
            command = endings.end(
                row,
                token=asked["token"],
                is_owner=self.is_vendor,
                reason_code=CancelReason(asked["reason_code"]),
                reason=asked.get("reason", ""),
                origin=self.origin(),
                at=at,
                external_id=asked.get("external_id"),
            )
        except seats.Stale as stale:
            raise problems.with_more(stale, preview=EndingPreviewOutput(_preview(self, row, at)).data) from stale
        given = command.result.get("given_minor") if command.state == CommandState.DONE else None
        return outcomes.answer(EndingOutput, command, credit_minor=given)


def _preview(view: base.View, row: Subscription, at: datetime) -> dict[str, Any]:
    offered = endings.offer(row, is_owner=view.is_vendor, at=at)
    credit = offered.credit
    return {
        "token": offered.token,
        "expires_at": offered.expires_at,
        "currency": credit.currency,
        "credit_minor": credit.credit_minor,
        "tax_minor": credit.tax_minor,
        "due_now_minor": credit.charge_minor,
        "lines": [asdict(line) for line in credit.lines],
        "invoices": [one.stripe_id for one in offered.invoices],
        "invoices_become": offered.terms.invoices,
    }
