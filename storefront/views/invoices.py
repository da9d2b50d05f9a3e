"""Invoices: the list, and the way to each one's page and PDF."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import Invoice
from billing.queries import invoices as queries
from billing.queries import overview
from billing.services import faults
from billing.services.mirroring import invoices
from config import clock
from storefront import invoice_file
from storefront.views import redirects


@require_safe
@access.require(Permission.VIEW_INVOICES)
def listing(request: OrganizationRequest) -> HttpResponse:
    """GET /invoices/?before=: a page of them. Three queries besides the request's own, however many there are."""
    page = queries.page(request.organization, before=request.GET.get("before", ""))
    values = {
        "page": page,
        "owed": queries.owed(request.organization),
        "debited": [invoice for invoice in page.invoices if invoice.is_debited],
        "is_customer": not page.invoices and overview.is_customer(request.organization),
    }
    return render(request, "storefront/invoices/page.html", values)


@require_safe
@access.require(Permission.VIEW_INVOICES)
def file(request: OrganizationRequest) -> HttpResponse:
    """GET /invoices/file/: all of them as CSV, for the books."""
    name = f"invoices-{clock.now():%Y-%m-%d}.csv"
    # In one piece: the reader's language and time zone are those of the request, and a company's invoices are few.
    response = HttpResponse("".join(invoice_file.lines(request.organization)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@access.require(Permission.VIEW_INVOICES)
def hosted(request: OrganizationRequest, stripe_id: str) -> HttpResponse:
    """GET /invoices/<id>/hosted/: on to Stripe's page of the invoice, where it can be paid."""
    return _go(request, stripe_id, invoices.hosted_url)


@require_safe
@access.require(Permission.VIEW_INVOICES)
def pdf(request: OrganizationRequest, stripe_id: str) -> HttpResponse:
    """GET /invoices/<id>/pdf/: on to the PDF."""
    return _go(request, stripe_id, invoices.pdf_url)


@require_safe
@access.require(Permission.VIEW_INVOICES)
def credit_notes(request: OrganizationRequest, stripe_id: str) -> HttpResponse:
    """GET /invoices/<id>/credit-notes/: what came back of an invoice, and where to. Two queries besides the request's own."""
    found = queries.find(request.organization, stripe_id)
    if found is None:
        raise Http404
    values = {"invoice": found, "notes": queries.credit_notes(found)}
    return render(request, "storefront/invoices/credit_notes.html", values)


@require_safe
@access.require(Permission.VIEW_INVOICES)
def credit_note_pdf(request: OrganizationRequest, stripe_id: str, note_id: str) -> HttpResponse:
    """GET /invoices/<id>/credit-notes/<note>/pdf/: on to the PDF."""
    note = queries.credit_note(request.organization, stripe_id, note_id)
    if note is None:
        raise Http404
    try:
        return redirects.see(invoices.credit_note_pdf_url(note))
    except faults.Unreachable:
        messages.error(request, _("Our payment service does not answer. Try again in a minute."))
    except (faults.GatewayError, invoices.NoPage):
        messages.error(request, _("There is no page of this credit note. Write to us and we send it."))
    return redirects.see("/invoices/")


def _go(request: OrganizationRequest, stripe_id: str, address: Callable[[Invoice], str]) -> HttpResponse:
    found = queries.find(request.organization, stripe_id)
    if found is None:
        raise Http404
    try:
        return redirects.see(address(found))
    except faults.Unreachable:
        messages.error(request, _("Our payment service does not answer. Try again in a minute."))
    except (faults.GatewayError, invoices.NoPage):
        messages.error(request, _("There is no page of this invoice. Write to us and we send it."))
    return redirects.see("/invoices/")
