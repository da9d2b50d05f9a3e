"""A wrong purchase order or address on an invoice that is open: replaced by the buyer, in one step."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import Invoice
from billing.queries import tax
from billing.services import commands, faults
from billing.services.refunds import replacing
from billing.services.tax import tax_details
from config import clock
from storefront.forms.replacing import CorrectionForm
from storefront.forms.tax import present
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_PAYMENT)
def correction(request: OrganizationRequest, stripe_id: str) -> HttpResponse:
    """GET, POST /invoices/<id>/correction/: what it should name; a credit note and a new invoice take its place."""
    rows = Invoice.objects.select_related("organization", "subscription__price")
    invoice = rows.filter(organization=request.organization, stripe_id=stripe_id).first()
    if invoice is None:
        raise Http404
    try:
        replacing.check(invoice, is_staff=False)
    except replacing.ReplacingError as error:
        return _show(request, invoice, None, problem=_why(error))
    if request.method != "POST":
        details = present(tax.page(request.organization, clock.now()).details)
        initial = details | {"purchase_order": invoice.purchase_order, "nonce": uuid.uuid4().hex}
        return _show(request, invoice, CorrectionForm(initial=initial))
    form = CorrectionForm(request.POST)
    return _replace(request, invoice, form) if form.is_valid() else _show(request, invoice, form, status=422)


def _replace(request: OrganizationRequest, invoice: Invoice, form: CorrectionForm) -> HttpResponse:
    origin, nonce = access.origin(request), form.cleaned_data["nonce"]
    try:
        command = replacing.replace(invoice, form.corrected(), nonce=nonce, origin=origin, at=clock.now())
    except (replacing.ReplacingError, commands.Busy, faults.GatewayError) as error:
        return _show(request, invoice, form, problem=_why(error), status=409)
    if command.state == "done":
        said = _("Invoice %(number)s was replaced. The new one and the credit note over the old one are in the list.")
        messages.success(request, said % {"number": invoice.number})
    elif command.state == "failed":
        messages.error(request, _("Our payment service refused it. The invoice stands as it was; write to us."))
    else:
        messages.info(request, _("It is being replaced: our payment service has not answered yet. Look again in a minute."))
    return redirects.see(reverse("storefront:invoices"))


def _show(
    request: OrganizationRequest, invoice: Invoice, form: CorrectionForm | None, *, problem: str = "", status: int = 200
) -> HttpResponse:
    values: dict[str, Any] = {"invoice": invoice, "form": form, "problem": problem, "fields": tax_details.FIELDS}
    return render(request, "storefront/invoices/correction.html", values, status=status)


def _why(error: Exception) -> str:
    if isinstance(error, replacing.OthersOnly):
        return _("It is paid, so one of us replaces it: write to us what it should say.")
    if isinstance(error, replacing.NothingChanged):
        return _("That is what it says already.")
    if isinstance(error, replacing.NotReplaceable):
        return _(
            "This invoice can't be replaced here: it is void, was refunded or replaced already, or was paid in part or from "
            "credit. Write to us what it should say: we give it back and invoice it anew."
        )
    return _("Our payment service does not answer, or another change is being made. Try again in a minute.")
