"""Who may sit at the desk: reps, and managers who look over their shoulders. Everybody else finds no such page."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import patch_cache_control

from accounts import staff_guard
from accounts.access import OrganizationRequest
from offramps.models import Rep

P = ParamSpec("P")


class DeskRequest(OrganizationRequest):
    """What a view of the desk is given: a member of staff who is a rep."""

    rep: Rep


View = Callable[Concatenate[DeskRequest, P], HttpResponse]
Guarded = Callable[Concatenate[Any, P], HttpResponseBase]


def rep_only(view: View[P]) -> Guarded[P]:
    """Let a view run for a rep who works here. Signed out: to sign-in and back. Anybody else: 404. Staff prove their second
    factor.
    """

    @functools.wraps(view)
    def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = _turn_away(request) or view(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return guarded


def _turn_away(request: Any) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return HttpResponseRedirect(redirect_to_login(request.get_full_path()).url)
    rep = Rep.objects.filter(user=request.user, left_on=None).select_related("user").first() if request.user.is_staff else None
    if rep is None:
        raise Http404
    elsewhere = staff_guard.way_to_proof(request, request.get_full_path())
    if elsewhere:
        return HttpResponseRedirect(elsewhere)
    request.rep = rep
    return None
