"""Bringing a user of the vendor's product into the store, signed on."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiKey, ApiKeyKind, Scope, User
from accounts.queries import members
from accounts.rules import entries as rules
from accounts.services import entries
from billing.api import inputs, outputs, schema
from billing.api.problems import Problem, field
from billing.api.views import base
from billing.models import Interval
from config import clock


class SessionInput(inputs.Strict):
    member = serializers.CharField(
        max_length=254, help_text="Who comes: your own id of the person (`external_id`), or the e-mail address."
    )
    page = serializers.ChoiceField(choices=tuple(rules.PAGES), default="home", help_text="Where in the store.")
    plan = serializers.RegexField(
        r"^[a-z0-9-_]+/[a-z0-9-_]+$",
        required=False,
        max_length=80,
        help_text="`line/plan`: arrive at a cart with this plan instead of at `page`.",
    )
    seats = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=inputs.MOST_SEATS,
        help_text="With a plan: so many seats. Without: the seats page.",
    )
    interval = serializers.ChoiceField(choices=Interval.choices, required=False, help_text="With a plan.")
    return_url = serializers.CharField(
        required=False, max_length=500, help_text="Where “Back to your product” leads; its origin must be on the store's list."
    )


class SessionOutput(outputs.Output):
    url = serializers.CharField(help_text="Send the browser here. Good once; shown once.")
    expires_at = serializers.DateTimeField(help_text="In wall time, as of all links.")


EXAMPLE = {"url": "https://store.example.com/entry/9Jm0W.../", "expires_at": "2026-03-12T09:35:00Z"}
NOT_A_MEMBER = schema.problem("not-a-member", 422, "Nobody of this id or address belongs to the organization.")
NOT_ALLOWED = schema.problem("entry-not-allowed", 403, "Staff of the store sign in themselves.")


class Sessions(base.View):
    required_scopes = [Scope.SESSIONS_WRITE]

    @extend_schema(
        operation_id="create_session",
        summary="Bring a user of your product into the store, signed on",
        description="For “Manage billing” in your product: ask for a link when it is clicked, and redirect to it at once. "
        "Every call makes another link, so no Idempotency-Key is needed. Vendor keys only: the store takes your word for "
        "who it is. A second factor that the person has set up is still asked for.",
        tags=["Sessions"],
        parameters=[schema.ORGANIZATION],
        request=SessionInput,
        responses={
            201: SessionOutput,
            **schema.problems(schema.INVALID, schema.NO_ORGANIZATION, NOT_A_MEMBER, NOT_ALLOWED),
        },
        examples=[
            schema.request("The seats page", {"member": "user-77", "page": "seats", "return_url": "https://app.example/team"}),
            schema.request("A cart", {"member": "user-77", "plan": "fieldnote/team", "seats": 12, "interval": "year"}),
            schema.example("Link", EXAMPLE, 201),
        ],
    )
    def post(self, request: Request) -> Response:
        key = request.auth
        if not isinstance(key, ApiKey) or key.kind != ApiKeyKind.VENDOR:
            raise _refused(_("Only a vendor key may bring people in: the store takes its word for who they are."))
        asked = self.body(SessionInput)
        made = self._make(asked)
        return base.answer(SessionOutput, {"url": made.url, "expires_at": made.entry.expires_at}, status.HTTP_201_CREATED)

    def _make(self, asked: dict[str, Any]) -> entries.Made:
        path = rules.path(
            asked["page"], plan=asked.get("plan", ""), seats=asked.get("seats"), interval=asked.get("interval", "")
        )
        try:
            return entries.make(
                user=self._person(asked["member"]),
                organization=self.organization,
                path=path,
                return_url=asked.get("return_url", ""),
                origin=self.origin(),
                at=clock.now(),
                wall=clock.wall(),
            )
        except entries.BadReturn:
            detail = _("Its origin is not on the store's list (the setting RETURN_ORIGINS). Nothing was made.")
            raise serializers.ValidationError({"return_url": [detail]}) from None
        except entries.NotAllowed:
            raise _refused(_("Staff of the store, and people whose account is closed, do not come in this way.")) from None
        except entries.NotMember:
            raise _unknown() from None

    def _person(self, said: str) -> User:
        found = members.named(self.organization, said)
        if found is None:
            raise _unknown()
        return found


def _refused(detail: str) -> Problem:
    return Problem("entry-not-allowed", detail, status_code=status.HTTP_403_FORBIDDEN)


def _unknown() -> Problem:
    detail = _("Nobody of this id or address belongs to the organization.")
    errors = [field("/member", detail, "not-a-member")]
    return Problem("not-a-member", detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY, errors=errors)
