"""The guard of a view: who is asking, for which organization, and whether the role allows it."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts import staff_guard
from accounts.models import Membership, Organization, Role, User
from accounts.origin import Origin, Source
from accounts.queries import members
from accounts.rules import permissions
from accounts.rules.permissions import Permission
from accounts.services import journal

__all__ = ["OrganizationRequest", "Permission", "can", "origin", "proven_again", "refuse", "require", "signed_in"]

P = ParamSpec("P")


class OrganizationRequest(HttpRequest):
    """What a view behind `require` is given (accounts.middleware adds the attributes, each worked out when first asked)."""

    user: User  # signed in: AnonymousUser is ruled out by the guard
    organization: Organization
    membership: Membership
    memberships: list[Membership]
    htmx: HtmxDetails


View = Callable[Concatenate[OrganizationRequest, P], HttpResponse]
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def require(permission: Permission) -> Callable[[View[P]], Guarded[P]]:
    """Let a function view run only for a member whose role has `permission`.

    Nobody signed in: to sign-in and back. No organization yet: to making one. Role too low: a page with status 403 that says
    who can. A stranger to an object gets 404, because the view fetches it through `request.organization`.
    """

    def decorate(view: View[P]) -> Guarded[P]:
        @functools.wraps(view)
        def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            response = _turn_away(request, permission) or view(request, *args, **kwargs)
            patch_cache_control(response, private=True, no_store=True)
            return response

        return guarded

    return decorate


def signed_in(view: View[P]) -> Guarded[P]:
    """Let a function view run only for somebody signed in, with an organization or without (both attributes may be None)."""

    @functools.wraps(view)
    def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = _to_be_known(request) or view(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return guarded


def proven_again(view: View[P]) -> View[P]:
    """Ask for the password or a factor once more before the view runs, unless that was done in the last minutes.

    A POST is kept meanwhile and carried out afterwards. Write it below `require` or `signed_in`.
    """
    guarded: View[P] = reauthentication_required(view)
    return guarded


def can(request: HttpRequest, permission: Permission) -> bool:
    """Whether the person asking has the permission in the current organization; for what a page offers, not for guarding it."""
    membership: Membership | None = getattr(request, "membership", None)
    return membership is not None and permissions.allows(membership.role, permission)


def origin(request: HttpRequest, source: Source = Source.PAGE) -> Origin:
    """The origin of a change that this request makes."""
    user = getattr(request, "user", None)
    return Origin(actor=user if isinstance(user, User) else None, source=source, request_id=journal.current_request_id())


def _turn_away(request: Any, permission: Permission) -> HttpResponse | None:
    if response := _to_be_known(request):
        return response
    if request.membership is None:
        return _redirect(request, f"{reverse('storefront:organization_new')}?{urlencode({'next': _way_back(request)})}")
    if not permissions.allows(request.membership.role, permission):
        return refuse(request, permission)
    return None


def refuse(request: Any, permission: Permission) -> HttpResponse:
    """The page with status 403 that says which role one has and who has the permission."""
    context = {
        "permission": permission,
        "role": Role(request.membership.role).label,
        "who_can": members.who_can(request.organization, permission),
    }
    return render(request, "denied.html", context, status=403)


def _to_be_known(request: Any) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return _to_sign_in(request)
    elsewhere = staff_guard.way_to_proof(request, _way_back(request))
    return _redirect(request, elsewhere) if elsewhere else None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    return _redirect(request, redirect_to_login(_way_back(request)).url)


def _redirect(request: Any, url: str) -> HttpResponse:
    # A fragment's request must move the whole page, not swap the sign-in page into a corner of it.
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else HttpResponseRedirect(url)


def _way_back(request: Any) -> str:
    """Where to return to: this page, or for anything but a page's GET the page that the request came from."""
    if request.method == "GET" and not getattr(request, "htmx", False):
        return str(request.get_full_path())
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
