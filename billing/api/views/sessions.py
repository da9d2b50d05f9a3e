"""Bringing a user of the vendor's product into the store, signed on."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope, User
from accounts.rules import entries as rules
from accounts.services import entries
from billing.api import idempotency, inputs, outputs, references, schema
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import Interval
from config import clock


class SessionInput(inputs.Strict):
    member = references.PersonField(
        max_length=254, help_text="Who comes: member id, `external:` and your own id of the person, or the e-mail address."
    )
    page = serializers.ChoiceField(choices=tuple(rules.PAGES), default="home", help_text="Where in the store.")
    plan = inputs.PlanField(required=False, help_text="`line/plan`: arrive at a cart with this plan instead of at `page`.")
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
NOT_ALLOWED = schema.problem("entry-not-allowed", 403, "Staff of the store sign in themselves.")
MIA = {"member": "external:u-93"}


class Sessions(base.View):
    required_scopes = [Scope.SESSIONS_WRITE]
    needs_vendor_key = True

    @schema.make(
        "create_session",
        "Bring a user of your product into the store, signed on",
        schema.Answer(shape=SessionOutput, example=EXAMPLE, status=201, name="Link"),
        tag="Sessions",
        description="For “Manage billing” in your product: ask for a link when it is clicked, and redirect to it at once. "
        "Links are secrets and not kept: every call makes another, under the same Idempotency-Key too. Vendor keys only: the "
        "store takes your word for who it is. A second factor that the person has set up is still asked for.",
        body=SessionInput,
        bodies={
            "The seats page": MIA | {"page": "seats", "return_url": "https://app.example/team"},
            "A cart": MIA | {"plan": "fieldnote/team", "seats": 12, "interval": "year"},
        },
        refusals=[schema.INVALID, schema.NOT_A_MEMBER, NOT_ALLOWED],
    )
    @idempotency.once_unkept
    def post(self, request: Request) -> Response:
        made = self._make(self.body(SessionInput))
        told = {"url": made.url, "expires_at": made.entry.expires_at}
        return base.answer(SessionOutput, told, status.HTTP_201_CREATED)

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
            detail = _("Staff of the store, and people whose account is closed, do not come in this way.")
            raise Problem("entry-not-allowed", detail, status_code=status.HTTP_403_FORBIDDEN) from None
        except entries.NotMember:
            raise references.unknown([asked["member"]], "/member") from None

    def _person(self, said: str) -> User:
        found = references.one_of(references.rows(self.organization), said)
        if found is None:
            raise references.unknown([said], "/member")
        return found.user
