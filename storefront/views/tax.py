"""Billing details: what stands on invoices, tax ids, and how the organization is taxed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import Collection
from billing.queries import tax
from billing.rules import tax_ids as rules
from billing.services import commands
from billing.services.mirroring import tax_ids
from billing.services.tax import tax_details
from config import clock
from storefront import tax_words
from storefront.forms.tax import DetailsForm, TaxIdForm, present
from storefront.views import collection, organizations, redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_PAYMENT)
def billing_details(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /settings/billing/; with `for=invoice&line=` somebody chose to pay on invoice, which saving goes on with."""
    if request.method != "POST":
        return _page(request)
    form = DetailsForm(request.POST)
    if not form.is_valid():
        return _page(request, details_form=form)
    changed = tax_details.save(request.organization, form.cleaned_data, origin=access.origin(request), at=clock.now())
    if request.POST.get("for") == "invoice":
        return collection.switch(request, request.POST.get("line", "")[:40], Collection.INVOICED)
    messages.success(request, _("Saved. It stands on your next invoice.") if changed else _("Nothing was changed."))
    return redirects.see(reverse("storefront:billing_details"))


@require_POST
@access.require(Permission.MANAGE_PAYMENT)
def ids(request: OrganizationRequest) -> HttpResponse:
    """POST /settings/billing/tax-ids/ with `kind` and `number`."""
    country = tax.page(request.organization, clock.now()).details.country
    form = TaxIdForm(request.POST, country=country)
    if not form.is_valid():
        return _page(request, id_form=form)
    try:
        row = tax_ids.add(request.organization, **form.asked(), origin=access.origin(request), at=clock.now())
    except rules.UnfitError as error:
        form.refuse(error)
        return _page(request, id_form=form)
    except tax_ids.Known:
        form.add_error("number", _("You have this number already; it is in the list."))
        return _page(request, id_form=form)
    except tax_ids.TooMany:
        form.add_error(None, _("Five tax ids are the most. Remove one that you no longer use first."))
        return _page(request, id_form=form)
    if row.state == "refused":
        messages.error(request, _("Our payment service refused the number: %(why)s") % {"why": row.message})
    else:
        messages.success(request, _("%(number)s is saved.") % {"number": row.value})
    return redirects.see(reverse("storefront:billing_details"))


@require_POST
@access.require(Permission.MANAGE_PAYMENT)
def removal(request: OrganizationRequest, tax_id: int) -> HttpResponse:
    """POST /settings/billing/tax-ids/<id>/removal/."""
    row = get_object_or_404(request.organization.tax_ids, pk=tax_id)
    try:
        row = tax_ids.remove(row, origin=access.origin(request), at=clock.now())
    except commands.Busy:
        row.refresh_from_db()
    if row.removed_at is None:
        messages.info(request, _("%(number)s is being removed; that takes a few seconds.") % {"number": row.value})
    else:
        messages.success(request, _("%(number)s is removed. Invoices that you have keep it.") % {"number": row.value})
    return redirects.see(reverse("storefront:billing_details"))


def _page(
    request: OrganizationRequest, *, details_form: DetailsForm | None = None, id_form: TaxIdForm | None = None
) -> HttpResponse:
    """The page; 422 when it shows a form again."""
    shown = tax.page(request.organization, clock.now())
    said = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {
        "form": details_form or DetailsForm(initial=present(shown.details)),
        "id_form": id_form or TaxIdForm(country=shown.details.country),
        "ids": [tax_words.tax_id(row) for row in shown.ids],
        "treatment": tax_words.treatment(shown.standing, shown.details.country),
        "for_invoice": said.get("for") == "invoice",
        "for_line": said.get("line", "")[:40],
        "is_full": len(shown.ids) >= tax_ids.MOST,
        "sections": organizations.sections(request),
        "is_from_invoices": not access.can(request, Permission.MANAGE_ORGANIZATION),
    }
    return render(request, "storefront/tax/page.html", context, status=422 if details_form or id_form else 200)
