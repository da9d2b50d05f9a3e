"""The renewal: when, how much and why, whether it happens by itself, and with how many seats."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.queries import overview
from billing.queries import renewals as queries
from billing.queries.overview import Standing
from billing.services import commands
from billing.services.changes import committed, seats
from billing.services.renewing import price_moves, renewal_seats
from config import clock, words
from storefront import renewal_words, seat_problems
from storefront.forms.seats import NewPriceForm, RecommendedForm
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def renewal(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/renewal/?line=: the renewal. POST {line, seats, amount}: take the recommendation, for that amount.

    POST {line, price, amount}: have the price on sale from then on, instead of one that is sold no more.

    A mail leads here: looking changes nothing.
    """
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        return render(request, "storefront/seats/nothing.html", {"standing": standing})
    if standing.trial_ends_at is not None or standing.pilot is not None or standing.row.status == "paused":
        messages.info(request, _("Nothing renews before the first paid period."))
        return redirect("storefront:home")
    if request.method != "POST":
        return _render(request, standing)
    return _accept_price(request, standing) if "price" in request.POST else _accept(request, standing)


def _accept_price(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    form = NewPriceForm(request.POST)
    if not form.is_valid():
        return redirects.see(renewal_words.url(standing))
    price, amount, at = form.cleaned_data["price"], form.cleaned_data["amount"], clock.now()
    try:
        change = price_moves.accept(standing, price=price, amount_minor=amount, origin=access.origin(request), at=at)
    except seats.Stale:
        return _render(request, standing, problem=renewal_words.stale(), status=409)
    except (seats.SeatsError, commands.Busy) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _render(request, standing, problem=problem, status=problem.status)
    values = {"amount": words.money(amount, standing.row.currency), "day": words.day(change.effective_at)}
    messages.success(request, _("It renews for %(amount)s on %(day)s. You can take that back until then.") % values)
    return redirects.see(renewal_words.url(standing))


def _accept(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    form = RecommendedForm(request.POST)
    if not form.is_valid():
        return redirects.see(renewal_words.url(standing))
    wanted, amount, at = form.cleaned_data["seats"], form.cleaned_data["amount"], clock.now()
    try:
        change = renewal_seats.accept(standing, wanted=wanted, amount_minor=amount, origin=access.origin(request), at=at)
    except seats.NothingChanges:
        return redirects.see(renewal_words.url(standing))
    except seats.Stale:
        return _render(request, standing, problem=renewal_words.stale(), status=409)
    except (seats.SeatsError, commands.Busy) as error:
        problem = seat_problems.of(standing, error, wanted)
        return _render(request, standing, problem=problem, status=problem.status)
    values = {"seats": words.seats(wanted), "day": words.day(change.effective_at)}
    messages.success(request, _("It renews with %(seats)s on %(day)s. You can take that back until then.") % values)
    return redirects.see(renewal_words.url(standing))


def _render(
    request: OrganizationRequest, standing: Standing, *, problem: seat_problems.Problem | None = None, status: int = 200
) -> HttpResponse:
    """One query besides the standing."""
    values: dict[str, Any] = {
        "standing": standing,
        "problem": problem,
        "used": queries.use(standing, clock.now()),
        "receipt": renewal_words.receipt(standing),
        "changes": renewal_words.changes(standing),
        "url": renewal_words.url(standing),
        "term": committed.said(standing),
        "can_cancel": access.can(request, Permission.CANCEL),
    }
    return render(request, "storefront/renewal/page.html", values, status=status)
