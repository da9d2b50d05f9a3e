"""The cart: filled by the first click on a price, looked over here, paid at Stripe."""

from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import Permission
from accounts.middleware import StoreRequest
from accounts.models import Organization
from accounts.queries import members, policies
from billing.models import Cart, Subscription
from billing.queries import bundles, catalog, catalog_words, payment_terms, tax
from billing.queries import carts as queries
from billing.rules import money
from billing.services.selling import cart_reminders, carts
from config import clock, context
from offramps.queries import hand_raises
from storefront import cart_cookie, limits, plan_words, return_words, typed_orders
from storefront.forms import addons as addon_forms
from storefront.forms.company import OrderForm
from storefront.forms.tax import present
from storefront.queries import cart as cart_query
from storefront.queries import cart_pilots, pricing


@require_safe
@never_cache
def new(request: StoreRequest) -> HttpResponse:
    """GET /cart/new/?plan=line/plan&seats=&interval=&currency=&promo= (or &pilot=line/pilot): fill the cart and go to it.

    Public and without a token, so that the pricing page can be kept for everybody: it makes a cart, which commits to nothing.
    """
    if "prefetch" in request.headers.get("Sec-Purpose", "") or request.method == "HEAD":
        return HttpResponse(status=204)
    if limits.is_over(request, "cart", policies.value("billing.carts_per_hour", clock.now())):
        return render(request, "storefront/cart/too_many.html", status=429)
    wanted = _wanted(request.GET)
    if not wanted.currency:
        wanted = replace(wanted, currency=_likely_currency(request))
    try:
        cart = carts.start(
            wanted=wanted,
            cart=_current(request),
            organization=request.organization if access.can(request, Permission.BUY) else None,
            first_touch=_first_touch(request),
            at=clock.now(),
            origin=access.origin(request),
        )
    except carts.TooManySeats as error:
        return redirect(_talk_url(wanted, error.seats))
    except carts.NotOnSale:
        return redirect("storefront:pricing")
    if "addon" in request.GET:
        wanted_addons = addon_forms.wanted(cart, request.GET)
        cart = carts.choose_addons(cart=cart, wanted=wanted_addons, at=clock.now(), origin=access.origin(request))
    if "promo" in request.GET:
        cart = carts.enter_code(cart=cart, code=request.GET["promo"], at=clock.now(), origin=access.origin(request))
    raised = {"raised": cart.seats} if cart.seats > wanted.seats and cart.pilot_id is None else {}
    response = HttpResponseRedirect(f"{reverse('storefront:cart')}{'?' + urlencode(raised) if raised else ''}")
    cart_cookie.write(response, cart)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def cart(request: StoreRequest) -> HttpResponse:
    """GET /cart/: the order, what happens next, and the way to pay. POST changes plan, seats, interval or currency."""
    found = _adopted(request, _current(request))
    if found is None:
        response = render(request, "storefront/cart/empty.html")
        cart_cookie.forget(response)
        return response
    if request.method != "POST":
        return _show(request, found)
    return {"code": _enter, "addons": _choose, "reminder": _remind}.get(request.POST.get("what", ""), _change)(request, found)


def _change(request: StoreRequest, found: Cart) -> HttpResponse:
    """Another plan, number of seats, interval or currency."""
    try:
        changed = carts.change(cart=found, wanted=_wanted(request.POST), at=clock.now(), origin=access.origin(request))
    except carts.TooManySeats as error:
        return _show(request, found, too_many=error, status=422)
    except (carts.NotOnSale, carts.Closed):
        return redirect("storefront:cart")
    raised = changed.seats if changed.pilot_id is None and changed.seats > _wanted(request.POST).seats else 0
    if _is_htmx(request):
        return _show(request, changed, raised=raised)
    return HttpResponseRedirect(f"{reverse('storefront:cart')}{'?' + urlencode({'raised': raised}) if raised else ''}")


def _enter(request: StoreRequest, found: Cart) -> HttpResponse:
    """Take a promotion code into the cart, or out of it; one that does not hold stays in its field, with the reason."""
    at, code = clock.now(), request.POST.get("code", "")
    if limits.is_over(request, "code", policies.value("billing.carts_per_hour", at)):
        return render(request, "storefront/cart/too_many.html", status=429)
    try:
        changed = carts.enter_code(cart=found, code=code, at=at, origin=access.origin(request))
    except carts.Closed:
        return redirect("storefront:cart")
    return _show(request, changed) if _is_htmx(request) else redirect("storefront:cart")


def _remind(request: StoreRequest, found: Cart) -> HttpResponse:
    """Be reminded of the cart once, or not: {what=reminder, wanted}."""
    if request.user.is_authenticated and found.organization_id is not None and access.can(request, Permission.BUY):
        is_wanted = bool(request.POST.get("wanted"))
        cart_reminders.want(cart=found, user=request.user, is_wanted=is_wanted, at=clock.now())
        if _is_htmx(request):  # the box says it, and what is being typed beside it stays
            return _show(request, _current(request) or found, with_addons=False)
        said = _("We remind you once, tomorrow, unless it is done by then.") if is_wanted else _("No reminder, then.")
        messages.success(request, said)
    return redirect("storefront:cart")


def _choose(request: StoreRequest, found: Cart) -> HttpResponse:
    """Have the ticked add-ons in the cart; a number beyond what is sold is cut down to it."""
    wanted = addon_forms.wanted(found, request.POST)
    try:
        changed = carts.choose_addons(cart=found, wanted=wanted, at=clock.now(), origin=access.origin(request))
    except carts.CartError:
        return redirect("storefront:cart")
    if not _is_htmx(request):
        return redirect("storefront:cart")
    # Fields somebody may be typing in stay as they are, but for a number that was cut down.
    is_cut = any(n is not None and request.POST.get(f"number-{code}") != str(n) for code, n in wanted.items())
    return _show(request, changed, with_addons=is_cut)


def _show(
    request: StoreRequest,
    found: Cart,
    *,
    too_many: carts.TooManySeats | None = None,
    raised: int = 0,
    with_addons: bool = True,
    status: int = 200,
) -> HttpResponse:
    at = clock.now()
    organization = request.organization if request.user.is_authenticated else None
    can_buy = access.can(request, Permission.BUY)
    trial = cart_query.trial(found, organization, request.user)
    has_live = organization is not None and (trial is None or trial.has_live)
    subscription = _live(organization, found) if organization and has_live else None
    spoken = request.headers.get("Accept-Language", "")
    page = cart_query.page(found, at, trial, spoken=spoken, pilot=cart_pilots.ask(found, organization))
    asks = can_buy and not subscription
    typed = typed_orders.of(request, found) if asks else None
    values = {
        "page": page,
        "is_part": _is_htmx(request),
        "with_addons": with_addons,
        "raised": str(found.seats) in (request.GET.get("raised"), str(raised)),
        "too_many": too_many,
        "share_url": request.build_absolute_uri(_again_url(found)),
        "talk_url": _talk_url(_wanted_of(found), too_many.seats if too_many else found.seats),
        "pricing_url": f"{reverse('storefront:pricing')}?{urlencode(_choice_of(found), doseq=True)}",
        "here": urlencode({"next": reverse("storefront:cart")}),
        "checkout_url": context.address("storefront:checkout"),
        "seats_url": _seats_url(subscription),
        "plan_url": plan_words.instead_url(subscription, found),
        "occupied": catalog_words.listed(bundles.shared_lines(subscription, found.plan)) if subscription else "",
        "can_buy": can_buy,
        "invoice_days": payment_terms.days_of_cart(found, at) if asks else 0,
        "order_form": _order_form(found, typed) if asks else None,
        "accepts": typed is not None and typed.accepts,
        "dropped": typed.drops if typed else (),
        "tax_ids": queries.tax_ids(found) if asks else [],
        "back_people": return_words.of_cart(found),
        "is_reminded": organization is not None and can_buy and _is_reminded(request, found),
        "who_can": members.who_can(organization, Permission.BUY) if organization and not can_buy else [],
        "subscription": subscription,
        "steps": [_("Plan"), _("Sign in"), _("Company"), _("Pay")],
        "step": (4 if organization else 3) if request.user.is_authenticated else 2,
        "answer_on": hand_raises.answer_on(at, organization),
    }
    template = "storefront/cart/order.html" if _is_htmx(request) else "storefront/cart/page.html"
    return render(request, template, values, status=status)


def _is_reminded(request: StoreRequest, found: Cart) -> bool:
    return request.user.is_authenticated and cart_reminders.is_wanted(found, request.user)


def _order_form(found: Cart, typed: typed_orders.Typed | None) -> OrderForm:
    """With what was typed before, else with what stands on invoices so far."""
    asks_country, initial = catalog.on_sale().tax.asks_country, {"country": ""}
    if found.organization is not None:
        initial = {"country": tax.billed_in(found.organization)}
        if (details := getattr(found.organization, "billing_details", None)) is not None:
            initial = present(details) | initial
    if typed is not None:
        return typed.fill(OrderForm({**initial, **typed.said}, country=initial["country"], asks_country=asks_country))
    return OrderForm(initial=initial, country=initial["country"], asks_country=asks_country)


def _seats_url(subscription: Subscription | None) -> str:
    """The seats page of what is in the way."""
    address = context.address("storefront:seats")
    return f"{address}?{urlencode({'line': subscription.line.code})}" if subscription else address


def _live(organization: Organization, found: Cart) -> Subscription | None:
    return queries.live_subscription(organization, found.plan.line_id, bundles.parts_of(found.plan))


def _is_htmx(request: StoreRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _current(request: StoreRequest) -> Cart | None:
    """This browser's cart; for whoever may buy, else the organization's latest, from another device."""
    organization = request.organization if access.can(request, Permission.BUY) else None
    found = cart_cookie.read(request)
    if found and found.organization_id in (None, organization.pk if organization else None):
        return found
    return queries.latest_of(organization) if organization else None


def _adopted(request: StoreRequest, found: Cart | None) -> Cart | None:
    """The cart, given to the organization of whoever is signed in and may buy."""
    if found is None or found.organization_id is not None or not access.can(request, Permission.BUY):
        return found
    assert request.organization is not None
    origin = access.origin(request)
    try:
        return carts.adopt(cart=found, organization=request.organization, user=request.user, at=clock.now(), origin=origin)
    except carts.Closed:
        return queries.latest_of(request.organization)


def _wanted(said: QueryDict) -> carts.Wanted:
    seats = said.get("seats", "")
    return carts.Wanted(
        plan=said.get("plan", ""),
        seats=min(int(seats), pricing.SEATS_LIMIT) if seats.isascii() and seats.isdigit() and len(seats) < 10 else 1,
        interval=said.get("interval", "month"),
        currency=said.get("currency", "").lower(),
        is_trial=said.get("trial", "") == "1",
        pilot=said.get("pilot", "")[:81],
    )


def _likely_currency(request: StoreRequest) -> str:
    """Of a link that names none: the organization's own, else what the reader's country pays in, as on the prices."""
    if request.organization is not None and request.organization.currency:
        return request.organization.currency
    spoken, sold = request.headers.get("Accept-Language", ""), catalog.on_sale().currencies
    return money.likely_currency(spoken, sold) if sold else ""


def _wanted_of(found: Cart) -> carts.Wanted:
    line = found.plan.line.code
    return carts.Wanted(
        plan=f"{line}/{found.plan.code}",
        seats=found.seats,
        interval=found.interval,
        currency=found.currency,
        is_trial=found.is_trial,
        pilot=f"{line}/{found.pilot.code}" if found.pilot else "",
    )


def _choice_of(found: Cart) -> dict[str, object]:
    wanted = {"line": found.plan.line.code, "seats": found.seats, "interval": found.interval, "currency": found.currency}
    return {**wanted, **addon_forms.query(found)}


def _again_url(found: Cart) -> str:
    """The address that fills a cart with the same: for somebody who may buy."""
    wanted = {"plan": f"{found.plan.line.code}/{found.plan.code}", "seats": found.seats}
    wanted |= {"interval": found.interval, "currency": found.currency}
    promo = {"promo": found.promotion_code} if found.promotion_code else {}
    promo |= {"trial": "1"} if found.is_trial else {}
    promo |= {"pilot": f"{found.plan.line.code}/{found.pilot.code}"} if found.pilot else {}
    query = {**wanted, **promo, **addon_forms.query(found)}
    return f"{reverse('storefront:cart_new')}?{urlencode(query, doseq=True)}"


def _talk_url(wanted: carts.Wanted, seats: int) -> str:
    query = {"reason": "seats", "plan": wanted.plan, "seats": seats, "interval": wanted.interval, "currency": wanted.currency}
    return f"{reverse('storefront:talk')}?{urlencode(query | {'page': 'cart'})}"


def _first_touch(request: StoreRequest) -> dict[str, str]:
    before = urlsplit(request.headers.get("Referer", ""))
    where = before.path if before.netloc == request.get_host() else before.netloc
    return cart_query.first_touch(request.GET, where, QueryDict(before.query))
