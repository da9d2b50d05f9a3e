"""The API's door: keys, what they may do, for which organization, and how often.

Views are typed Any: rest_framework.views reads the settings that name this module, so this module can't import it.
"""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import api_calls
from accounts.models import ApiKey, ApiKeyKind, Organization
from accounts.queries import api_keys as keys_read
from accounts.services import api_keys
from config import clock

HEADER = "Storefront-Organization"
SCHEME = "Bearer"
# Before an external id, here as in the API's paths and bodies.
EXTERNAL = "external:"
LONGEST_NAME = 130


def organization_of(request: Request) -> Organization | None:
    """Whom a call is about, once its key is known; None for a vendor key that named nobody."""
    found = getattr(request, "organization", None)  # of Django's request, which the framework's hands on
    return found if isinstance(found, Organization) else None


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sfk_<prefix>_<secret>`. Sets `request.auth` (the ApiKey) and `request.organization`.

    An organization key stands for its organization. A vendor key names one in the header `Storefront-Organization`, by public
    id or `external:` and the external id (an external id alone is understood as well); without the header the organization is
    None, which HasScope refuses unless the view says otherwise.
    """

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if not text or scheme.lower() != SCHEME.lower():
            return None
        now = clock.now()
        key = keys_read.find(text, now)
        if key is None:
            raise exceptions.AuthenticationFailed(_("This API key is unknown, revoked or no longer in force. Use a live one."))
        api_keys.touch(key, now)
        _plain(request).organization = _organization(request, key)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class HasScope(BasePermission):
    """The key has every scope in the view's `required_scopes`: a list, or a mapping from method to list.

    A view without `required_scopes` is refused, so that none is left open by forgetting. A view acts for an organization unless
    it sets `needs_organization = False`, and with `needs_vendor_key` (True, or the methods) only the vendor's keys may call it.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return False
        if not hasattr(view, (request.method or "").lower()):
            raise exceptions.MethodNotAllowed(request.method or "")
        needed = _scopes(request, view)
        missing = sorted(set(needed) - set(key.scopes)) if needed is not None else ["?"]
        if missing:
            raise exceptions.PermissionDenied(_("This key lacks the scope %(scopes)s.") % {"scopes": ", ".join(missing)})
        vendors = getattr(view, "needs_vendor_key", False)
        if vendors and (vendors is True or request.method in vendors) and key.kind != ApiKeyKind.VENDOR:
            raise exceptions.PermissionDenied(_("Only a vendor-wide key may do this; this key belongs to one organization."))
        if getattr(view, "needs_organization", True) and _plain(request).organization is None:
            raise exceptions.ValidationError(
                {HEADER: [_("Name the organization in this header, by its public id or by your external id.")]}
            )
        return True


class KeyThrottle(BaseThrottle):
    """So many calls a minute for each key (policy accounts.api_calls_per_minute), counted by accounts.api_calls."""

    def __init__(self) -> None:
        self._wait = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return True
        self._wait = api_calls.calls.take(key.pk)
        return self._wait == 0

    def wait(self) -> float:
        return float(self._wait)


def _plain(request: Request) -> Any:
    """Django's own request, where the organization is kept; DRF's passes reads through to it, but not writes."""
    return request._request  # noqa: SLF001 - DRF has no public name for it


def _scopes(request: Request, view: Any) -> Any:
    scopes = getattr(view, "required_scopes", None)
    method = "GET" if request.method == "HEAD" else request.method
    return scopes.get(method) if isinstance(scopes, dict) else scopes


def _organization(request: Request, key: ApiKey) -> Organization | None:
    said = request.headers.get(HEADER, "").strip()
    if len(said) > LONGEST_NAME or "\0" in said:
        raise exceptions.ValidationError({HEADER: [_("Ids have 120 characters at most, and no NUL among them.")]})
    if key.kind == ApiKeyKind.ORGANIZATION:
        organization = key.organization
        assert organization is not None, "a constraint ties organization keys to one"
        names = (organization.public_id, organization.external_id, f"{EXTERNAL}{organization.external_id}")
        if said and said not in names:
            raise exceptions.NotFound(_("This key belongs to another organization than the header names."))
        return organization
    if not said:
        return None
    external_id = said.removeprefix(EXTERNAL) if said.startswith(EXTERNAL) else ""
    found = keys_read.organization_of_vendor(external_id) if external_id else keys_read.organization_named(said)
    if found is None:
        raise exceptions.NotFound(_("No organization has this public id or external id."))
    return found
