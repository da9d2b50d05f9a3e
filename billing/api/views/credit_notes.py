"""Credit notes: read by whom they are for, and issued by the vendor's programs within a limit of their own."""

import functools
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiKey, Scope
from billing.api import idempotency, inputs, outputs, paging, problems, references, schema, words
from billing.api.views import base, objects
from billing.models import Adjustment, AdjustmentKind, AdjustmentReason, AdjustmentState, CreditNote, Invoice
from billing.models.giving_back import MOST_NOTE
from billing.services.refunds import giving_back
from config import clock

TAG = "Credit notes"
PLACE = references.path("note", "The credit note")
# A credit on the balance alone has no note.
KINDS = [(kind.value, kind.value) for kind in (AdjustmentKind.REFUND, AdjustmentKind.NOTE, AdjustmentKind.LOWER)]
STATES = [(state.value, state.value) for state in AdjustmentState]
REASONS = [(reason.value, reason.value) for reason in AdjustmentReason]


class CreditNotesQuery(paging.PageQuery):
    invoice = references.ReferenceField(required=False, help_text="Only of this one: its id, or `external:` and your own.")


class CreditNoteOutput(outputs.Output):
    id = serializers.CharField(help_text="Stripe's own.")
    external_id = outputs.external_id()
    number = serializers.CharField()
    invoice = serializers.CharField()
    status = serializers.CharField(help_text="Stripe's word: `issued` or `void`.")
    reason = serializers.CharField(help_text="Stripe's word; empty: none was given.")
    currency = serializers.CharField()
    total_minor = serializers.IntegerField(help_text="With tax.")
    tax_minor = serializers.IntegerField()
    refunded_minor = serializers.IntegerField(help_text="To the card, or the bank account, that paid it.")
    credited_minor = serializers.IntegerField(help_text="To the customer's balance.")
    lowered_minor = serializers.IntegerField(help_text="Taken off an invoice that was not paid yet.")
    issued_at = serializers.DateTimeField()


class NotePreviewInput(inputs.Strict):
    invoice = references.ReferenceField(help_text="Its id, or `external:` and your own.")
    kind = serializers.ChoiceField(
        choices=KINDS,
        help_text="`refund`: to what paid it; `note`: to the customer's balance; `lower`: off an invoice that is open.",
    )
    amount_minor = serializers.IntegerField(
        required=False, min_value=1, max_value=10**12, help_text="With tax. Left out: all that can go back this way."
    )
    credit_minor = serializers.IntegerField(
        default=0, min_value=0, max_value=10**12, help_text="Of a refund: how much of it goes to the balance instead."
    )


class NoteInput(NotePreviewInput):
    expected_total_minor = serializers.IntegerField(
        min_value=1, max_value=10**12, help_text="`total_minor` of the preview; a note of another sum is not issued."
    )
    reason = serializers.ChoiceField(choices=REASONS)
    note = serializers.CharField(max_length=MOST_NOTE, help_text="For the store's staff; the customer does not see it.")
    external_id = references.ExternalIdField(required=False, help_text="Your own id of it, and of the note that comes of it.")


class NoteLineOutput(outputs.Output):
    description = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="Before discount and tax.")


class NotePreviewOutput(outputs.Output):
    """What would go back, of which lines, with which tax: the same share of every line."""

    currency = serializers.CharField()
    total_minor = serializers.IntegerField(
        help_text="With tax. Where no share of the lines comes to the amount: the next below."
    )
    tax_minor = serializers.IntegerField()
    discount_minor = serializers.IntegerField()
    lines = NoteLineOutput(many=True)
    left_minor = serializers.IntegerField(help_text="What could go back in this way at most.")


class CreditNoteAskedOutput(outputs.Output):
    """What a program gave back. Once `done`, `credit_note` is the note's id; it is listed as soon as Stripe has told of it."""

    id = serializers.IntegerField()
    external_id = outputs.external_id()
    state = serializers.ChoiceField(choices=STATES)
    credit_note = serializers.CharField(allow_null=True)
    invoice = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    reason = serializers.ChoiceField(choices=REASONS)
    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    created_at = serializers.DateTimeField()


CreditNotesOutput = paging.paged(CreditNoteOutput, "CreditNotesOutput")
EXAMPLE: dict[str, Any] = {
    "id": "cn_1QxExample",
    "external_id": "back-12",
    "number": "ACME-0007-CN-01",
    "invoice": "in_1QxExample",
    "status": "issued",
    "reason": "order_change",
    "currency": "usd",
    "total_minor": 2000,
    "tax_minor": 0,
    "refunded_minor": 2000,
    "credited_minor": 0,
    "lowered_minor": 0,
    "issued_at": "2026-03-12T09:30:00Z",
}
PREVIEW: dict[str, Any] = {
    "currency": "usd",
    "total_minor": 2000,
    "tax_minor": 0,
    "discount_minor": 0,
    "lines": [{"description": "10 x Team", "amount_minor": 2000}],
    "left_minor": 18000,
}
GIVEN: dict[str, Any] = {
    "id": 88,
    "external_id": "back-12",
    "state": "done",
    "credit_note": "cn_1QxExample",
    "invoice": "in_1QxExample",
    "kind": "refund",
    "reason": "order_change",
    "amount_minor": 2000,
    "currency": "usd",
    "created_at": "2026-03-12T09:30:00Z",
}
ASKED: dict[str, Any] = {"invoice": "external:booking-2201", "kind": "refund", "amount_minor": 2000}
NAMED = {"reason": "order_change", "external_id": "back-12"}
STANDING = (
    schema.problem("nothing-left", 409, "Nothing of this invoice can go back this way: all of it has gone back."),
    schema.problem("too-much", 422, "At most 18000 can go back this way, in minor units.", left_minor=18000),
    schema.problem("bad-split", 422, "Only a refund is split, and less than the whole of it goes to the balance."),
    schema.problem("no-rate", 409, "No rate of this currency is known, by which limits are counted."),
    schema.problem("beyond-limit", 403, "That is beyond what keys may give back.", at_once_us_cents=1000, left_us_cents=400),
    *(schema.BY_VENDOR, schema.REFUSED, schema.UNREACHABLE),
)


class CreditNotes(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "POST": [Scope.REFUNDS_WRITE]}
    needs_vendor_key = ("POST",)

    @schema.read(
        "credit_notes",
        "Credit notes, the newest first",
        schema.Answer(shape=CreditNotesOutput, example={"data": [EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        description="Whoever issued them.",
        parameters=[CreditNotesQuery],
    )
    def get(self, request: Request) -> Response:
        asked, rows = self.query(CreditNotesQuery), _rows(self)
        if asked.get("invoice"):
            named = references.parse(asked["invoice"], "invoice")
            wanted = {"external_id": named.external_id} if named.external_id else {"stripe_id": named.id}
            rows = rows.filter(**{f"invoice__{name}": value for name, value in wanted.items()})
        return base.answer(CreditNotesOutput, paging.page(rows, asked, plain, newest_first=True))

    @schema.make(
        "create_credit_note",
        "Refund an invoice, give it back as credit, or lower an open one",
        schema.Answer(shape=CreditNoteAskedOutput, example=GIVEN, status=201, name="Given"),
        schema.Answer(shape=CreditNoteAskedOutput, example=GIVEN, name="Was there", description=schema.WAS_THERE),
        schema.under_way(CreditNoteAskedOutput, GIVEN | {"state": "sending", "credit_note": None}),
        tag=TAG,
        description="Vendor keys only, within the limits that staff have set for keys: at first they are 0. Issues exactly the "
        "note that was previewed, or none. The customer gets a mail; the subscription and its seats stay. 202: Stripe has not "
        "answered yet, and is asked again; so can you, by the same request with the same Idempotency-Key or `external_id`.",
        body=NoteInput,
        bodies={"Two seats too many": ASKED | {"expected_total_minor": 2000, "note": "Ticket 7"} | NAMED},
        refusals=[
            *STANDING,
            schema.problem("amount-differs", 409, "The note would come to another sum than you expect."),
            schema.BUSY,
        ],
    )
    @idempotency.once_until_settled
    def post(self, request: Request) -> Response:
        asked, at, nonce = self.body(NoteInput), clock.now(), idempotency.nonce(request)
        rows = Adjustment.objects.filter(organization=self.organization).select_related("invoice")
        give = functools.partial(self._give, asked, nonce, at)
        row, is_new = references.made_once(rows, asked.get("external_id"), give, at=at)
        if row.state == AdjustmentState.FAILED and is_new:
            raise problems.provider_refused()
        if row.state == AdjustmentState.SENDING and is_new:
            return base.answer(CreditNoteAskedOutput, _given(row), status.HTTP_202_ACCEPTED)
        return base.made(CreditNoteAskedOutput, _given(row), is_new=is_new)

    def _give(self, asked: dict[str, Any], nonce: str, at: datetime) -> Adjustment:
        key = self.request.auth
        assert isinstance(key, ApiKey)
        invoice = _invoice(self, asked["invoice"])
        wanted = giving_back.Wanted(
            kind=AdjustmentKind(asked["kind"]),
            amount_minor=asked.get("amount_minor", asked["expected_total_minor"]),
            credit_minor=asked["credit_minor"],
            reason=AdjustmentReason(asked["reason"]),
            note=asked["note"],
            nonce=nonce,
            external_id=asked.get("external_id"),
        )
        shown = asked["expected_total_minor"]
        row = giving_back.give_back(invoice, wanted=wanted, shown_minor=shown, origin=self.origin(), at=at, key=key)
        if row.invoice_id != invoice.pk:  # the key was used for another invoice, more than a day ago
            raise idempotency.reused()
        return row


class CreditNotePreview(base.View):
    required_scopes = [Scope.REFUNDS_WRITE]
    needs_vendor_key = True

    @schema.ask(
        "preview_credit_note",
        "What would go back of an invoice",
        schema.Answer(shape=NotePreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="Vendor keys only. Asks Stripe and changes nothing.",
        body=NotePreviewInput,
        bodies={"20 dollars": ASKED},
        refusals=list(STANDING),
    )
    def post(self, request: Request) -> Response:
        asked, key = self.body(NotePreviewInput), request.auth
        assert isinstance(key, ApiKey)
        invoice, at = _invoice(self, asked["invoice"]), clock.now()
        kind, amount = AdjustmentKind(asked["kind"]), asked.get("amount_minor")
        found = giving_back.offer(invoice, kind=kind, amount_minor=amount, credit_minor=asked["credit_minor"])
        total, currency = found.total_minor, invoice.currency
        giving_back.check(key, self.organization, amount_minor=total, currency=currency, at=at)
        lines = [{"description": text, "amount_minor": minor} for text, minor in found.lines]
        said = words.named(found, ("total_minor", "tax_minor", "discount_minor", "left_minor"))
        return base.answer(NotePreviewOutput, {"currency": currency, "lines": lines, **said})


@extend_schema_view(
    get=schema.read(
        "credit_note", "One credit note", schema.Answer(shape=CreditNoteOutput, example=EXAMPLE), tag=TAG, parameters=[PLACE]
    ),
    patch=objects.naming_once(
        "name_credit_note", "a credit note", schema.Answer(shape=CreditNoteOutput, example=EXAMPLE), tag=TAG, place=PLACE
    ),
)
class CreditNoteView(objects.NamingView[CreditNote]):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE]}
    shape, place, by = CreditNoteOutput, "note", "stripe_id"

    def rows(self) -> QuerySet[CreditNote]:
        return _rows(self)

    def plain(self, row: CreditNote) -> dict[str, Any]:
        return plain(row)


def _rows(view: base.View) -> QuerySet[CreditNote]:
    return CreditNote.objects.filter(invoice__organization=view.organization).select_related("invoice")


def _invoice(view: base.View, said: str) -> Invoice:
    rows = Invoice.objects.filter(organization=view.organization).select_related("organization")
    found = references.find(rows, references.parse(said, "invoice"), by="stripe_id")
    if found is None:
        raise exceptions.ValidationError({"invoice": [_("The organization has no such invoice.")]})
    return found


def plain(row: CreditNote) -> dict[str, Any]:
    told = words.named(row, set(CreditNoteOutput().fields) - {"id", "invoice", "currency"})
    return {"id": row.stripe_id, "invoice": row.invoice.stripe_id, "currency": row.invoice.currency, **told}


def _given(row: Adjustment) -> dict[str, Any]:
    assert row.invoice is not None, "a credit without an invoice has no id of the vendor's"
    told = words.named(row, ("id", "external_id", "state", "kind", "reason", "amount_minor", "currency", "created_at"))
    return told | {"invoice": row.invoice.stripe_id, "credit_note": row.stripe_id or None}
