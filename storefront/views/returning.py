"""Coming back after the end: one click fills a cart with what one had."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.queries import overview
from billing.services.selling import carts, returning
from config import clock
from storefront import cart_cookie
from storefront.views import redirects


@require_POST
@access.require(Permission.BUY)
def fill(request: OrganizationRequest) -> HttpResponse:
    """POST /subscription/return/ {line}: a cart with the plan, seats and add-ons of the subscription that ended."""
    standing = overview.standing(request.organization, request.POST.get("line", "")[:40])
    if standing is None or standing.row.is_live:
        return redirects.see(reverse("storefront:home"))
    try:
        cart = returning.fill(standing.row, origin=access.origin(request), at=clock.now())
    except carts.CartError:
        messages.info(request, _("What you had is not sold any more. Choose from what is sold now; everybody is still here."))
        return redirects.see(reverse("storefront:pricing"))
    response = redirects.see(reverse("storefront:cart"))
    cart_cookie.write(response, cart)
    return response
