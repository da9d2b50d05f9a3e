"""What all resources have in common."""

from datetime import date
from typing import Any, TypeVar

from django.db.models import Model
from django.http import HttpResponseBase, HttpResponseNotModified
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts import api_calls, authentication
from accounts.models import ApiKey, ApiKeyKind, Organization
from accounts.origin import Origin, Source
from accounts.queries import policies
from billing.api import etags, inputs, problems, versions
from billing.models import Subscription
from billing.services.changes import seats
from config import clock, limits, logs

M = TypeVar("M", bound=Model)
VARIES = ("Authorization", "Accept-Language", authentication.HEADER, versions.HEADER)


class View(APIView):
    """What all have in common: refusals of services become problem documents, and a change knows where it came from.

    Answers carry Store-Version and, of reads and of settings that were changed, an ETag. `deprecation` announces an address's
    end; `changes` are those of its answer's shape, for callers that were written for an older one.
    """

    deprecation: versions.Deprecation | None = None
    changes: tuple[versions.Change, ...] = ()
    dated: date = versions.VERSIONS[-1]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.dated = versions.asked(request.headers.get(versions.HEADER))

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(problems.of(exc) or exc)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers[versions.HEADER] = self.dated.isoformat()
        for name, value in (self.deprecation.headers() if self.deprecation else {}).items():
            final.headers[name] = value
        self._limits(request, final)
        patch_vary_headers(final, VARIES)
        if request.method != "GET":
            patch_cache_control(final, no_store=True)
        if response.status_code == status.HTTP_200_OK and request.method in ("GET", "PATCH"):
            return self._tagged(request, final)
        return final

    @property
    def organization(self) -> Organization:
        found = authentication.organization_of(self.request)
        assert found is not None, "HasScope refuses a call without one"
        return found

    @property
    def is_vendor(self) -> bool:
        key = self.request.auth
        return isinstance(key, ApiKey) and key.kind == ApiKeyKind.VENDOR

    def check_vendor(self) -> None:
        """For what a page asks an owner for: a key of one organization is refused."""
        if not self.is_vendor:
            raise exceptions.PermissionDenied(_("Only a vendor-wide key may do this; this key belongs to one organization."))

    def origin(self) -> Origin:
        return Origin(source=Source.API, request_id=logs.request_id())

    def query(self, shape: type[Serializer[Any]], *, is_repeated: bool = False) -> dict[str, Any]:
        """The query's values. One that the shape does not know is refused: misspelt, it would else be left out in silence.

        Of a name that is said several times the last counts, unless the shape has lists.
        """
        said = shape(data=self.request.query_params if is_repeated else self.request.query_params.dict())
        if wrong := inputs.unknown(self.request.query_params, said):
            raise exceptions.ValidationError(wrong)
        return _checked(said)

    def body(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        return _checked(shape(data=self.request.data))

    def current(self) -> Subscription:
        """The live subscription that the call is about: the only one there is, or the one of the line that is named."""
        found = list(seats.live(self.organization, line=self.query(inputs.LineQuery).get("line"))[:2])
        if not found:
            raise seats.NotLive("There is no active subscription.")
        if len(found) > 1:  # what would be changed, and charged, is not ours to guess
            raise exceptions.ValidationError(
                {"line": [_("There are several subscriptions. Say which by the code of its line.")]}
            )
        return found[0]

    def check_match(self, shape: type[Serializer[Any]], plain: Any) -> None:
        """Refuse a write of settings over a state that its caller has not seen (If-Match)."""
        data = versions.as_of(self.dated, shape(plain).data, self.changes)
        etags.check(self.request.headers.get("If-Match", ""), data)

    def code(self, asked: dict[str, Any]) -> str | None:
        """Take the promotion code out of a body, if it names one. Raises 429: nobody finds codes by trying."""
        code: str | None = asked.pop("promotion_code", None)
        most = policies.value("billing.carts_per_hour", clock.now())
        if code and limits.is_over(self.organization.public_id, "code", most):
            raise problems.too_many_codes()
        return code

    def _tagged(self, request: Request, response: Response) -> Any:
        response.data = versions.as_of(self.dated, response.data, self.changes)
        tag = etags.of(response.data)
        response.headers["ETag"] = tag
        if request.method == "GET":
            patch_cache_control(response, private=True, no_cache=True)
            if etags.is_known(request.headers.get("If-None-Match", ""), tag):
                return not_modified(response)
        return response

    def _limits(self, request: Request, response: Response) -> None:
        """How much the key may still call: draft-ietf-httpapi-ratelimit-headers."""
        key = getattr(request, "_auth", None)  # what is known: asking for `auth` would try a refused key again
        if not self.throttle_classes or not isinstance(key, ApiKey):
            return
        standing = api_calls.calls.standing(key.pk)
        response.headers["RateLimit-Policy"] = f'"key";q={standing.limit};w={api_calls.WINDOW_SECONDS}'
        response.headers["RateLimit"] = f'"key";r={standing.remaining};t={standing.reset_seconds}'


def answer(shape: type[Serializer[Any]], plain: Any, status_code: int = status.HTTP_200_OK) -> Response:
    return Response(shape(plain).data, status=status_code)


def made(shape: type[Serializer[Any]], plain: Any, *, is_new: bool) -> Response:
    """201, or 200 for what was there."""
    return answer(shape, plain, status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


def _checked(shape: Serializer[Any]) -> dict[str, Any]:
    shape.is_valid(raise_exception=True)
    found: dict[str, Any] = shape.validated_data
    return found


def not_modified(response: HttpResponseBase) -> Any:
    empty: Any = HttpResponseNotModified()
    for name, value in response.headers.items():
        if name != "Content-Type":
            empty.headers[name] = value
    return empty
