"""Invoices with the way to their pages, and the ledger of seats."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import inputs, outputs, paging, schema
from billing.api.views import base
from billing.models import Invoice, InvoiceStatus, LedgerKind, SeatLedgerEntry
from billing.queries import invoices as queries
from billing.services import invoices

TAG = "Invoices"


class InvoiceOutput(outputs.Output):
    id = serializers.CharField(help_text="Stripe's own.")
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=InvoiceStatus.choices)
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    remaining_minor = serializers.IntegerField(help_text="Left to pay.")
    refunded_minor = serializers.IntegerField()
    issued_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True, help_text="When the card is tried again.")


class InvoiceLineOutput(outputs.Output):
    description = serializers.CharField()
    quantity = serializers.IntegerField(allow_null=True)
    amount_minor = serializers.IntegerField()
    is_proration = serializers.BooleanField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class InvoiceDetailOutput(InvoiceOutput):
    subtotal_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    amount_due_minor = serializers.IntegerField(help_text="After credit.")
    amount_paid_minor = serializers.IntegerField()
    starting_balance_minor = serializers.IntegerField(help_text="Of the customer's balance; negative is credit.")
    ending_balance_minor = serializers.IntegerField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    lines = InvoiceLineOutput(many=True)


class AddressOutput(outputs.Output):
    url = serializers.URLField(help_text="Stripe's, and good for a while: ask again rather than keep it.")


class LedgerOutput(outputs.Output):
    """An entry; the sum of a subscription's is the number of its seats."""

    id = serializers.IntegerField()
    line = serializers.CharField()
    kind = serializers.ChoiceField(choices=LedgerKind.choices)
    delta = serializers.IntegerField()
    quantity_after = serializers.IntegerField()
    source = serializers.CharField(  # type: ignore[assignment] # the ledger's word; DRF has a property of that name
        help_text="page, api, admin, stripe, schedule or system."
    )
    reason = serializers.CharField()
    invoice = serializers.CharField(help_text="The invoice that charged it; empty: none did.")
    occurred_at = serializers.DateTimeField()


class LedgerQuery(paging.PageQuery, inputs.LineQuery):
    pass


InvoicesOutput = paging.paged(InvoiceOutput, "InvoicesOutput")
LedgerPageOutput = paging.paged(LedgerOutput, "LedgerPageOutput")
EXAMPLE: dict[str, Any] = {
    "id": "in_1QxExample",
    "number": "ACME-0007",
    "status": "paid",
    "currency": "usd",
    "total_minor": 18000,
    "remaining_minor": 0,
    "refunded_minor": 0,
    "issued_at": "2026-02-28T09:30:00Z",
    "paid_at": "2026-02-28T09:30:04Z",
    "next_attempt_at": None,
}
DETAIL: dict[str, Any] = EXAMPLE | {
    "subtotal_minor": 18000,
    "tax_minor": 0,
    "amount_due_minor": 18000,
    "amount_paid_minor": 18000,
    "starting_balance_minor": 0,
    "ending_balance_minor": 0,
    "due_at": None,
    "lines": [
        {
            "description": "10 x Team",
            "quantity": 10,
            "amount_minor": 18000,
            "is_proration": False,
            "starts_at": "2026-02-28T09:30:00Z",
            "ends_at": "2026-03-30T09:30:00Z",
        }
    ],
}
ENTRY: dict[str, Any] = {
    "id": 93,
    "line": "fieldnote",
    "kind": "added",
    "delta": 3,
    "quantity_after": 13,
    "source": "api",
    "reason": "",
    "invoice": "in_1QxExample",
    "occurred_at": "2026-03-12T09:31:13Z",
}
NO_PAGE = schema.problem("no-document", 404, "Stripe shows no page of this invoice.")


class Invoices(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "invoices",
        "Invoices, the newest first",
        schema.Answer(shape=InvoicesOutput, example={"data": [EXAMPLE], "next": None}, name="Invoices"),
        tag=TAG,
        description="All but drafts, which may still change.",
        parameters=[paging.PageQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(paging.PageQuery)
        page = queries.page(self.organization, before=asked["after"], limit=asked["limit"])
        data = [_listed(row) for row in page.invoices]
        return base.answer(InvoicesOutput, {"data": data, "next": page.older or None})


class InvoiceView(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read("invoice", "One invoice with its lines", schema.Answer(shape=InvoiceDetailOutput, example=DETAIL), tag=TAG)
    def get(self, request: Request, invoice_id: str) -> Response:
        return base.answer(InvoiceDetailOutput, _detail(_own(self, invoice_id)))


class HostedInvoice(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "hosted_invoice",
        "Where an invoice can be seen and paid",
        schema.Answer(shape=AddressOutput, example={"url": "https://invoice.stripe.com/i/acct_1/live_abc"}),
        tag=TAG,
        refusals=[NO_PAGE, schema.REFUSED, schema.UNREACHABLE],
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        return base.answer(AddressOutput, {"url": invoices.hosted_url(_own(self, invoice_id))})


class InvoicePdf(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "invoice_pdf",
        "Where an invoice's PDF is",
        schema.Answer(shape=AddressOutput, example={"url": "https://pay.stripe.com/invoice/acct_1/live_abc/pdf"}),
        tag=TAG,
        refusals=[NO_PAGE, schema.REFUSED, schema.UNREACHABLE],
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        return base.answer(AddressOutput, {"url": invoices.pdf_url(_own(self, invoice_id))})


class Ledger(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "ledger",
        "Every change of the number of seats, the newest first",
        schema.Answer(shape=LedgerPageOutput, example={"data": [ENTRY], "next": None}, name="Ledger"),
        tag="Ledger",
        description="Append-only. Of subscriptions that have ended too.",
        parameters=[LedgerQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(LedgerQuery)
        rows = SeatLedgerEntry.objects.filter(subscription__organization=self.organization)
        if asked.get("line"):
            rows = rows.filter(subscription__line__code=asked["line"])
        rows = rows.select_related("subscription__line")
        return base.answer(LedgerPageOutput, paging.page(rows, asked, _entry, newest_first=True))


def _own(view: base.View, invoice_id: str) -> Invoice:
    return base.own(Invoice.objects.exclude(status=InvoiceStatus.DRAFT), organization=view.organization, stripe_id=invoice_id)


def _listed(row: queries.Listed) -> dict[str, Any]:
    names = ("number", "status", "currency", "total_minor", "remaining_minor", "refunded_minor", "issued_at", "paid_at")
    return {"id": row.stripe_id, "next_attempt_at": row.next_attempt_at, **{name: getattr(row, name) for name in names}}


def _detail(row: Invoice) -> dict[str, Any]:
    names = set(InvoiceDetailOutput().fields) - {"id", "remaining_minor", "lines"}
    plain = {"id": row.stripe_id, "remaining_minor": row.amount_remaining_minor, "lines": list(row.lines.all())}
    return plain | {name: getattr(row, name) for name in names}


def _entry(row: SeatLedgerEntry) -> dict[str, Any]:
    names = ("kind", "delta", "quantity_after", "source", "reason", "occurred_at")
    plain = {"id": row.pk, "line": row.subscription.line.code, "invoice": row.stripe_invoice_id}
    return plain | {name: getattr(row, name) for name in names}
