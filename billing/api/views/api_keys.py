"""The API keys of an organization, for the vendor's own programs: made and shown once, rotated, revoked."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import VENDOR_SCOPES, ApiKey, Scope
from accounts.queries import api_keys as read
from accounts.services import api_keys
from billing.api import idempotency, inputs, outputs, paging, schema
from billing.api.views import base
from config import clock

TAG = "API keys"
STATES = [(state, state) for state in ("live", "ending", "ended", "revoked")]
OFFERED = [(value, label) for value, label in Scope.choices if value not in VENDOR_SCOPES]


class KeyInput(inputs.Strict):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=OFFERED), min_length=1, max_length=len(OFFERED))


class KeyOutput(outputs.Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the key begins, after `sfk_`.")
    scopes = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=STATES)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Set by a rotation: both keys work until then.")
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewKeyOutput(KeyOutput):
    key = serializers.CharField(help_text="The key itself: shown here, and never again.")


KeysOutput = paging.paged(KeyOutput, "ApiKeysOutput")
EXAMPLE: dict[str, Any] = {
    "id": 31,
    "name": "Nightly report",
    "prefix": "a1B2c3D4e5",
    "scopes": ["billing:read"],
    "state": "live",
    "created_at": "2026-03-12T09:30:00Z",
    "expires_at": None,
    "last_used_at": None,
}
NEW = EXAMPLE | {"key": "sfk_a1B2c3D4e5_..."}
TOO_MANY = schema.problem("too-many-keys", 409, "There are 20 keys in force, which is the most.")
MADE = schema.problem("key-shown-already", 409, "This key was made already, and a key is shown only once.")
ENDED = schema.problem("key-ended", 409, "This key is already being replaced or no longer works.")
SHOWN = "The answer holds a secret and is not kept: the same Idempotency-Key shows it again for five minutes, and no longer."


class ApiKeys(base.View):
    required_scopes = {"GET": [Scope.KEYS_READ], "POST": [Scope.KEYS_WRITE]}
    needs_vendor_key = True

    @schema.read(
        "api_keys",
        "The keys of an organization, the newest first",
        schema.Answer(shape=KeysOutput, example={"data": [EXAMPLE], "next": None}, name="Keys"),
        tag=TAG,
        description="Vendor keys only.",
        parameters=[paging.PageQuery],
    )
    def get(self, request: Request) -> Response:
        rows = ApiKey.objects.filter(organization=self.organization)
        return base.answer(KeysOutput, paging.page(rows, self.query(paging.PageQuery), plain, newest_first=True))

    @schema.make(
        "create_api_key",
        "Make a key of an organization",
        schema.Answer(shape=NewKeyOutput, example=NEW, status=201, name="Made"),
        tag=TAG,
        description=f"Vendor keys only, and no scope that the vendor key itself lacks. {SHOWN}",
        body=KeyInput,
        bodies={"For reading": {"name": "Nightly report", "scopes": ["billing:read"]}},
        refusals=[TOO_MANY, MADE],
    )
    @idempotency.once_unkept
    def post(self, request: Request) -> Response:
        asked = self.body(KeyInput)
        beyond = sorted(set(asked["scopes"]) - set(request.auth.scopes))  # type: ignore[union-attr] # HasScope: it is a key
        if beyond:
            detail = _("This key lacks the scope %(scopes)s.") % {"scopes": ", ".join(beyond)}
            raise exceptions.PermissionDenied(detail)
        key, text = api_keys.create(
            organization=self.organization,
            **asked,
            origin=self.origin(),
            at=clock.now(),
            nonce=idempotency.nonce(request),
        )
        return _shown(key, text)


class ApiKeyRotations(base.View):
    required_scopes = [Scope.KEYS_WRITE]
    needs_vendor_key = True

    @schema.make(
        "rotate_api_key",
        "Make a key's successor",
        schema.Answer(shape=NewKeyOutput, example=NEW, status=201, name="Made"),
        tag=TAG,
        description=f"With the same name and scopes; both work for a while (`expires_at` of the old one). {SHOWN}",
        refusals=[ENDED, MADE],
    )
    @idempotency.once_unkept
    def post(self, request: Request, key_id: int) -> Response:
        key, text = api_keys.rotate(
            key=_own(self, key_id), origin=self.origin(), at=clock.now(), nonce=idempotency.nonce(request)
        )
        return _shown(key, text)


class ApiKeyView(base.View):
    required_scopes = {"GET": [Scope.KEYS_READ], "DELETE": [Scope.KEYS_WRITE]}
    needs_vendor_key = True

    @schema.read("api_key", "One key", schema.Answer(shape=KeyOutput, example=EXAMPLE), tag=TAG)
    def get(self, request: Request, key_id: int) -> Response:
        return base.answer(KeyOutput, plain(_own(self, key_id)))

    @schema.change(
        "revoke_api_key",
        "End a key now",
        schema.Answer(shape=KeyOutput, example=EXAMPLE | {"state": "revoked"}, name="Revoked"),
        tag=TAG,
        description="Revoking twice is no error.",
    )
    @idempotency.honoured
    def delete(self, request: Request, key_id: int) -> Response:
        key = _own(self, key_id)
        api_keys.revoke(key=key, origin=self.origin(), at=clock.now())
        key.refresh_from_db()
        return base.answer(KeyOutput, plain(key))


def _own(view: base.View, key_id: int) -> ApiKey:
    return base.own(ApiKey.objects.select_related("organization"), organization=view.organization, pk=key_id)


def _shown(key: ApiKey, text: str) -> Response:
    return base.answer(NewKeyOutput, plain(key) | {"key": text}, status.HTTP_201_CREATED)


def plain(key: ApiKey) -> dict[str, Any]:
    names = ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    return {"id": key.pk, "state": read.state(key, clock.now()), **{name: getattr(key, name) for name in names}}
