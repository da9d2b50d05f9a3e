"""A sent invoice by the link of a mail: on to Stripe's page of it, for whoever pays the invoices and has no account."""

from django.conf import settings as store
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing.models import Invoice
from billing.services import faults
from billing.services.books import sent_invoices
from billing.services.mirroring import invoices
from storefront import limits
from storefront.views import redirects

# Of one network address in an hour: a link that went round a company, and not somebody who tries links.
MOST_LOOKS = 120


@never_cache
@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET /open-invoices/<token>/: on to the page that shows and takes the payment, at the address it has today."""
    found = sent_invoices.of_token(token)
    if found is None or limits.is_over(request, "open_invoice", MOST_LOOKS):
        raise Http404
    rows = Invoice.objects.select_related("organization").filter(organization__closed_at=None)
    invoice = get_object_or_404(rows, pk=found)
    with translation.override(invoice.organization.locale):
        try:
            return redirects.see(invoices.hosted_url(invoice))
        except (faults.GatewayError, invoices.NoPage):
            return render(request, "storefront/asking/no_invoice.html", {"email": store.BRAND["support_email"]}, status=503)
