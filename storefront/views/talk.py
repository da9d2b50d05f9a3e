"""Talk to a person: from everywhere, with the cart; promises what is true, which is a dated reply by mail."""

import secrets
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import Permission
from accounts.middleware import StoreRequest
from accounts.queries import policies
from billing.models import Cart
from billing.queries import carts, catalog
from config import clock
from offramps.models import HandRaiseReason
from offramps.queries import hand_raises as queries
from offramps.services import hand_raises
from storefront import cart_cookie, limits
from storefront.forms.talk import TalkForm

# What travels in the address from the page where somebody asked.
CARRIED = ("page", "seats", "plan", "interval", "currency")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def talk(request: StoreRequest) -> HttpResponse:
    """GET, POST /talk/?reason=&seats=&page=&plan=&interval=&currency=: the reason, then the few fields it needs."""
    reason = _reason(request.GET.get("reason", ""))
    is_known = request.user.is_authenticated
    if request.method == "POST" and reason:
        form = TalkForm(request.POST, reason=reason, is_known=is_known)
        if form.is_valid():
            return _raise(request, form)
        return _show(request, reason, form, status=422)
    empty = TalkForm(initial=_initial(request), reason=reason, is_known=is_known) if reason else None
    return _show(request, reason, empty)


def _show(
    request: StoreRequest, reason: HandRaiseReason | None, form: TalkForm | None, *, status: int = 200, too_many: bool = False
) -> HttpResponse:
    basket, _cart = _basket(request, form)
    context = {
        "reason": reason,
        "reasons": [{"value": value, "label": label} for value, label in HandRaiseReason.choices],
        "carried": [(name, request.GET[name]) for name in CARRIED if request.GET.get(name)],
        "form": form,
        "basket": basket,
        "too_many": too_many,
        "answer_on": queries.answer_on(clock.now(), request.organization),
        "self_service": _self_service(request, reason),
    }
    return render(request, "storefront/talk/page.html", context, status=status)


def _raise(request: StoreRequest, form: TalkForm) -> HttpResponse:
    cleaned, now = form.cleaned_data, clock.now()
    basket, cart = _basket(request, form)
    contact = hand_raises.Contact(
        email=request.user.email if request.user.is_authenticated else cleaned["email"],
        name=request.user.get_short_name() if request.user.is_authenticated else cleaned["name"],
        phone=cleaned["phone"],
        channel=cleaned["channel"],
        locale=translation.get_language() or "",
    )
    if limits.is_over(request, "talk", policies.value("offramps.raises_per_hour_and_network", now)):
        return _show(request, form.reason, form, status=429, too_many=True)
    try:
        made = hand_raises.raise_hand(
            reason=form.reason,
            answers=form.answers(),
            contact=contact,
            basket=basket,
            cart=cart,
            organization=request.organization,
            page=request.GET.get("page", ""),
            click=cleaned["click"],
            at=now,
            origin=access.origin(request),
        )
    except hand_raises.TooMany:
        return _show(request, form.reason, form, status=429, too_many=True)
    return HttpResponseRedirect(reverse("storefront:talk_raised", args=[made.public_id]))


def _reason(said: str) -> HandRaiseReason | None:
    return HandRaiseReason(said) if said in HandRaiseReason.values else None


def _initial(request: StoreRequest) -> dict[str, Any]:
    seats = request.GET.get("seats", "")
    return {"click": secrets.token_urlsafe(18), "channel": "mail"} | ({"seats": int(seats)} if _is_number(seats) else {})


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 8


def _basket(request: StoreRequest, form: TalkForm | None) -> tuple[dict[str, Any], Cart | None]:
    """What they were about to buy, priced: the plan named in the address, else the cart; for as many seats as they ask."""
    cart = _cart(request)
    asked = form.cleaned_data.get("seats") if form is not None and form.is_bound and hasattr(form, "cleaned_data") else None
    said = request.GET.get("seats", "")
    seats = asked or (int(said) if _is_number(said) and int(said) else 0)
    plan = catalog.on_sale().plan(request.GET.get("plan", ""))
    if plan is not None:
        interval = request.GET.get("interval", "month")
        currency = request.GET.get("currency") or next(iter(catalog.on_sale().currencies), "")
        basket = queries.basket_for(plan.path, seats or plan.seats_min, interval, currency)
        return basket, cart
    if cart is not None:
        return queries.basket_of(cart, clock.now(), seats=seats or None), cart
    return {}, None


def _cart(request: StoreRequest) -> Cart | None:
    organization = request.organization if access.can(request, Permission.BUY) else None
    found = cart_cookie.read(request)
    if found and found.organization_id in (None, organization.pk if organization else None):
        return found
    return carts.latest_of(organization) if organization else None


def _self_service(request: StoreRequest, reason: HandRaiseReason | None) -> str:
    """The answer that needs nobody, said before somebody waits for it."""
    if reason == HandRaiseReason.LEGAL:
        return "legal"
    if reason == HandRaiseReason.DISCOUNT:
        return "discount"
    if reason == HandRaiseReason.SEATS and access.can(request, Permission.BUY):
        return "seats"
    return ""
