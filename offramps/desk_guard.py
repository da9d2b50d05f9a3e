"""Who may sit at the desk: reps, and managers who look over their shoulders. Everybody else finds no such page."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.cache import patch_cache_control

from accounts import staff_guard
from accounts.access import OrganizationRequest
from offramps.models import Rep
from offramps.queries import desk_access

P = ParamSpec("P")


class FloorRequest(OrganizationRequest):
    """What a view of the sales floor is given: a member of staff who is a rep, a manager, or both."""

    rep: Rep | None


class DeskRequest(OrganizationRequest):
    """What a view of the desk is given: a member of staff who is a rep."""

    rep: Rep


View = Callable[Concatenate[DeskRequest, P], HttpResponse]
FloorView = Callable[Concatenate[FloorRequest, P], HttpResponse]
Guarded = Callable[Concatenate[Any, P], HttpResponseBase]


def rep_only(view: View[P]) -> Guarded[P]:
    """Let a view run for a rep who works here. Signed out: to sign-in and back. Anybody else: 404. Staff prove their second
    factor. Times are the rep's.
    """
    return _guard(view, lambda access: access.rep is not None)


def manager_only(view: FloorView[P]) -> Guarded[P]:
    """As `rep_only`, for who runs the floor, rep or not."""
    return _guard(view, lambda access: access.is_manager)


def floor_only(view: FloorView[P]) -> Guarded[P]:
    """As `rep_only`, for reps and for who runs the floor."""
    return _guard(view, lambda access: access.rep is not None or access.is_manager)


def deciders_only(view: FloorView[P]) -> Guarded[P]:
    """As `rep_only`, for whoever may allow deals."""
    return _guard(view, lambda access: access.is_decider)


def dealers_only(view: FloorView[P]) -> Guarded[P]:
    """As `rep_only`, for reps, for who runs the floor, and for whoever may allow deals."""
    return _guard(view, lambda access: access.rep is not None or access.sees_deals)


def _guard(view: Callable[..., HttpResponse], is_let_in: Callable[[desk_access.Access], bool]) -> Guarded[P]:
    @functools.wraps(view)
    def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = _turn_away(request, is_let_in)
        if response is None:
            zone = ZoneInfo(request.rep.time_zone) if request.rep else timezone.get_current_timezone()
            with timezone.override(zone):
                response = view(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return cast("Guarded[P]", guarded)


def _turn_away(request: Any, is_let_in: Callable[[desk_access.Access], bool]) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return HttpResponseRedirect(redirect_to_login(request.get_full_path()).url)
    access = desk_access.of(request)
    if not is_let_in(access):
        raise Http404
    elsewhere = staff_guard.way_to_proof(request, request.get_full_path())
    if elsewhere:
        return HttpResponseRedirect(elsewhere)
    request.rep = access.rep
    return None
