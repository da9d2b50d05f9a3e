"""Invoices, and the way to their pages."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.views import base
from billing.models import Invoice, InvoiceStatus, Subscription
from billing.queries import invoices as queries
from billing.services import naming
from billing.services.mirroring import invoices
from config import clock

TAG = "Invoices"
PLACE = references.path("invoice", "The invoice")


class InvoiceOutput(outputs.Output):
    id = serializers.CharField(help_text="Stripe's own.")
    external_id = outputs.external_id()
    subscription = serializers.CharField(allow_null=True, help_text="What it charges; null: it was made by hand.")
    number = serializers.CharField()
    purchase_order = serializers.CharField(help_text="As it is printed on it; empty: none.")
    status = serializers.ChoiceField(choices=InvoiceStatus.choices)
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    remaining_minor = serializers.IntegerField(help_text="Left to pay; of one that is void nothing.")
    refunded_minor = serializers.IntegerField()
    credited_minor = serializers.IntegerField(help_text="Given back to the customer's balance.")
    issued_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(
        allow_null=True, help_text="When the card is tried again; null while a change waits for its payment, which is not."
    )
    due_at = serializers.DateTimeField(
        allow_null=True, help_text="By when it is to be paid, if it was sent; null: a card is charged."
    )
    is_overdue = serializers.BooleanField(help_text="Whether it was sent, and not paid by then.")
    replaces = serializers.CharField(help_text="The number of the invoice whose place it takes, corrected; empty: none.")
    replaced_by = serializers.CharField(help_text="The number of the one that took its place; empty: none.")

    debited_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when a bank is at work on its payment (a bank debit); null: none is."
    )
    debit_arrives_on = serializers.DateField(allow_null=True, help_text="By when that has usually arrived.")


class InvoicesQuery(paging.PageQuery):
    status = serializers.ChoiceField(
        choices=[one for one in InvoiceStatus.choices if one[0] != InvoiceStatus.DRAFT], required=False
    )
    subscription = references.ReferenceField(
        required=False, help_text="Only of this subscription: its id, or `external:` and your own."
    )


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
    lines = InvoiceLineOutput(many=True)


class AddressOutput(outputs.Output):
    url = serializers.URLField(help_text="Stripe's, and good for a while: ask again rather than keep it.")


InvoicesOutput = paging.paged(InvoiceOutput, "InvoicesOutput")
EXAMPLE: dict[str, Any] = {
    "id": "in_1QxExample",
    "external_id": "booking-2201",
    "subscription": "sub_1QxExample",
    "number": "ACME-0007",
    "purchase_order": "PO 4711",
    "status": "paid",
    "currency": "usd",
    "total_minor": 18000,
    "remaining_minor": 0,
    "refunded_minor": 0,
    "credited_minor": 0,
    "issued_at": "2026-02-28T09:30:00Z",
    "paid_at": "2026-02-28T09:30:04Z",
    "next_attempt_at": None,
    "due_at": None,
    "is_overdue": False,
    "debited_at": None,
    "debit_arrives_on": None,
    "replaces": "",
    "replaced_by": "",
}
DETAIL: dict[str, Any] = EXAMPLE | {
    "subtotal_minor": 18000,
    "tax_minor": 0,
    "amount_due_minor": 18000,
    "amount_paid_minor": 18000,
    "starting_balance_minor": 0,
    "ending_balance_minor": 0,
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
NO_PAGE = schema.problem("no-document", 404, "Stripe shows no page of this invoice.")


class Invoices(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "invoices",
        "Invoices, the newest first",
        schema.Answer(shape=InvoicesOutput, example={"data": [EXAMPLE], "next": None}, name="Invoices"),
        tag=TAG,
        description="All but drafts, which may still change, and those of nothing at all, as a trial makes them. A charge that "
        "was just made is listed as soon as Stripe has told of its invoice, in a moment.",
        parameters=[InvoicesQuery],
    )
    def get(self, request: Request) -> Response:
        asked, of = self.query(InvoicesQuery), None
        if "subscription" in asked:
            rows = Subscription.objects.filter(organization=self.organization)
            found = references.find(rows, references.parse(asked["subscription"], "subscription"), by="stripe_id")
            if found is None:
                return base.answer(InvoicesOutput, {"data": [], "next": None})
            of = found.pk
        page = queries.page(
            self.organization, before=asked["after"], limit=asked["limit"], status=asked.get("status", ""), subscription=of
        )
        data = [_listed(row) for row in page.invoices]
        return base.answer(InvoicesOutput, {"data": data, "next": page.older or None})


class InvoiceView(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE]}

    @schema.read(
        "invoice",
        "One invoice with its lines",
        schema.Answer(shape=InvoiceDetailOutput, example=DETAIL),
        tag=TAG,
        parameters=[PLACE],
    )
    def get(self, request: Request, invoice: str) -> Response:
        return base.answer(InvoiceDetailOutput, detail(_own(self, invoice)))

    @schema.change(
        "name_invoice",
        "Give an invoice your own id",
        schema.Answer(shape=InvoiceDetailOutput, example=DETAIL, name="Named"),
        tag=TAG,
        description="The document itself is Stripe's and stays as it is.",
        parameters=[PLACE, schema.IF_MATCH],
        body=inputs.NameInput,
        bodies={"Yours": {"external_id": "booking-2201"}},
        refusals=[schema.TAKEN, schema.CHANGED_SINCE],
    )
    @idempotency.honoured
    @transaction.atomic
    def patch(self, request: Request, invoice: str) -> Response:
        rows = _rows(self).select_related("organization", "subscription", "replaces").select_for_update(of=("self",))
        row = references.named(rows, invoice, "invoice", by="stripe_id")
        wanted = self.body(inputs.NameInput)["external_id"]
        self.check_match(InvoiceDetailOutput, detail(row))
        naming.name(row, wanted, origin=self.origin(), at=clock.now())
        return base.answer(InvoiceDetailOutput, detail(row))


class HostedInvoice(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "hosted_invoice",
        "Where an invoice can be seen and paid",
        schema.Answer(shape=AddressOutput, example={"url": "https://invoice.stripe.com/i/acct_1/live_abc"}),
        tag=TAG,
        parameters=[PLACE],
        refusals=[NO_PAGE, schema.REFUSED, schema.UNREACHABLE],
    )
    def get(self, request: Request, invoice: str) -> Response:
        return base.answer(AddressOutput, {"url": invoices.hosted_url(_own(self, invoice))})


class InvoicePdf(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "invoice_pdf",
        "Where an invoice's PDF is",
        schema.Answer(shape=AddressOutput, example={"url": "https://pay.stripe.com/invoice/acct_1/live_abc/pdf"}),
        tag=TAG,
        parameters=[PLACE],
        refusals=[NO_PAGE, schema.REFUSED, schema.UNREACHABLE],
    )
    def get(self, request: Request, invoice: str) -> Response:
        return base.answer(AddressOutput, {"url": invoices.pdf_url(_own(self, invoice))})


def _rows(view: base.View) -> QuerySet[Invoice]:
    rows = Invoice.objects.exclude(status=InvoiceStatus.DRAFT).filter(organization=view.organization)
    return rows.select_related("subscription", "replaces", "replaced_by")


def _own(view: base.View, said: str) -> Invoice:
    return references.named(_rows(view), said, "invoice", by="stripe_id")


def _listed(row: queries.Listed) -> dict[str, Any]:
    told = words.named(row, set(InvoiceOutput().fields) - {"id", "remaining_minor"})
    return {"id": row.stripe_id, "remaining_minor": _remaining(row.status, row.remaining_minor), **told}


def detail(row: Invoice) -> dict[str, Any]:
    names = set(InvoiceDetailOutput().fields) - {"id", "subscription", "remaining_minor", "lines", "replaces", "replaced_by"}
    later: Invoice | None = getattr(row, "replaced_by", None)
    places = {"replaces": row.replaces.number if row.replaces else "", "replaced_by": later.number if later else ""}
    remaining = _remaining(row.status, row.amount_remaining_minor)
    told = {"id": row.stripe_id, "remaining_minor": remaining, "lines": list(row.lines.all())}
    return told | places | {"subscription": row.subscription.stripe_id if row.subscription else None} | words.named(row, names)


def _remaining(status: str, amount_minor: int) -> int:
    """Stripe leaves the amount on an invoice that nobody has to pay any more."""
    return 0 if status == InvoiceStatus.VOID else amount_minor
