"""Staff replace an invoice that names a wrong address or purchase order: of a paid one, too."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import access, staff_guard
from accounts.origin import Source
from billing.admin import giving_back_forms
from billing.admin.shown import money
from billing.models import BillingDetails, Invoice
from billing.services import commands, faults
from billing.services.refunds import giving_back, replacing
from config import clock
from config.admin import acts, columns

LABELS = {
    "purchase_order": _("Purchase order"),
    "legal_name": _("Legal name"),
    "line1": _("Street and number"),
    "line2": _("More of the address"),
    "postal_code": _("Postal code"),
    "city": _("City"),
    "state": _("State or region"),
}
LONGEST = {"purchase_order": 140, "legal_name": 150, "postal_code": 20, "city": 100, "state": 100, "line1": 200, "line2": 200}
TROUBLE = (replacing.ReplacingError, giving_back.GivingError, commands.Busy, faults.GatewayError)


class ReplaceForm(forms.Form):
    """What it should name. `nonce` makes two clicks one."""

    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            self.fields[name] = forms.CharField(
                label=label, max_length=LONGEST[name], required=False, widget=UnfoldAdminTextInputWidget
            )


def replace(page: Any, request: HttpRequest, invoice_id: int) -> HttpResponse:
    """GET, POST .../replace/<invoice>/: what the invoice should name; a credit note and a new invoice take its place."""
    if not giving_back_forms.may_give(request):
        raise PermissionDenied
    if proof := staff_guard.way_to_fresh_proof(request, request.get_full_path()):
        return HttpResponseRedirect(proof)
    rows = Invoice.objects.select_related("organization", "subscription__price")
    invoice = get_object_or_404(rows, pk=invoice_id)
    if request.method != "POST":
        return _show(page, request, invoice, ReplaceForm(initial=_present(invoice)))
    form = ReplaceForm(request.POST)
    if not form.is_valid():
        return _show(page, request, invoice, form, status=422)
    said = {name: form.cleaned_data[name] for name in LABELS}
    origin, nonce = access.origin(request, Source.ADMIN), form.cleaned_data["nonce"]
    try:
        command = replacing.replace(invoice, said, nonce=nonce, origin=origin, at=clock.now(), is_staff=True)
    except TROUBLE as error:
        return _show(page, request, invoice, form, problem=_why(error), status=422)
    if command.state == "failed":
        return _show(
            page, request, invoice, form, problem=gettext("Stripe refused: %(why)s") % {"why": command.error}, status=422
        )
    messages.success(request, gettext("It is replaced, with a credit note over the old one. The customer gets a mail."))
    return HttpResponseRedirect(columns.address(invoice))


def _present(invoice: Invoice) -> dict[str, str]:
    details = BillingDetails.objects.filter(organization=invoice.organization).first() or BillingDetails()
    order = {"purchase_order": invoice.purchase_order, "nonce": uuid.uuid4().hex}
    return {name: getattr(details, name) for name in LABELS} | order


def _show(
    page: Any, request: HttpRequest, invoice: Invoice, form: ReplaceForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    act = acts.Act(
        title=gettext("Replace invoice %(number)s") % {"number": invoice},
        lead=gettext(
            "A new invoice of the same lines and %(amount)s takes its place; a credit note takes back the old one. No money "
            "moves; seats and MRR stay. Another country needs another tax, which this cannot do."
        )
        % {"amount": money(replacing.rest_minor(invoice), invoice.currency)},
        form=form,
        button=gettext("Replace it"),
        back_url=columns.address(invoice),
        problem=problem,
    )
    return acts.render(page, request, invoice, act, status=status)


def _why(error: Exception) -> str:
    if isinstance(error, replacing.NothingChanged):
        return gettext("That is what it names already.")
    if isinstance(error, replacing.ReplacingError | giving_back.GivingError):
        return gettext(
            "It can't be replaced: void, refunded, replaced, or partly paid, from credit too. Give it back with a credit note, "
            "and make the right one by hand at Stripe."
        )
    return gettext("Stripe does not answer, or another act on it is under way. Try again in a minute.")


def _offer(request: HttpRequest, invoice: Invoice) -> acts.Offer | None:
    may = invoice.status in ("open", "paid") and invoice.subscription_id is not None and giving_back_forms.may_give(request)
    if not may or Invoice.objects.filter(replaces=invoice).exists():
        return None
    return acts.Offer(gettext("Correct it"), reverse("admin:billing_invoice_replace", args=[invoice.pk]), "edit_document")


acts.offer_on(Invoice, _offer)
