"""An organization's tax ids: listed, added, taken away."""

import functools
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.services import naming
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.views import base, objects
from billing.api.views.billing_details import COUNTRIES, TAG
from billing.models import TaxId, TaxIdState
from billing.queries import tax
from billing.rules import tax_ids as rules
from billing.services.mirroring import tax_ids
from config import clock

PLACE = references.path("tax_id", "The tax id")


class TaxIdInput(inputs.Strict):
    type = serializers.CharField(max_length=20, help_text="Stripe's own word, for example `eu_vat`.")
    value = serializers.CharField(max_length=60, help_text="As it is written, with or without blanks.")
    country = serializers.ChoiceField(
        choices=COUNTRIES, required=False, help_text="Who gave it; that of the billing address, unless you say."
    )
    external_id = references.ExternalIdField(required=False)


class TaxIdOutput(outputs.Output):
    id = serializers.IntegerField()
    external_id = outputs.external_id()
    type = serializers.CharField()
    value = serializers.CharField()
    country = serializers.CharField()
    state = serializers.ChoiceField(choices=TaxIdState.choices)
    registered_name = serializers.CharField(help_text="The authority's, once it has confirmed the id.")
    message = serializers.CharField(help_text="Why it was refused.")
    added_at = serializers.DateTimeField()
    removed_at = serializers.DateTimeField(allow_null=True)


TaxIdsOutput = paging.paged(TaxIdOutput, "TaxIdsOutput")
EXAMPLE: dict[str, Any] = {
    "id": 61,
    "external_id": "vat-de",
    "type": "eu_vat",
    "value": "DE136695976",
    "country": "DE",
    "state": "pending",
    "registered_name": "",
    "message": "",
    "added_at": "2026-03-12T09:30:00Z",
    "removed_at": None,
}
REMOVED = EXAMPLE | {"removed_at": "2026-03-13T09:30:00Z"}
UNFIT = schema.problem("tax-id-unfit", 422, "The number has too many or too few characters. It looks like DE136695976.")
TOO_MANY = schema.problem("too-many-tax-ids", 409, "Five tax ids are the most. Remove one that you no longer use first.")


class TaxIds(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "POST": [Scope.BILLING_WRITE]}

    @schema.read(
        "tax_ids",
        "Tax ids, the oldest first",
        schema.Answer(shape=TaxIdsOutput, example={"data": [EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        parameters=[paging.PageQuery],
    )
    def get(self, request: Request) -> Response:
        rows = _rows(self).filter(removed_at=None)
        return base.answer(TaxIdsOutput, paging.page(rows, self.query(paging.PageQuery), plain))

    @schema.make(
        "add_tax_id",
        "Add a tax id, if it is not there",
        schema.Answer(shape=TaxIdOutput, example=EXAMPLE, status=201, name="Added"),
        schema.Answer(shape=TaxIdOutput, example=EXAMPLE, name="Was there", description=schema.EITHER_WAS_THERE),
        tag=TAG,
        description="Its form is checked at once, by the authority later: look at `state`, which may also be `refused`. Before "
        "the first purchase it waits, and goes along with it.",
        body=TaxIdInput,
        bodies={"A VAT ID": {"type": "eu_vat", "value": "DE 136 695 976", "external_id": "vat-de"}},
        refusals=[UNFIT, TOO_MANY, schema.TAKEN, schema.REFUSED, schema.UNREACHABLE],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(TaxIdInput), clock.now()
        external_id = asked.get("external_id")
        add = functools.partial(self._add, asked, external_id, at)
        row, _is_new = references.made_once(_rows(self), external_id, add, at=at, began="added_at")
        return base.made(TaxIdOutput, plain(row), is_new=row.added_at == at)

    def _add(self, asked: dict[str, Any], external_id: str | None, at: datetime) -> TaxId:
        """The tax id of this number, which has the vendor's id from then on, or a new one."""
        organization, country = self.organization, asked.get("country")
        country = country or tax.standing(organization, at)[0].country
        wanted: dict[str, Any] = {"country": country, "kind": asked["type"], "typed": asked["value"]}
        try:
            return tax_ids.add(organization, **wanted, origin=self.origin(), at=at, external_id=external_id)
        except tax_ids.Known:
            value = rules.check(country, asked["type"], asked["value"])
            known = _rows(self).filter(removed_at=None, type=asked["type"], value=value).first()
            if known is None:  # taken away in this moment
                raise tax_ids.Known from None
        return naming.name_once(known, external_id, organization=organization, origin=self.origin(), at=at)


@extend_schema_view(
    get=schema.read("tax_id", "One tax id", schema.Answer(shape=TaxIdOutput, example=EXAMPLE), tag=TAG, parameters=[PLACE]),
    patch=objects.naming_once(
        "name_tax_id", "a tax id", schema.Answer(shape=TaxIdOutput, example=EXAMPLE), tag=TAG, place=PLACE
    ),
    delete=schema.change(
        "remove_tax_id",
        "Take a tax id away",
        schema.Answer(shape=TaxIdOutput, example=REMOVED, name="Removed"),
        tag=TAG,
        description="Invoices that there are keep it. Without `removed_at` Stripe has not answered yet; twice is no error.",
        parameters=[PLACE],
        refusals=[schema.BUSY, schema.REFUSED, schema.UNREACHABLE],
    ),
)
class TaxIdView(objects.NamingView[TaxId], objects.EndingView[TaxId]):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE], "DELETE": [Scope.BILLING_WRITE]}
    shape, place, by = TaxIdOutput, "tax_id", "pk"

    def rows(self) -> QuerySet[TaxId]:
        return _rows(self)

    def plain(self, row: TaxId) -> dict[str, Any]:
        return plain(row)

    def end(self, row: TaxId) -> None:
        tax_ids.remove(row, origin=self.origin(), at=clock.now())


def _rows(view: base.View) -> QuerySet[TaxId]:
    return TaxId.objects.filter(organization=view.organization)


def plain(row: TaxId) -> dict[str, Any]:
    return {"id": row.pk, **words.named(row, set(TaxIdOutput().fields) - {"id"})}
