"""From the cart to Stripe's payment page and back."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.models import Organization
from accounts.services import legal
from billing.models import Cart, CheckoutAttempt, CheckoutState
from billing.queries import bundles, carts, catalog, catalog_words, checkouts, promotion_refusals, tax
from billing.queries import invoices as queries
from billing.rules import tax_ids as rules
from billing.rules.tax import Levy
from billing.services import commands, faults, notice_facts
from billing.services.books import pilots, trials
from billing.services.mirroring import tax_ids
from billing.services.selling import carts as cart_services
from billing.services.selling import checkout
from billing.services.tax import tax_details
from config import clock, words
from storefront import pilot_words, plan_words, trial_words, typed_orders
from storefront.forms.company import CompanyForm, OrderForm
from storefront.views import redirects

# After this many looks the page stops asking by itself and offers a link.
LOOKS = 60


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.BUY)
def start(request: OrganizationRequest) -> HttpResponse:
    """POST /checkout/ {cart, as_of, without_code, accept, trial, what OrderForm asks}: accept the terms, then on to pay.

    Details that change the tax are kept, and the cart shown again with what it comes to. A double click leads to the same.
    `without_code` names the promotion code that the page said it does not count, `drop_tax_id` each id to be taken off.

    A cart that was changed since the page was drawn (`as_of`), in another tab or by a colleague, is shown again first: the
    payment page would ask for another amount than the button said.
    """
    if request.method != "POST":
        return redirect("storefront:cart")
    cart = _cart(request)
    if cart is None:
        messages.info(request, _("This cart was bought or replaced meanwhile."))
        return redirect("storefront:home")
    if request.POST.get("as_of", cart.updated_at.isoformat()) != cart.updated_at.isoformat():
        messages.warning(
            request, _("Your cart was changed meanwhile, in another window or by somebody else. Look at it again.")
        )
        return redirect("storefront:cart")
    country = tax.billed_in(request.organization)
    order = OrderForm(request.POST, country=country, asks_country=catalog.on_sale().tax.asks_country)
    again = _asked_again(request, cart, order)
    if again is not None:
        return again
    try:  # what the button said counts: where no trial is to be had, it was to buy
        is_trial = request.POST.get("trial") == "1"
        cart = cart_services.choose_start(cart=cart, is_trial=is_trial, at=clock.now(), origin=access.origin(request))
        if cart.promotion_code and request.POST.get("without_code") == cart.promotion_code:
            cart = cart_services.leave_code(cart=cart, at=clock.now(), origin=access.origin(request))
    except cart_services.Closed:
        return redirect("storefront:home")
    legal.accept(organization=request.organization, user=request.user, origin=access.origin(request), at=clock.now())
    return _go(request, cart, order.details())


def _asked_again(request: OrganizationRequest, cart: Cart, order: OrderForm) -> HttpResponse | None:
    """The cart once more, where something is to be mended or the amount is another by what was typed; None: go on.

    By an address of its own, with what was typed: what a browser posted it can't go back to.
    """
    drops = request.POST.getlist("drop_tax_id")[: tax_ids.MOST]
    before, known = _levy(request), frozenset[str]()
    if request.POST.get("accept") != "yes":
        messages.error(request, _("Accept the terms first; what you typed is kept."))
    elif not order.is_valid() or not keeps_tax_id(request, order):
        messages.error(request, _("Something is to be mended first; what you typed is kept, and nothing was charged."))
    elif not _moved(request, order, before, is_dropped=_dropped(request, drops)):
        typed_orders.forget(request)
        return None
    else:
        messages.info(request, _("Your cart now has the tax that your details bring. Look at it, and confirm it once more."))
        drops, known = [], frozenset({"tax_kind", "tax_number"})
    typed_orders.keep(request, cart, order, drops=drops, without=known)
    return redirects.see(reverse("storefront:cart"))


def _dropped(request: OrganizationRequest, values: list[str]) -> bool:
    """Take the ticked tax ids away; whether there were any. One that is just being added stays."""
    rows = list(request.organization.tax_ids.filter(removed_at=None, value__in=values)) if values else []
    for row in rows:
        with suppress(commands.Busy):
            tax_ids.remove(row, origin=access.origin(request), at=clock.now())
    return bool(rows)


def keeps_tax_id(request: OrganizationRequest, form: CompanyForm) -> bool:
    """Keep the tax id that was typed, if one was; False: it is none, and the form says so."""
    wanted = form.tax_id()
    try:
        if wanted is not None:
            with suppress(tax_ids.Known):
                tax_ids.add(request.organization, **wanted, origin=access.origin(request), at=clock.now())
    except rules.UnfitError as error:
        form.refuse(error)
        return False
    except tax_ids.TooMany:
        form.add_error("tax_number", _("Five tax ids are the most. Remove one that you no longer use first."))
        return False
    return True


def _moved(request: OrganizationRequest, order: OrderForm, before: Levy, *, is_dropped: bool) -> bool:
    """Keep what was said, where it may change the tax; whether it does: the button named an amount."""
    said = order.details()
    if not is_dropped and order.tax_id() is None and said.get("country", "") in ("", tax.billed_in(request.organization)):
        return False
    tax_details.save(request.organization, said, origin=access.origin(request), at=clock.now())
    return _levy(request) != before


def _levy(request: OrganizationRequest) -> Levy:
    """How the first charge would be taxed by what is known now."""
    rows = Organization.objects.select_related("billing_details", "tax_standing__rate")
    return tax.first_levy(rows.get(pk=request.organization.pk), catalog.on_sale().tax, clock.now())


@require_safe
@access.require(Permission.BUY)
def attempt(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET /checkout/<id>/: how the purchase stands. Back from the payment page (`paid`) it asks Stripe itself."""
    found = checkouts.find(request.organization, public_id)
    if found is None:
        raise Http404
    has_answer = True
    if found.state == CheckoutState.OPEN and "paid" in request.GET:
        try:
            found = checkout.look_up(found)
        except faults.GatewayError:
            has_answer = False  # the event will say it too; the page goes on looking
    template = "storefront/checkout/_state.html" if request.htmx else "storefront/checkout/attempt.html"
    return render(request, template, _context(request, found, has_answer=has_answer))


def _context(request: OrganizationRequest, found: CheckoutAttempt, *, has_answer: bool) -> dict[str, Any]:
    looks = request.GET.get("look", "0")
    look = int(looks) if looks.isascii() and looks.isdigit() and len(looks) < 4 else 0
    has_paid = "paid" in request.GET
    waits = found.state == CheckoutState.OPENING or (found.state == CheckoutState.OPEN and has_paid)
    query = {"paid": 1, "look": look + 1} if has_paid else {"look": look + 1}
    return {
        "attempt": found,
        "plan": found.price.plan.name,
        "waits": waits,
        "asks_again": waits and look < LOOKS,
        "has_answer": has_answer,
        "again_url": f"{reverse('storefront:checkout_attempt', args=[found.public_id])}?{urlencode(query)}",
        "subscription": found.subscription,
        "debit": queries.debited(found.subscription) if found.subscription else None,
        "how": notice_facts.how(found.subscription) if found.subscription else "",
        "is_new_cart_open": found.cart.state == "open",
    }


def _cart(request: OrganizationRequest) -> Cart | None:
    """The open cart the form names: the organization's own, or one that nobody has yet."""
    cart = carts.open_with(request.POST.get("cart", ""))
    return cart if cart is not None and cart.organization_id in (None, request.organization.pk) else None


def _bought_already(error: checkout.AlreadyBought, cart: Cart) -> str:
    row = error.subscription
    said = _("You have %(seats)s already: change them here.")
    if plan_words.instead_url(row, cart):
        said = _("You have %(plan)s already: change to %(wanted)s here.")
    if row.line_id != cart.plan.line_id:
        said = _("You have %(plan)s with %(seats)s already, and %(wanted)s would bring %(lines)s again.")
    lines = catalog_words.listed(bundles.shared_lines(row, cart.plan))
    return said % {"seats": words.seats(row.quantity), "plan": row.plan.name, "wanted": cart.plan.name, "lines": lines}


def _go(request: OrganizationRequest, cart: Cart, details: dict[str, str]) -> HttpResponse:
    """Open the payment page, or say on the cart (or where it leads to) why not."""
    try:
        opened = checkout.start(
            cart=cart,
            organization=request.organization,
            origin=access.origin(request),
            at=clock.now(),
            details=details,
        )
    except checkout.AlreadyBought as error:
        messages.info(request, _bought_already(error, cart))
        if instead := plan_words.instead_url(error.subscription, cart):
            return redirects.see(instead)
        return redirects.see(f"{reverse('storefront:seats')}?{urlencode({'line': error.subscription.line.code})}")
    except checkout.SeatsOutOfRange:
        return redirects.see(_talk_url(cart))
    except (checkout.CheckoutError, trials.Refused, pilots.Refused, commands.Busy, faults.GatewayError) as error:
        messages.error(request, why(error, cart))
        return redirects.see(reverse("storefront:cart"))
    if opened.state == CheckoutState.OPEN and opened.url:
        return redirects.see(opened.url)
    return redirects.see(reverse("storefront:checkout_attempt", args=[opened.public_id]))


def why(error: Exception, cart: Cart) -> str:
    """Why nothing was bought, for the cart's page."""
    if isinstance(error, checkout.CodeRefused):
        return promotion_refusals.refusal(error.entered)
    if isinstance(error, trials.Refused):
        return trial_words.refusal(error.answer, cart)
    if isinstance(error, pilots.Refused):
        return pilot_words.refusal(error.answer, cart)
    if isinstance(error, checkout.CurrencyLocked):
        text = _("Your organization pays in %(currency)s while anything in it is open: choose that currency.")
        return text % {"currency": error.currency.upper()}
    if isinstance(error, checkout.NotOnSale):
        return _("What your cart holds is no longer sold like this. Choose again; nothing was charged.")
    return _("Our payment service does not answer. Your cart is kept; try again in a minute.")


def _talk_url(cart: Cart) -> str:
    query = {
        "reason": "seats",
        "plan": f"{cart.plan.line.code}/{cart.plan.code}",
        "seats": cart.seats,
        "interval": cart.interval,
        "currency": cart.currency,
        "page": "checkout",
    }
    return f"{reverse('storefront:talk')}?{urlencode(query)}"
