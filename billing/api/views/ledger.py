"""The ledger of seats."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import inputs, outputs, paging, schema, words
from billing.api.views import base
from billing.models import LedgerKind, SeatLedgerEntry


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
    addon = serializers.CharField(help_text="The add-on's code, of an entry about one: then `delta` is 0. Else empty.")
    addon_after = serializers.IntegerField(
        allow_null=True, help_text="How many of the add-on were had then. Null: one for each seat, or not about one."
    )
    invoice = serializers.CharField(help_text="The invoice that charged it; empty: none did.")
    occurred_at = serializers.DateTimeField()


class LedgerQuery(paging.PageQuery, inputs.LineQuery):
    pass


LedgerPageOutput = paging.paged(LedgerOutput, "LedgerPageOutput")
ENTRY: dict[str, Any] = {
    "id": 93,
    "line": "fieldnote",
    "kind": "added",
    "delta": 3,
    "quantity_after": 13,
    "source": "api",
    "reason": "",
    "addon": "",
    "addon_after": None,
    "invoice": "in_1QxExample",
    "occurred_at": "2026-03-12T09:31:13Z",
}


class Ledger(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "ledger",
        "Every change of the number of seats, and of add-ons, the newest first",
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
        rows = rows.select_related("subscription__line", "addon")
        return base.answer(LedgerPageOutput, paging.page(rows, asked, _entry, newest_first=True))


def _entry(row: SeatLedgerEntry) -> dict[str, Any]:
    names = ("kind", "delta", "quantity_after", "source", "reason", "addon_after", "occurred_at")
    told = {"id": row.pk, "line": row.subscription.line.code, "invoice": row.stripe_invoice_id}
    told["addon"] = row.addon.code if row.addon else ""
    return told | words.named(row, names)
