"""The API's door: keys, what they may do, for which organization, and how often.

Views are typed Any: rest_framework.views reads the settings that name this module, so this module can't import it.
"""

import time
from typing import Any

import structlog
from django.core.cache import cache
from django.utils.translation import gettext as _
from redis import RedisError
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

# rest_framework.views reads its settings, which name this module: it can't be imported here, and views are Any below.
from accounts.models import ApiKey, ApiKeyKind, Organization
from accounts.queries import api_keys as keys_read
from accounts.queries import policies
from accounts.services import api_keys
from config import clock

HEADER = "Storefront-Organization"
SCHEME = "Bearer"
WINDOW_SECONDS = 60
# How long calls go uncounted after Redis failed to answer: a hung Redis must not slow every call down.
REDIS_REST_SECONDS = 5.0
log = structlog.get_logger(__name__)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sfk_<prefix>_<secret>`. Sets `request.auth` (the ApiKey) and `request.organization`.

    An organization key stands for its organization. A vendor key names one in the header `Storefront-Organization`, by public
    id or external id; without the header the organization is None, which HasScope refuses unless the view says otherwise.
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
    it sets `needs_organization = False`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return False
        needed = _scopes(request, view)
        missing = sorted(set(needed) - set(key.scopes)) if needed is not None else ["?"]
        if missing:
            raise exceptions.PermissionDenied(_("This key lacks the scope %(scopes)s.") % {"scopes": ", ".join(missing)})
        if getattr(view, "needs_organization", True) and _plain(request).organization is None:
            raise exceptions.ValidationError(
                {HEADER: [_("Name the organization in this header, by its public id or by your external id.")]}
            )
        return True


class KeyThrottle(BaseThrottle):
    """So many calls a minute for each key (policy accounts.api_calls_per_minute), counted in Redis in fixed windows.

    While Redis is away calls pass uncounted: being reachable matters more than being exact.
    """

    _rests_until = 0.0

    def __init__(self) -> None:
        self._left = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return True
        now = clock.wall()
        window, into = divmod(int(now.timestamp()), WINDOW_SECONDS)
        self._left = WINDOW_SECONDS - into
        allowed: int = policies.value("accounts.api_calls_per_minute", at=clock.now())
        return self._count(f"api-calls:{key.pk}:{window}") <= allowed

    def wait(self) -> float:
        return float(self._left)

    @classmethod
    def _count(cls, name: str) -> int:
        if time.monotonic() < cls._rests_until:
            return 0
        try:
            cache.add(name, 0, timeout=2 * WINDOW_SECONDS)
            count: int = cache.incr(name)
        except (RedisError, ValueError) as error:
            cls._rests_until = time.monotonic() + REDIS_REST_SECONDS
            log.warning("api_throttle_uncounted", error=type(error).__name__)
            return 0
        return count


def _plain(request: Request) -> Any:
    """Django's own request, where the organization is kept; DRF's passes reads through to it, but not writes."""
    return request._request  # noqa: SLF001 - DRF has no public name for it


def _scopes(request: Request, view: Any) -> Any:
    scopes = getattr(view, "required_scopes", None)
    return scopes.get(request.method) if isinstance(scopes, dict) else scopes


def _organization(request: Request, key: ApiKey) -> Organization | None:
    said = request.headers.get(HEADER, "").strip()
    if key.kind == ApiKeyKind.ORGANIZATION:
        organization = key.organization
        assert organization is not None, "a constraint ties organization keys to one"
        if said and said not in (organization.public_id, organization.external_id):
            raise exceptions.NotFound(_("This key belongs to another organization than the header names."))
        return organization
    if not said:
        return None
    found = keys_read.organization_named(said)
    if found is None:
        raise exceptions.NotFound(_("No organization has this public id or external id."))
    return found
