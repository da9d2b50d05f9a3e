"""The API keys of an organization, for the vendor's own programs: made and shown once, rotated, revoked."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import VENDOR_SCOPES, ApiKey, Scope
from accounts.queries import api_keys as read
from accounts.services import api_keys
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.views import base, objects
from config import clock

TAG = "API keys"
PLACE = references.path("key", "The key")
STATES = [(state, state) for state in ("live", "ending", "ended", "revoked")]
OFFERED = [(value, label) for value, label in Scope.choices if value not in VENDOR_SCOPES]


class KeyInput(inputs.Strict):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=OFFERED), min_length=1, max_length=len(OFFERED))
    external_id = references.ExternalIdField(required=False)


class KeyOutput(outputs.Output):
    id = serializers.IntegerField()
    external_id = outputs.external_id()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the key begins, after `sfk_`.")
    scopes = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=STATES)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Set by a rotation: both keys work until then.")
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewKeyOutput(KeyOutput):
    key = serializers.CharField(
        allow_null=True, help_text="The key itself: shown here, and never again. Null: it was there already."
    )


KeysOutput = paging.paged(KeyOutput, "ApiKeysOutput")
EXAMPLE: dict[str, Any] = {
    "id": 31,
    "external_id": "report",
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
        return base.answer(KeysOutput, paging.page(_rows(self), self.query(paging.PageQuery), plain, newest_first=True))

    @schema.make(
        "create_api_key",
        "Make a key of an organization",
        schema.Answer(shape=NewKeyOutput, example=NEW, status=201, name="Made"),
        schema.Answer(shape=NewKeyOutput, example=EXAMPLE | {"key": None}, name="Was there", description=schema.WAS_THERE),
        tag=TAG,
        description=f"Vendor keys only, and no scope that the vendor key itself lacks. {SHOWN}",
        body=KeyInput,
        bodies={"For reading": {"name": "Nightly report", "scopes": ["billing:read"], "external_id": "report"}},
        refusals=[TOO_MANY, MADE],
    )
    @idempotency.once_unkept
    def post(self, request: Request) -> Response:
        asked = self.body(KeyInput)
        _check_scopes(request, asked["scopes"])
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
        description="With the same name and scopes, and your own id, which moves to it; both work for a while (`expires_at` of "
        f"the old one). The vendor key needs every scope that the key has. {SHOWN}",
        parameters=[PLACE],
        refusals=[ENDED, MADE],
    )
    @idempotency.once_unkept
    def post(self, request: Request, key: str) -> Response:
        found = references.named(_rows(self), key, "key", by="pk")
        _check_scopes(request, found.scopes)
        made, text = api_keys.rotate(key=found, origin=self.origin(), at=clock.now(), nonce=idempotency.nonce(request))
        return _shown(made, text)


@extend_schema_view(
    get=schema.read("api_key", "One key", schema.Answer(shape=KeyOutput, example=EXAMPLE), tag=TAG, parameters=[PLACE]),
    patch=objects.naming_once("name_api_key", "a key", schema.Answer(shape=KeyOutput, example=EXAMPLE), tag=TAG, place=PLACE),
    delete=schema.change(
        "revoke_api_key",
        "End a key now",
        schema.Answer(shape=KeyOutput, example=EXAMPLE | {"state": "revoked"}, name="Revoked"),
        tag=TAG,
        description="Revoking twice is no error.",
        parameters=[PLACE],
    ),
)
class ApiKeyView(objects.NamingView[ApiKey], objects.EndingView[ApiKey]):
    required_scopes = {"GET": [Scope.KEYS_READ], "PATCH": [Scope.KEYS_WRITE], "DELETE": [Scope.KEYS_WRITE]}
    needs_vendor_key = True
    shape, place, by = KeyOutput, "key", "pk"

    def rows(self) -> QuerySet[ApiKey]:
        return _rows(self)

    def plain(self, row: ApiKey) -> dict[str, Any]:
        return plain(row)

    def end(self, row: ApiKey) -> None:
        api_keys.revoke(key=row, origin=self.origin(), at=clock.now())


def _check_scopes(request: Request, scopes: list[str]) -> None:
    """Nobody is shown a key that may do what their own may not."""
    key = request.auth
    assert isinstance(key, ApiKey)
    beyond = sorted(set(scopes) - set(key.scopes))
    if beyond:
        detail = _("This key lacks the scope %(scopes)s.") % {"scopes": ", ".join(beyond)}
        raise exceptions.PermissionDenied(detail)


def _rows(view: base.View) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(organization=view.organization).select_related("organization")


def _shown(key: ApiKey, text: str) -> Response:
    return base.made(NewKeyOutput, plain(key) | {"key": text or None}, is_new=bool(text))


def plain(key: ApiKey) -> dict[str, Any]:
    names = ("external_id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    return {"id": key.pk, "state": read.state(key, clock.now()), **words.named(key, names)}
