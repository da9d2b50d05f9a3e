"""Organizations: the first one, its settings, and which one a person acts for."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.middleware import CURRENT
from accounts.queries import joining, second_factors
from accounts.services import offers, organizations
from config import clock, switches
from config.switches import Feature
from storefront.forms.organizations import OrganizationForm, first_guess, present

HOME = "/"


@require_http_methods(["GET", "HEAD", "POST"])
@access.signed_in
def new(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /organizations/new/: the company, in one short form; then on to where one was going."""
    if request.method == "POST":
        form = OrganizationForm(request.POST)
        if form.is_valid() and (response := _create(request, form)):
            return response
    else:
        form = OrganizationForm(initial=first_guess(request.user, request.headers.get("Accept-Language", "")))
    offers = joining.offers(request.user, clock.now()) if switches.has(Feature.TEAM) else []
    context = {"form": form, "next": next_url(request), "is_first": not request.memberships, "offers": offers}
    return render(request, "storefront/organizations/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_ORGANIZATION)
def settings(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /settings/organization/."""
    if request.method == "POST":
        form = OrganizationForm(request.POST)
        if form.is_valid() and (response := _update(request, form)):
            return response
    else:
        form = OrganizationForm(initial=present(request.organization))
    context = {
        "form": form,
        "organization": request.organization,
        "sections": sections(request),
        "offers_factor": not request.user.factor_offer_closed_at and not second_factors.has_any(request.user),
    }
    return render(request, "storefront/organizations/settings.html", context, status=422 if form.errors else 200)


@require_POST
@access.require(Permission.MANAGE_ORGANIZATION)
def factor_offer(request: OrganizationRequest) -> HttpResponse:
    """POST /settings/second-factor-offer/: don't offer a second factor any more."""
    offers.close_factor_offer(user=request.user, at=clock.now())
    return redirect("storefront:organization_settings")


@require_POST
@access.signed_in
def switch(request: OrganizationRequest) -> HttpResponse:
    """POST /organizations/current/ with `organization` (a public id): act for another one from now on."""
    wanted = request.POST.get("organization", "")
    if wanted not in {membership.organization.public_id for membership in request.memberships}:
        raise Http404
    request.session[CURRENT] = wanted
    return redirect(HOME)


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages below settings that the reader may open, as links of a segmented switch."""
    pages = [
        ("storefront:organization_settings", _("Organization"), Permission.MANAGE_ORGANIZATION),
        ("storefront:billing_details", _("Billing details"), Permission.MANAGE_PAYMENT),
        ("storefront:people_settings", _("People and receipts"), Permission.MANAGE_ORGANIZATION),
        ("storefront:api_keys", _("API keys"), Permission.MANAGE_API_KEYS),
        ("storefront:webhooks", _("Webhooks"), Permission.MANAGE_WEBHOOKS),
        ("storefront:organization_closure", _("Close"), Permission.CLOSE_ORGANIZATION),
    ]
    offered = [(reverse(name), label) for name, label, permission in pages if access.can(request, permission)]
    return [{"url": url, "label": label, "current": request.path.startswith(url)} for url, label in offered]


def next_url(request: HttpRequest) -> str:
    """Where the person was going, if that is a page of this store."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return wanted if safe else ""


def _create(request: OrganizationRequest, form: OrganizationForm) -> HttpResponse | None:
    try:
        organization, _membership = organizations.create(
            owner=request.user,
            details=form.details(get_language() or "en"),
            origin=access.origin(request),
            at=clock.now(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None
    request.session[CURRENT] = organization.public_id
    return HttpResponseRedirect(next_url(request) or HOME)


def _update(request: OrganizationRequest, form: OrganizationForm) -> HttpResponse | None:
    organization = request.organization
    try:
        changed = organizations.update(
            organization=organization, details=form.details(organization.locale), origin=access.origin(request), at=clock.now()
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return redirect("storefront:organization_settings")
