"""Leaving: what is lost and when, why, the one thing offered before, and one button."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import CancelReason, CommandState, ScheduledState
from billing.queries import overview
from billing.queries.overview import Standing, State
from billing.services import commands
from billing.services.changes import committed, scheduled, seats
from billing.services.trying import trial_changes
from config import clock, words
from storefront import ending_words, retention_words, seat_urls, timelines
from storefront.forms.seats import CancelForm
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CANCEL)
def cancellation(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/cancellation/?line=: what is lost and when. POST {reason_code, reason}: end with the period.

    What is behind with a payment ends at once, on a page of its own.
    """
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live or standing.pilot is not None:
        is_pilot = standing is not None and standing.pilot is not None
        said_so = _("A pilot ends by itself, and nothing more is charged: there is nothing to cancel.")
        messages.info(request, said_so if is_pilot else _("There is nothing to cancel."))
        return redirect("storefront:home")
    if standing.is_resting:
        return redirects.see(ending_words.url(standing))
    if standing.row.status == "paused":
        return _of_paused(request, standing)
    if standing.state is State.PAST_DUE and standing.end is None:
        return redirects.see(ending_words.url(standing))
    form = CancelForm(request.POST or None, initial={"line": standing.row.line.code})
    if request.method == "POST" and form.is_valid():
        return _end(request, standing, form)
    values = {
        "standing": standing,
        "form": form,
        "term": (term := _term(standing)),
        "ends_at": term.ends_at if term else standing.row.period_ends_at,
        "features": ending_words.features(standing),
        "waits": timelines.lost_by_ending(standing),
        "offers": [] if standing.end or term else retention_words.offers(standing, clock.now()),
        "ending_url": ending_words.url(standing) if access.can(request, Permission.CANCEL_NOW) else "",
    }
    return render(request, "storefront/cancellation/page.html", values, status=422 if form.errors else 200)


def _end(request: OrganizationRequest, standing: Standing, form: CancelForm) -> HttpResponse:
    """With the period, or with the trial."""
    given = form.cleaned_data
    try:
        change = scheduled.end(
            standing.row,
            reason_code=CancelReason(given["reason_code"]),
            reason=given["reason"],
            origin=access.origin(request),
            at=clock.now(),
        )
    except scheduled.EndsAtOnce:
        return redirects.see(ending_words.url(standing))
    except seats.NotLive:
        messages.info(request, _("The subscription has ended already."))
        return redirects.see("/")
    said = _("Cancelled. You keep everything until %(day)s and can take this back until then.")
    if change.state == ScheduledState.BOOKED:
        said = _("Cancelled for %(day)s. Until then it goes on and renews as agreed, and you can take this back.")
    if standing.trial_ends_at is not None:
        said = _("Cancelled. You go on trying until %(day)s, nothing is charged, and you can take this back until then.")
    messages.success(request, said % {"day": words.day(change.effective_at)})
    return redirects.see(seat_urls.cancellation_url(standing))


def _term(standing: Standing) -> committed.Term | None:
    """Until when it was agreed to stay, if that is beyond this period. No query where nothing was agreed, else one."""
    if standing.end is not None or not standing.agreed:
        return None
    return committed.beyond(standing.row)


def _of_paused(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    """What is paused has no period to end with: it ends at once. POST does it; nothing is charged either way."""
    if request.method != "POST":
        return render(request, "storefront/trial/ending.html", {"standing": standing})
    try:
        command = trial_changes.end(standing.row, origin=access.origin(request), at=clock.now())
    except (seats.NotLive, commands.Busy):
        messages.info(request, _("A change is being made. Look again in a few seconds."))
        return redirects.see("/")
    if command.state == CommandState.DONE:
        messages.success(request, _("Ended. Nothing was charged, and what your people made is kept."))
    elif command.state == CommandState.OPEN:
        messages.info(request, _("It is being ended. Our payment service takes a moment; nothing is charged."))
    else:
        messages.error(request, _("It could not be ended, and nothing was charged. Talk to us, we look into it."))
    return redirects.see("/")
