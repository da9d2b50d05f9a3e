"""Who is asking, for which organization: worked out only when somebody asks, so that public pages cost nothing."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Membership, Organization, User
from accounts.queries import members

# The session's choice among a person's organizations, by public id.
CURRENT = "organization"
# Where the vendor's product wants its user back (accounts.services.entries).
RETURN_URL = "return_url"
# What the admin's pages need beyond the store's policy: docs/decisions/admin-content-security-policy.md.
ADMIN_POLICY = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}


class StoreRequest(WSGIRequest):
    """A request that knows its organization. Reading any of these runs one query, once, and sets the time zone for output."""

    user: Any
    session: Any

    @cached_property
    def memberships(self) -> list[Membership]:
        """The person's memberships, the most recent first; none for a visitor."""
        user = getattr(self, "user", None)
        return members.memberships_of(user) if isinstance(user, User) or (user and user.is_authenticated) else []

    @cached_property
    def membership(self) -> Membership | None:
        """The membership one acts under: the session's choice while it lasts, else the most recent."""
        if not self.memberships:
            return None
        chosen = self.session.get(CURRENT)
        found = next((m for m in self.memberships if m.organization.public_id == chosen), self.memberships[0])
        timezone.activate(zone(found.organization.time_zone))
        return found

    @cached_property
    def organization(self) -> Organization | None:
        return self.membership.organization if self.membership else None


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name; UTC for a name this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


class OrganizationMiddleware:
    """Gives each request `organization`, `membership` and `memberships`.

    The language is not set here: signing in writes the person's own into the language cookie (accounts.adapter), which costs
    later requests nothing and keeps pages for everybody free of the session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request, WSGIRequest):
            # Lazy attributes that may be None need properties (a SimpleLazyObject is never `is None`); those need a class.
            request.__class__ = StoreRequest
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        if request.resolver_match and "admin" in request.resolver_match.app_names:
            response._csp_update = ADMIN_POLICY  # type: ignore[attr-defined]  # noqa: SLF001 - where django-csp looks
        return response
