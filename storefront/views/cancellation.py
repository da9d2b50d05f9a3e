"""Leaving: what is lost and when, why, and one button."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import CancelReason
from billing.queries import overview
from billing.services import scheduled, seats
from config import clock, words
from storefront import seat_problems
from storefront.forms.seats import CancelForm
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CANCEL)
def cancellation(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/cancellation/?line=: what is lost and when. POST {reason_code, reason}: end with the period."""
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        messages.info(request, _("There is nothing to cancel."))
        return redirect("storefront:home")
    form = CancelForm(request.POST or None, initial={"line": standing.row.line.code})
    if request.method == "POST" and form.is_valid():
        try:
            change = scheduled.end(
                standing.row,
                reason_code=CancelReason(form.cleaned_data["reason_code"]),
                reason=form.cleaned_data["reason"],
                origin=access.origin(request),
                at=clock.now(),
            )
        except seats.NotLive:
            messages.info(request, _("The subscription has ended already."))
            return redirects.see("/")
        text = _("Cancelled. You keep everything until %(day)s and can take this back until then.")
        messages.success(request, text % {"day": words.day(change.effective_at)})
        return redirects.see(seat_problems.cancellation_url(standing))
    status = 422 if form.errors else 200
    return render(request, "storefront/cancellation/page.html", {"standing": standing, "form": form}, status=status)
