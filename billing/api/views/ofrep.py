"""Entitlements as feature flags, by the OpenFeature Remote Evaluation Protocol (OFREP) 0.3.

Source: github.com/open-feature/protocol, service/openapi.yaml. Its errors and shapes are the protocol's, not the API's.

A feature's code is a boolean flag. What is counted has a whole number under `<code>.limit`, what is metered also under
`<code>.used` and `<code>.remaining`. `targetingKey` names the member; with a vendor's key the attribute `organization` of the
context, or the header Storefront-Organization, names the organization.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpResponseNotModified
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import authentication
from accounts.models import ApiKey, ApiKeyKind, Organization, Scope
from accounts.queries import api_keys
from billing.api import entitlement_tags
from billing.queries import catalog, entitlements
from billing.queries.entitlements import Entitlement
from billing.services import seen
from config import clock, problems

# What stands for "without limit" in a number: the largest that every language of the SDKs holds exactly.
UNLIMITED: Final = 9_007_199_254_740_991
LONGEST_NAME: Final = 254


class Refused(exceptions.APIException):
    """`code` is one of OpenFeature's error codes."""

    def __init__(self, code: str, detail: str, status_code: int = status.HTTP_400_BAD_REQUEST) -> None:
        super().__init__(detail, code)
        self.code, self.status_code = code, status_code


class _View(APIView):
    required_scopes = [Scope.ENTITLEMENTS_READ]
    needs_organization = False  # the context may name it
    versioning_class = None
    schema = None  # the protocol has a description of its own

    def handle_exception(self, exc: Exception) -> Response:
        """In the protocol's shapes; what it has no code for is GENERAL, with a sentence."""
        response: Response = problems.handle(exc, {"request": self.request})
        key, detail = self.kwargs.get("key"), response.data["detail"]
        code, response.status_code = _code(exc, response.status_code)
        if errors := response.data.get("errors"):
            detail = " ".join(error["detail"] for error in errors)
        response.data = {**({"key": key} if key else {}), "errorCode": code, "errorDetails": detail}
        response.content_type = "application/json"
        response.exception = True
        return response

    def asked(self, request: Request) -> tuple[Organization, str]:
        """Whom it is about: the organization, and the member or ""."""
        context = _context(request.data)
        organization = _organization(request, context.get("organization"))
        member = context.get("targetingKey") or ""
        if not isinstance(member, str) or len(member) > LONGEST_NAME or "\0" in member:
            raise Refused("INVALID_CONTEXT", _("targetingKey is a text: member id, external id or e-mail address."))
        return organization, member.removeprefix(authentication.EXTERNAL)


class Flag(_View):
    """POST /ofrep/v1/evaluate/flags/<key>"""

    def post(self, request: Request, key: str) -> Response:
        organization, member = self.asked(request)
        now, (code, _dot, _part) = clock.now(), key.partition(".")
        version = entitlements.stamp(organization.pk).version
        try:
            found = entitlements.several(organization.pk, features=[code], member=member, now=now)
        except entitlements.UnknownFeature:
            found = None
        flags = _flags(found.entitlements[0], member, version) if found else ()
        flag = next((flag for flag in flags if flag["key"] == key), None)
        if found is None or flag is None:
            detail = _("There is no flag %(key)s. The catalog lists the features.") % {"key": key}
            raise Refused("FLAG_NOT_FOUND", detail, status.HTTP_404_NOT_FOUND)
        seen.note([seat.id for seat in found.seats if seat.last_seen_on != now.date()], now.date())
        return Response(flag)


class Flags(_View):
    """POST /ofrep/v1/evaluate/flags: every flag; 304 to whoever has them as they are."""

    def post(self, request: Request) -> Response | HttpResponseNotModified:
        organization, member = self.asked(request)
        now, asked, public_id = clock.now(), f"ofrep:{member}", organization.public_id
        stamp = entitlements.stamp(organization.pk)
        known = entitlement_tags.is_current(request.headers.get("If-None-Match", ""), stamp, public_id, asked=asked, now=now)
        if known:
            return _not_modified(known)
        found = entitlements.several(organization.pk, features=[], member=member, now=now)
        seen.note([seat.id for seat in found.seats if seat.last_seen_on != now.date()], now.date())
        tag = entitlement_tags.of(stamp, public_id, asked=asked, entitlements=found.entitlements, member=member, now=now)
        flags = [flag for one in found.entitlements for flag in _flags(one, member, stamp.version)]
        said = {"flags": flags, "metadata": {"version": str(stamp.version)}}
        return Response(said, headers={"ETag": tag})


def _not_modified(tag: str) -> HttpResponseNotModified:
    response = HttpResponseNotModified()
    response.headers["ETag"] = tag
    return response


def _context(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refused("PARSE_ERROR", _("The body is a JSON object with `context`."))
    context = body.get("context", {})
    if not isinstance(context, dict):
        raise Refused("INVALID_CONTEXT", _("`context` is a JSON object."))
    return context


def _organization(request: Request, said: Any) -> Organization:
    held = authentication.organization_of(request)
    if said is None and held is not None:
        return held
    if not isinstance(said, str) or not said or len(said) > authentication.LONGEST_NAME or "\0" in said:
        detail = _("Name the organization in the context's `organization`, by its public id or `external:` and your own.")
        raise Refused("INVALID_CONTEXT", detail)
    is_external = said.startswith(authentication.EXTERNAL)
    name = said.removeprefix(authentication.EXTERNAL)
    if held is not None:  # the header or an organization's own key has said already whom it is about
        if name not in ((held.external_id,) if is_external else (held.public_id, held.external_id)):
            raise Refused("INVALID_CONTEXT", _("The context names another organization than the key or the header."))
        return held
    key = request.auth
    assert isinstance(key, ApiKey)
    assert key.kind == ApiKeyKind.VENDOR, "an organization's key stands for it"
    found = api_keys.organization_of_vendor(name) if is_external else api_keys.organization_named(name)
    if found is None:
        raise Refused("INVALID_CONTEXT", _("No organization has this public id or external id."))
    return found


def _flags(found: Entitlement, member: str, version: int) -> Iterator[dict[str, Any]]:
    """The flags of a feature, the boolean one first."""
    common = {
        "reason": "TARGETING_MATCH" if member else "STATIC",
        "variant": str(found.reason),
        "metadata": _metadata(found, version),
    }
    yield {"key": found.feature, "value": found.entitled, **common}
    is_counted, is_metered = _kind(found)
    if is_counted:
        limit = UNLIMITED if found.limit is None else found.limit
        yield {"key": f"{found.feature}.limit", "value": limit if found.entitled else 0, **common}
    if is_metered:
        remaining = UNLIMITED if found.remaining is None else found.remaining
        yield {"key": f"{found.feature}.used", "value": found.used or 0, **common}
        yield {"key": f"{found.feature}.remaining", "value": remaining if found.entitled else 0, **common}


def _metadata(found: Entitlement, version: int) -> dict[str, Any]:
    said = {
        "plan": found.plan,
        "limit": found.limit,
        "used": found.used,
        "remaining": found.remaining,
        "resetsAt": found.resets_at.isoformat() if found.resets_at else None,
        "until": found.until.isoformat() if found.until else None,
        "version": version,
    }
    return {name: value for name, value in said.items() if value is not None}


def _kind(found: Entitlement) -> tuple[bool, bool]:
    """Whether the feature is counted, and metered: as it is had, or else as it is sold."""
    if found.sources:
        features = [source.feature for source in found.sources]
        return any(one.get("unit") for one in features), any(one.get("resets") for one in features)
    lines = catalog.on_sale().lines
    sold = [one for line in lines for plan in line.plans for one in plan.features if one.code == found.feature]
    sold += [one for line in lines for addon in line.addons for one in addon.features if one.code == found.feature]
    return any(one.unit for one in sold), any(one.resets for one in sold)


def _code(error: Exception, status_code: int) -> tuple[str, int]:
    """OpenFeature's error code and the status. 404 is a flag's alone."""
    if isinstance(error, Refused):
        return error.code, error.status_code
    if isinstance(error, exceptions.ParseError | exceptions.UnsupportedMediaType):
        return "PARSE_ERROR", status.HTTP_400_BAD_REQUEST
    if isinstance(error, exceptions.NotFound | exceptions.ValidationError):
        return "INVALID_CONTEXT", status.HTTP_400_BAD_REQUEST
    return "GENERAL", status_code
