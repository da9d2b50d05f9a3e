"""Organizations: made if absent, read and changed."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import EmployeeBracket, Industry, Joining, Organization, Region, Scope
from accounts.services import joining, naming, organizations, provisioning
from billing.api import idempotency, inputs, outputs, paging, problems, references, schema, words
from billing.api.views import base
from config import clock

TAG = "Organizations"
PLACE = references.path("organization", "The organization")
DETAILS = ("name", "country", "employee_bracket", "domain", "region", "industry", "time_zone", "locale")


class OwnerInput(inputs.Strict):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    external_id = references.ExternalIdField(required=False)


class OrganizationChangeInput(inputs.Strict):
    """What is left out stays as it is."""

    name = serializers.CharField(max_length=120, required=False)
    country = inputs.CountryField(required=False)
    employee_bracket = serializers.ChoiceField(choices=EmployeeBracket.choices, required=False)
    domain = serializers.CharField(max_length=253, required=False, allow_blank=True)
    region = serializers.ChoiceField(choices=Region.choices, required=False, help_text="Of the country, unless you say.")
    industry = serializers.ChoiceField(choices=Industry.choices, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=64, required=False, help_text="IANA; the country's usual one, unless you say.")
    locale = serializers.ChoiceField(choices=("en", "de"), required=False)


class OrganizationPatchInput(OrganizationChangeInput):
    joining = serializers.ChoiceField(
        choices=Joining.choices, required=False, help_text="What colleagues may do without an invitation. Vendor keys only."
    )
    external_id = references.ExternalIdField(
        required=False, help_text="Your own id of one that was made in the store; given once. Vendor keys only."
    )


class OrganizationInput(OrganizationChangeInput):
    external_id = references.ExternalIdField(required=False)
    name = serializers.CharField(max_length=120)
    country = inputs.CountryField()
    employee_bracket = serializers.ChoiceField(choices=EmployeeBracket.choices)
    owner = OwnerInput(help_text="Becomes the first member. Somebody whom the store knows already is found, not changed.")


class OrganizationOutput(outputs.Output):
    id = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    domain = serializers.CharField()
    country = serializers.CharField()
    employee_bracket = serializers.ChoiceField(choices=EmployeeBracket.choices)
    region = serializers.ChoiceField(choices=Region.choices)
    industry = serializers.ChoiceField(choices=[("", ""), *Industry.choices])
    time_zone = serializers.CharField()
    locale = serializers.CharField()
    joining = serializers.ChoiceField(choices=Joining.choices)
    currency = serializers.CharField(help_text="Empty until the first Checkout.")
    created_at = serializers.DateTimeField()


class OrganizationsQuery(paging.PageQuery):
    domain = serializers.CharField(
        required=False, max_length=253, help_text="Only those of this domain, for example acme.example."
    )


OrganizationsOutput = paging.paged(OrganizationOutput, "OrganizationsOutput")
EXAMPLE: dict[str, Any] = {
    "id": "h7m2q9x4c8w3n6t5",
    "external_id": "crm-42",
    "name": "Acme",
    "domain": "acme.example",
    "country": "DE",
    "employee_bracket": "10-49",
    "region": "europe",
    "industry": "construction",
    "time_zone": "Europe/Berlin",
    "locale": "en",
    "joining": "ask",
    "currency": "usd",
    "created_at": "2026-01-07T08:00:00Z",
}
WANTED = {
    "external_id": "crm-42",
    "name": "Acme",
    "country": "DE",
    "employee_bracket": "10-49",
    "owner": {"email": "owner@acme.example", "name": "Olive Owner", "external_id": "u-1"},
}
NOT_PROVEN = schema.problem("domain-not-proven", 409, "An owner must have confirmed an address of the domain first.")
TAKEN = schema.problem("external-id-taken", 409, "This address belongs to somebody with another external id.")
CLOSED = schema.problem("organization-closed", 409, "The organization of this external id was closed. Use another id.")


class Organizations(base.View):
    required_scopes = {"GET": [Scope.ORGANIZATIONS_READ], "POST": [Scope.ORGANIZATIONS_WRITE]}
    needs_organization = False
    needs_vendor_key = ("POST",)

    @schema.read(
        "organizations",
        "Your customers' organizations",
        schema.Answer(shape=OrganizationsOutput, example={"data": [EXAMPLE], "next": None}, name="Organizations"),
        tag=TAG,
        description="Those that are open, the oldest first. A key of one organization sees that one.",
        parameters=[OrganizationsQuery],
        organization=False,
    )
    def get(self, request: Request) -> Response:
        asked, rows = self.query(OrganizationsQuery), Organization.objects.filter(closed_at=None)
        if not self.is_vendor:
            rows = rows.filter(pk=self.organization.pk)
        if "domain" in asked:
            rows = rows.filter(domain=asked["domain"].lower())
        return base.answer(OrganizationsOutput, paging.page(rows, asked, plain))

    @schema.make(
        "create_organization",
        "Create an organization, if there is none of this external id",
        schema.Answer(shape=OrganizationOutput, example=EXAMPLE, status=201, name="Created"),
        schema.Answer(
            shape=OrganizationOutput, example=EXAMPLE, name="Was there", description="Was there; nothing was changed."
        ),
        tag=TAG,
        description="Vendor keys only. With `external_id` it can be asked any number of times, also at the same time.",
        body=OrganizationInput,
        bodies={"Acme": WANTED},
        refusals=[TAKEN, CLOSED],
        organization=False,
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked = self.body(OrganizationInput)
        details = organizations.Details(**{name: asked[name] for name in DETAILS if name in asked})
        try:
            found, is_new = provisioning.organization(
                external_id=asked.get("external_id", ""),
                details=details,
                owner=provisioning.Person(**asked["owner"], locale=details.locale),
                origin=self.origin(),
                at=clock.now(),
            )
        except provisioning.Taken as error:
            raise problems.about(error, "/owner/external_id") from error
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return base.answer(OrganizationOutput, plain(found), code)


class OrganizationView(base.View):
    required_scopes = {"GET": [Scope.ORGANIZATIONS_READ], "PATCH": [Scope.ORGANIZATIONS_WRITE]}
    needs_organization = False

    @schema.read(
        "organization",
        "One organization",
        schema.Answer(shape=OrganizationOutput, example=EXAMPLE, name="Acme"),
        tag=TAG,
        parameters=[PLACE],
        refusals=[schema.NOT_FOUND],
        organization=False,
    )
    def get(self, request: Request, organization: str) -> Response:
        return base.answer(OrganizationOutput, plain(named(self, organization)))

    @schema.change(
        "change_organization",
        "Change what an organization says of itself",
        schema.Answer(shape=OrganizationOutput, example=EXAMPLE | {"name": "Acme Europe"}, name="Changed"),
        tag=TAG,
        parameters=[PLACE, schema.IF_MATCH],
        body=OrganizationPatchInput,
        bodies={
            "A new name": {"name": "Acme Europe"},
            "Colleagues come in at once": {"joining": "auto"},
            "Yours": {"external_id": "crm-42"},
        },
        refusals=[schema.NOT_FOUND, schema.CHANGED_SINCE, NOT_PROVEN, schema.TAKEN, schema.BY_VENDOR],
        organization=False,
    )
    @idempotency.honoured
    def patch(self, request: Request, organization: str) -> Response:
        found = named(self, organization)
        asked = self.body(OrganizationPatchInput)
        if {"joining", "external_id"} & asked.keys():
            self.check_vendor()
        with transaction.atomic():
            row = Organization.objects.select_for_update(no_key=True).get(pk=found.pk)
            self.check_match(OrganizationOutput, plain(row))
            present = organizations.Details(**{name: getattr(row, name) for name in DETAILS})
            chosen, external_id, at = asked.pop("joining", None), asked.pop("external_id", None), clock.now()
            naming.name_once(row, external_id, organization=row, origin=self.origin(), at=at)
            organizations.update(organization=row, details=replace(present, **asked), origin=self.origin(), at=at)
            if chosen:
                joining.choose(organization=row, joining=Joining(chosen), origin=self.origin(), at=at)
        return base.answer(OrganizationOutput, plain(row))


def named(view: base.View, said: str) -> Organization:
    """The open organization of a path; a key of one organization knows that one alone."""
    mine = {} if view.is_vendor else {"pk": view.organization.pk}
    return references.named(Organization.objects.filter(closed_at=None, **mine), said, "organization")


def plain(row: Organization) -> dict[str, Any]:
    return {"id": row.public_id, **words.named(row, ("external_id", *DETAILS, "joining", "currency", "created_at"))}
