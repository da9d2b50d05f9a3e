"""A dated call by its signed link: another time, no call at all, or the entry for a calendar. A look changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.middleware import StoreRequest, zone
from config import clock, words
from offramps.models import CallSlot, SlotState
from offramps.queries import call_slots as queries
from offramps.queries import leads, progress
from offramps.rules import slots as rules
from offramps.services import call_entries, slots
from storefront import limits

DAYS: Final = 5  # shown at first
MOST_MOVES: Final = 30  # of one network address in an hour


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def call(request: StoreRequest, token: str) -> HttpResponse:
    """GET /calls/<token>/?more=1: the free times, by day where the customer is. POST {starts_at}: move it there."""
    slot = _of(token)
    with _where(slot):
        if request.method == "POST":
            return _move(request, slot)
        return _show(request, slot)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def cancellation(request: StoreRequest, token: str) -> HttpResponse:
    """GET /calls/<token>/cancellation/: what it means. POST: cancel it; twice is once."""
    slot = _of(token)
    page = _page_url(slot)
    if request.method == "POST":
        try:
            slots.cancel(slot, at=clock.now(), origin=access.origin(request))
        except slots.Over:
            if not _is_cancelled(slot):
                return _over(request, slot)
        return HttpResponseRedirect(page)
    with _where(slot):
        if not queries.is_ahead(slot, clock.now()):
            return _over(request, slot)
        return render(request, "storefront/talk/call_cancellation.html", {"slot": slot, "rep": _name(slot), "token": token})


@require_safe
@never_cache
def file(request: StoreRequest, token: str) -> HttpResponse:
    """GET /calls/<token>/call.ics: the entry for a calendar."""
    slot, now = _of(token), clock.now()
    if not queries.is_ahead(slot, now):
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{call_entries.NAME}"'}
    return HttpResponse(call_entries.of_slot(slot, now), content_type="text/calendar; charset=utf-8", headers=headers)


@require_safe
@never_cache
def of_maker(request: StoreRequest, public_id: str) -> HttpResponse:
    """GET /talk/<id>/call/: on to the link, for whoever asked for the call while signed in. Everybody else has it in a mail."""
    seen = progress.of(public_id)
    if seen is None or seen.maker is None:
        raise Http404
    if not request.user.is_authenticated:
        return HttpResponseRedirect(redirect_to_login(request.get_full_path()).url)
    slot = CallSlot.objects.filter(public_id=seen.slot).first() if seen.maker == request.user.pk else None
    if slot is None:
        raise Http404
    return HttpResponseRedirect(reverse("storefront:call", args=[queries.token(slot)]))


def _of(token: str) -> CallSlot:
    slot = queries.of_token(token)
    if slot is None:
        raise Http404
    return slot


@contextmanager
def _where(slot: CallSlot) -> Iterator[None]:
    with timezone.override(zone(slot.countdown.lead.time_zone)):
        yield


def _show(request: StoreRequest, slot: CallSlot, *, problem: str = "", status: int = 200) -> HttpResponse:
    now = clock.now()
    if not queries.is_ahead(slot, now):
        return _over(request, slot)
    days = rules.by_day(slots.to_choose(slot, now), slot.countdown.lead.time_zone)
    has_more = len(days) > DAYS and not request.GET.get("more")
    context = {
        "slot": slot,
        "rep": _name(slot),
        "token": queries.token(slot),
        "page_url": _page_url(slot),
        "is_moved": bool(request.GET.get("moved")) and not problem,
        "problem": problem,
        "days": [_day(day, times) for day, times in (days[:DAYS] if has_more else days)],
        "has_more": has_more,
    }
    return render(request, "storefront/talk/call.html", context, status=status)


def _day(day: Any, times: list[datetime]) -> dict[str, Any]:
    return {"on": day, "times": [{"value": at.isoformat(), "label": words.clock_time(at)} for at in times]}


def _move(request: StoreRequest, slot: CallSlot) -> HttpResponse:
    wanted = _instant(request.POST.get("starts_at", "")) or slot.starts_at  # its own time is never free: choose another
    if limits.is_over(request, "call_moves", MOST_MOVES):
        return _show(request, slot, problem="too_many", status=429)
    try:
        made = slots.move(slot, starts_at=wanted, at=clock.now(), origin=access.origin(request))
    except slots.Gone:
        return _show(request, _of(queries.token(slot)), problem="gone", status=409)
    except slots.Over:
        current = queries.held_of(slot.countdown_id)
        if current is None or current.starts_at != wanted:
            return _over(request, _of(queries.token(slot)))
        made = current  # the second click of two
    return HttpResponseRedirect(f"{reverse('storefront:call', args=[queries.token(made)])}?moved=1")


def _over(request: StoreRequest, slot: CallSlot) -> HttpResponse:
    """What became of it: the link is of this one call, and opens nothing any more."""
    current = queries.held_of(slot.countdown_id) if slot.state == SlotState.MOVED else None
    with _where(slot):
        context = {"slot": slot, "rep": _name(slot), "current": current, "page_url": _page_url(slot)}
        return render(request, "storefront/talk/call_over.html", context, status=410)


def _is_cancelled(slot: CallSlot) -> bool:
    return CallSlot.objects.filter(pk=slot.pk, state=SlotState.CANCELLED).exists()


def _instant(said: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return found if timezone.is_aware(found) else None


def _name(slot: CallSlot) -> str:
    return slot.rep.user.get_short_name()


def _page_url(slot: CallSlot) -> str:
    return reverse("storefront:talk_raised", args=[leads.page_of(slot.countdown.lead)])
