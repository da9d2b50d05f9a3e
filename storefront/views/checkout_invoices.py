"""Buying on invoice: the store's own step between the cart and what is bought, as Stripe's payment page knows cards alone."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.services import legal
from billing.models import Cart
from billing.queries import carts, tax
from billing.services import commands, faults
from billing.services.selling import checkout, invoiced
from billing.services.tax import tax_details
from config import clock, words
from storefront import credit_words, tax_words
from storefront.forms.company import InvoiceOrderForm
from storefront.forms.tax import present
from storefront.queries import cart as cart_query
from storefront.views import redirects
from storefront.views.checkout import keeps_tax_id, why


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.BUY)
def start(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /checkout/invoice/?cart=: who the invoice is made out to and what it comes to; POST buys for exactly that.

    Details that are typed are kept first, as they may change the tax: then the amount is shown again, and nothing is bought.
    """
    cart = _cart(request)
    if cart is None:
        messages.info(request, _("This cart was bought or replaced meanwhile."))
        return redirects.see(reverse("storefront:home"))
    shown = tax.page(request.organization, clock.now())
    country = tax.country_of(request.organization, shown.details)
    if request.method != "POST":
        initial = present(shown.details) | {"country": country}
        return _show(request, cart, InvoiceOrderForm(initial=initial, country=country))
    form = InvoiceOrderForm(request.POST, country=country)
    if not form.is_valid() or not _kept(request, form):
        return _show(request, cart, form, status=422)
    if request.POST.get("accept") != "yes":
        return _show(request, cart, form, problem=_("Accept the terms first; what you typed is kept."), status=422)
    return _buy(request, cart, form)


def _cart(request: OrganizationRequest) -> Cart | None:
    """The open cart the address names: the organization's own, or one that nobody has yet."""
    found = carts.open_with((request.POST if request.method == "POST" else request.GET).get("cart", ""))
    return found if found is not None and found.organization_id in (None, request.organization.pk) else None


def _kept(request: OrganizationRequest, form: InvoiceOrderForm) -> bool:
    """Keep what was typed; False: the tax id is none."""
    if not keeps_tax_id(request, form):
        return False
    tax_details.save(request.organization, form.details(), origin=access.origin(request), at=clock.now())
    return True


def _buy(request: OrganizationRequest, cart: Cart, form: InvoiceOrderForm) -> HttpResponse:
    at, origin, expected = clock.now(), access.origin(request), request.POST.get("expected", "")
    legal.accept(organization=request.organization, user=request.user, origin=origin, at=at)
    try:
        bought = invoiced.start(
            cart=cart,
            organization=request.organization,
            expected_minor=int(expected) if expected.isascii() and expected.isdigit() and len(expected) < 16 else -1,
            origin=origin,
            at=at,
        )
    except invoiced.AmountDiffers as error:
        amount = words.money(error.offer.total_minor, error.offer.currency)
        said = _("With these details it comes to %(amount)s. Look at it, and confirm it once more; nothing was bought yet.")
        return _show(request, cart, form, problem=said % {"amount": amount}, status=409)
    except checkout.BeyondCredit:
        return _show(request, cart, form, status=409)
    except invoiced.NotOnInvoice:
        messages.info(request, _("This is paid by card."))
        return redirects.see(reverse("storefront:cart"))
    except (checkout.CheckoutError, commands.Busy, faults.GatewayError) as error:
        messages.error(request, why(error, cart))
        return redirects.see(reverse("storefront:cart"))
    return redirects.see(reverse("storefront:checkout_attempt", args=[bought.public_id]))


def _show(
    request: OrganizationRequest, cart: Cart, form: InvoiceOrderForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The step, with the amount as it is now; back to the cart where it can't be had on invoice."""
    at = clock.now()
    cart = carts.open_with(cart.public_id) or cart  # with the details and the tax as they are by now
    try:
        offered = invoiced.offer(cart, request.organization, at)
    except checkout.CheckoutError as error:
        if not isinstance(error, invoiced.NotOnInvoice):
            messages.error(request, why(error, cart))
        return redirects.see(reverse("storefront:cart"))
    page = cart_query.page(cart, at)
    values: dict[str, Any] = {
        "cart": cart,
        "form": form,
        "offer": offered,
        "beyond": "" if offered.has_room else credit_words.figures(offered.beyond),
        "page": page,
        "problem": problem,
        "receipt": _receipt(page, offered),
        "ids": [tax_words.tax_id(row) for row in tax.page(request.organization, at).ids],
        "talk_url": f"{reverse('storefront:talk')}?reason=seats&page=checkout",
        "steps": [_("Plan"), _("Sign in"), _("Company"), _("Pay")],
    }
    return render(request, "storefront/checkout/invoice.html", values, status=status)


def _receipt(page: cart_query.CartPage, offered: invoiced.Offer) -> dict[str, Any]:
    label = _("Invoiced, due on %(day)s") % {"day": words.day(offered.due_at)}
    return page.receipt | {"total_minor": offered.total_minor, "total_label": label}
