"""Billing contacts: addresses beside the owner's that get what is about money, once their reader has agreed."""

import functools
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import BillingContact, Scope
from accounts.services import billing_contacts, naming
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.problems import Problem
from billing.api.views import base, objects
from config import clock

TAG = "Billing contacts"
PLACE = references.path("contact", "The contact")


class ContactInput(inputs.Strict):
    email = serializers.EmailField(max_length=254)
    locale = serializers.ChoiceField(
        choices=[code for code, _name in settings.LANGUAGES], required=False, help_text="The organization's, unless you say."
    )
    external_id = references.ExternalIdField(required=False)


class ContactOutput(outputs.Output):
    """Gets mails while `verified_at` is set and `removed_at` is not."""

    id = serializers.IntegerField()
    external_id = outputs.external_id()
    email = serializers.CharField()
    locale = serializers.CharField()
    added_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(help_text="When the address was last asked to agree.")
    sent_count = serializers.IntegerField()
    expires_at = serializers.DateTimeField(help_text="Until when the link of that mail works.")
    verified_at = serializers.DateTimeField(allow_null=True)
    removed_at = serializers.DateTimeField(allow_null=True)


ContactsOutput = paging.paged(ContactOutput, "ContactsOutput")
EXAMPLE: dict[str, Any] = {
    "id": 17,
    "external_id": "ap-mailbox",
    "email": "invoices@acme.example",
    "locale": "en",
    "added_at": "2026-03-12T09:30:00Z",
    "sent_at": "2026-03-12T09:30:00Z",
    "sent_count": 1,
    "expires_at": "2026-03-19T09:30:00Z",
    "verified_at": None,
    "removed_at": None,
}
NOT_SENDABLE = schema.problem("not-sendable", 409, "This address has agreed already.")


class Contacts(base.View):
    required_scopes = {"GET": [Scope.ORGANIZATIONS_READ], "POST": [Scope.ORGANIZATIONS_WRITE]}
    needs_vendor_key = True

    @schema.read(
        "billing_contacts",
        "Billing contacts, the oldest first",
        schema.Answer(shape=ContactsOutput, example={"data": [EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        description="Vendor keys only. Those that were not removed.",
        parameters=[paging.PageQuery],
    )
    def get(self, request: Request) -> Response:
        rows = _rows(self).filter(removed_at=None)
        return base.answer(ContactsOutput, paging.page(rows, self.query(paging.PageQuery), plain))

    @schema.make(
        "add_billing_contact",
        "Ask an address to be a billing contact, if it is none",
        schema.Answer(shape=ContactOutput, example=EXAMPLE, status=201, name="Asked"),
        schema.Answer(shape=ContactOutput, example=EXAMPLE, name="Was there", description=schema.EITHER_WAS_THERE),
        tag=TAG,
        description="Vendor keys only. Nothing is sent to it but the question, until its reader agrees.",
        body=ContactInput,
        bodies={"A mailbox": {"email": "invoices@acme.example", "locale": "de", "external_id": "ap-mailbox"}},
        refusals=[schema.TAKEN],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(ContactInput), clock.now()
        external_id = asked.get("external_id")
        add = functools.partial(self._add, asked, external_id, at)
        row, _is_new = references.made_once(_rows(self), external_id, add, at=at, began="added_at")
        return base.made(ContactOutput, plain(row), is_new=row.added_at == at)

    def _add(self, asked: dict[str, Any], external_id: str | None, at: datetime) -> BillingContact:
        """The contact of this address, which has the id from then on, or a new one."""
        organization, email = self.organization, asked["email"].strip().lower()
        locale = asked.get("locale", organization.locale)
        wanted: dict[str, Any] = {"email": email, "locale": locale, "external_id": external_id}
        try:
            return billing_contacts.add(organization=organization, **wanted, origin=self.origin(), at=at)
        except ValidationError:
            found = _rows(self).filter(email=email, removed_at=None).first()
            if found is None:
                raise
        return naming.name_once(found, external_id, organization=organization, origin=self.origin(), at=at)


@extend_schema_view(
    get=schema.read(
        "billing_contact", "One contact", schema.Answer(shape=ContactOutput, example=EXAMPLE), tag=TAG, parameters=[PLACE]
    ),
    patch=objects.naming_once(
        "name_billing_contact", "a contact", schema.Answer(shape=ContactOutput, example=EXAMPLE), tag=TAG, place=PLACE
    ),
    delete=schema.change(
        "remove_billing_contact",
        "Send an address nothing more",
        schema.Answer(shape=ContactOutput, example=EXAMPLE | {"removed_at": "2026-03-13T09:30:00Z"}, name="Removed"),
        tag=TAG,
        description="Twice is no error. It can be added again.",
        parameters=[PLACE],
    ),
)
class ContactView(objects.NamingView[BillingContact], objects.EndingView[BillingContact]):
    required_scopes = {
        "GET": [Scope.ORGANIZATIONS_READ],
        "PATCH": [Scope.ORGANIZATIONS_WRITE],
        "DELETE": [Scope.ORGANIZATIONS_WRITE],
    }
    needs_vendor_key = True
    shape, place, by = ContactOutput, "contact", "pk"

    def rows(self) -> QuerySet[BillingContact]:
        return _rows(self)

    def plain(self, row: BillingContact) -> dict[str, Any]:
        return plain(row)

    def end(self, row: BillingContact) -> None:
        billing_contacts.remove(contact=row, origin=self.origin(), at=clock.now())


class ContactSends(base.View):
    required_scopes = [Scope.ORGANIZATIONS_WRITE]
    needs_vendor_key = True

    @schema.make(
        "resend_billing_contact",
        "Ask an address once more",
        schema.Answer(shape=ContactOutput, example=EXAMPLE | {"sent_count": 2}, status=201, name="Sent"),
        tag=TAG,
        parameters=[PLACE],
        refusals=[NOT_SENDABLE],
    )
    @idempotency.once
    def post(self, request: Request, contact: str) -> Response:
        row = references.named(_rows(self).filter(removed_at=None), str(contact), "contact", by="pk")
        try:
            row = billing_contacts.resend(contact=row, origin=self.origin(), at=clock.now())
        except ValidationError as error:
            raise Problem("not-sendable", " ".join(error.messages)) from None
        except BillingContact.DoesNotExist:  # removed in this moment
            raise Http404 from None
        return base.made(ContactOutput, plain(row), is_new=True)


def _rows(view: base.View) -> QuerySet[BillingContact]:
    return BillingContact.objects.filter(organization=view.organization).select_related("organization")


def plain(row: BillingContact) -> dict[str, Any]:
    return {"id": row.pk, **words.named(row, set(ContactOutput().fields) - {"id"})}
