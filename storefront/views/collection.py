"""How a subscription is paid: on invoice, or by what is on file."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import Collection
from billing.queries import overview, standing_facts
from billing.services import commands, faults
from billing.services.selling import collecting
from config import clock
from storefront.views import redirects


@require_POST
@access.require(Permission.MANAGE_PAYMENT)
def collection(request: OrganizationRequest) -> HttpResponse:
    """POST /payment-method/collection/ {line, method}: pay on invoice, or by what is on file, from the next charge on."""
    wanted = request.POST.get("method", "")
    if wanted not in Collection.values:
        return redirects.see("/payment-method/")
    return switch(request, request.POST.get("line", "")[:40], wanted)


def switch(request: OrganizationRequest, line: str, wanted: str) -> HttpResponse:
    """Have a line's subscription paid so; where an address is missing, over the billing details and back with the choice."""
    standing = overview.standing(request.organization, line)
    if standing is None:
        return redirects.see("/payment-method/")
    try:
        collecting.switch(standing.row, Collection(wanted), origin=access.origin(request), at=clock.now())
    except (collecting.CollectingError, commands.Busy, faults.GatewayError) as error:
        if isinstance(error, collecting.NoAddress):
            asked = {"for": "invoice", "line": standing.row.line.code}
            return redirects.see(f"{reverse('storefront:billing_details')}?{urlencode(asked)}")
        messages.error(request, _why(error))
        return redirects.see("/payment-method/")
    if wanted == Collection.INVOICED:
        messages.success(request, _("From now on you are sent invoices. Nothing is collected by itself any more."))
    elif standing_facts.bank_of(getattr(standing.row.organization, "customer", None)):
        messages.success(
            request, _("From now on the bank account is debited. Invoices that are open stay to be paid as they are.")
        )
    else:
        messages.success(request, _("From now on the card is charged. Invoices that are open stay to be paid as they are."))
    return redirects.see("/payment-method/")


def _why(error: Exception) -> str:
    if isinstance(error, collecting.NoCard):
        return _("Add a card first, then it can be charged.")
    if isinstance(error, collecting.NotAllowed):
        return _("Paying on invoice is agreed with a person: talk to us.")
    if isinstance(error, collecting.NotPossible):
        return _("This can't be changed right now: a payment is missing, or it is a trial, paused or ended.")
    return _("Our payment service does not answer, or another change is being made. Try again in a minute.")
