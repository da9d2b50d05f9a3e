"""The API's errors as problem documents (RFC 9457): `type`, `title`, `status`, `detail`, `errors`, `request_id`.

`type` is a stable name to program against, `detail` says what to do now, `errors` names each wrong field by JSON pointer.
"""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found
from rest_framework import exceptions, status
from rest_framework.response import Response

from config import logs

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:storefront:problem:"


class Problem(exceptions.APIException):
    """Raise in an API view for an outcome of a service; `code` names the type, `more` rides along as members of its own.

    `wait` is how many seconds to wait before asking again (Retry-After). `more` may not use the names that the document has
    already.
    """

    def __init__(
        self, code: str, detail: str, *, status_code: int = status.HTTP_409_CONFLICT, wait: float | None = None, **more: Any
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status_code
        self.code = code
        self.wait = wait
        self.more = more


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: every error leaves as a problem document, an unexpected one after being logged."""
    error = _said(error)
    if not isinstance(error, exceptions.APIException):
        return _unexpected(error, context)
    response = Response(document(error), status=error.status_code, content_type=MEDIA_TYPE)
    if (realm := getattr(error, "auth_header", None)) is not None:
        response.headers["WWW-Authenticate"] = realm
    if (wait := getattr(error, "wait", None)) is not None:
        response.headers["Retry-After"] = str(math.ceil(wait))
    return response


def _said(error: Exception) -> Exception:
    """What Django and DRF raise by themselves, with what to do."""
    if isinstance(error, Http404):
        return exceptions.NotFound(_("Nothing of this id is there for this key. The lists say what is."))
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        detail = _("The body is larger than %(most)s bytes. Send it in several requests.") % {"most": most}
        return Problem("body-too-large", detail, status_code=status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
    if isinstance(error, exceptions.NotAuthenticated):
        error.detail = exceptions.ErrorDetail(_("Send your API key: `Authorization: Bearer sfk_...`."), error.default_code)
    return error


def document(error: exceptions.APIException) -> dict[str, Any]:
    """The problem document of an API error."""
    code = getattr(error, "code", "") or _code(error)
    detail = error.detail
    said: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{code.replace('_', '-')}",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
        "detail": str(detail) if isinstance(detail, str) else _("Some fields are not right; `errors` says which and why."),
        "request_id": logs.request_id(),
    }
    if not isinstance(detail, str):
        said["errors"] = _fields(detail)
    return said | {name: value for name, value in getattr(error, "more", {}).items() if name not in said}


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "invalid"


def _fields(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    """Flatten DRF's nested detail into one entry a message, addressed by JSON pointer ("" is the whole body)."""
    if isinstance(detail, dict):
        parts = ((("" if key == "non_field_errors" else f"/{_escaped(str(key))}"), value) for key, value in detail.items())
        return [entry for part, value in parts for entry in _fields(value, pointer + part)]
    if isinstance(detail, list):
        is_nested = any(isinstance(value, dict | list) for value in detail)
        places = [(f"{pointer}/{index}" if is_nested else pointer, value) for index, value in enumerate(detail)]
        return [entry for place, value in places for entry in _fields(value, place)]
    return [{"pointer": f"#{pointer}", "detail": str(detail), "code": getattr(detail, "code", "invalid")}]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    request = context.get("request")
    log.error("api_failed", exc_info=error)
    got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    failure = exceptions.APIException(
        _("Something went wrong on our side. Nothing was changed; please try again."), "server_error"
    )
    return Response(document(failure), status=status.HTTP_500_INTERNAL_SERVER_ERROR, content_type=MEDIA_TYPE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address: a problem document below /api/, the store's own page elsewhere."""
    if not request.path.startswith("/api/"):
        return page_not_found(request, exception)
    problem = exceptions.NotFound("No such address. The API's addresses are listed at /api/docs/.")
    return JsonResponse(document(problem), status=problem.status_code, content_type=MEDIA_TYPE)
