"""What stands on an organization's invoices, and how it is taxed."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.rules import geography
from billing.api import idempotency, inputs, outputs, schema, words
from billing.api.views import base
from billing.queries import tax
from billing.rules import purchase_orders
from billing.rules.tax import Exempt, Reason
from billing.services.tax import tax_details
from config import clock

TAG = "Billing details"
COUNTRIES = sorted(geography.REGION_OF)


class DetailsInput(inputs.Strict):
    """What is left out stays as it is; empty: none."""

    legal_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    line1 = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="Street and number.")
    line2 = serializers.CharField(required=False, allow_blank=True, max_length=200)
    postal_code = serializers.CharField(required=False, allow_blank=True, max_length=20)
    city = serializers.CharField(required=False, allow_blank=True, max_length=100)
    state = serializers.CharField(required=False, allow_blank=True, max_length=100)
    country = serializers.ChoiceField(choices=COUNTRIES, required=False, help_text="ISO 3166-1 alpha-2: decides on the tax.")
    purchase_order = serializers.CharField(
        required=False, allow_blank=True, max_length=purchase_orders.LONGEST, help_text="Printed on each invoice from now on."
    )


class TaxStandingOutput(outputs.Output):
    """How the next invoice is taxed."""

    exempt = serializers.ChoiceField(choices=[(one.value, one.value) for one in Exempt], help_text="Stripe's own word.")
    reason = serializers.ChoiceField(choices=[("", ""), *((one.value, one.value) for one in Reason)])
    until_at = serializers.DateTimeField(allow_null=True, help_text="When a tax id that is being checked stops to count.")
    is_being_told = serializers.BooleanField(help_text="Whether Stripe does not know the newest of it yet.")
    message = serializers.CharField(help_text="What is missing for Stripe Tax; empty: nothing.")


class DetailsOutput(outputs.Output):
    legal_name = serializers.CharField(help_text="Empty: invoices carry the organization's name.")
    line1 = serializers.CharField()
    line2 = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    state = serializers.CharField()
    country = serializers.CharField()
    purchase_order = serializers.CharField()
    tax = TaxStandingOutput(allow_null=True, help_text="Null until something decides on it.")


EXAMPLE: dict[str, Any] = {
    "legal_name": "Acme GmbH",
    "line1": "Musterstrasse 1",
    "line2": "",
    "postal_code": "10115",
    "city": "Berlin",
    "state": "",
    "country": "DE",
    "purchase_order": "PO 4711",
    "tax": {"exempt": "reverse", "reason": "confirmed", "until_at": None, "is_being_told": False, "message": ""},
}


class Details(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE]}

    @schema.read(
        "billing_details",
        "Who invoices are made out to, and how they are taxed",
        schema.Answer(shape=DetailsOutput, example=EXAMPLE, name="Details"),
        tag=TAG,
    )
    def get(self, request: Request) -> Response:
        return base.answer(DetailsOutput, self._told())

    @schema.change(
        "change_billing_details",
        "Change who invoices are made out to",
        schema.Answer(shape=DetailsOutput, example=EXAMPLE, name="Changed"),
        tag=TAG,
        description="From the next invoice on. Stripe is told at once, or as soon as it answers.",
        parameters=[schema.IF_MATCH],
        body=DetailsInput,
        bodies={"An address": {"line1": "Musterstrasse 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}},
        refusals=[schema.CHANGED_SINCE],
    )
    @idempotency.honoured
    def patch(self, request: Request) -> Response:
        asked = self.body(DetailsInput)
        tax_details.save(self.organization, asked, origin=self.origin(), at=clock.now(), check=self._check)
        return base.answer(DetailsOutput, self._told())

    def _check(self) -> None:
        self.check_match(DetailsOutput, self._told())

    def _told(self) -> dict[str, Any]:
        """Two queries."""
        details, standing = tax.standing(self.organization, clock.now())
        told = words.named(details, tax_details.FIELDS)
        if standing is None:
            return told | {"tax": None}
        said = words.named(standing, ("exempt", "reason", "until_at", "message"))
        return told | {"tax": said | {"is_being_told": standing.is_behind}}
