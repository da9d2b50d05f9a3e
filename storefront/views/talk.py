"""Talk to a person: from everywhere, with the cart; promises what is true now: a call within seconds, a dated one, a mail."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
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
from accounts.models import EmployeeBracket
from accounts.queries import policies
from billing.models import Cart
from billing.queries import carts, catalog
from config import clock
from offramps.models import HandRaiseReason
from offramps.queries import hand_raises as queries
from offramps.queries import promises
from offramps.queries.promises import Promise
from offramps.rules import qualifying
from offramps.services import hand_raises
from storefront import cart_cookie, limits
from storefront.forms.talk import Calls, TalkForm

# What travels in the address from the page where somebody asked.
CARRIED = ("page", "seats", "plan", "interval", "currency")
ASKS_SEATS = (HandRaiseReason.SEATS, HandRaiseReason.DISCOUNT)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def talk(request: StoreRequest) -> HttpResponse:
    """GET, POST /talk/?reason=&seats=&page=&plan=&interval=&currency=: the reason, then the few fields it needs."""
    reason = _reason(request.GET.get("reason", ""))
    cart = _cart(request)
    if reason is None:
        return _show(request, cart, None, None)
    basket = _basket(request, cart, None)
    fit = _fit(request, reason, basket)
    if fit in qualifying.NOT_SERVED:
        return render(request, "storefront/talk/not_served.html", {"fit": fit})
    promise, calls = _promise(request, reason, int(basket.get("seats") or 0), basket)
    given = {
        "reason": reason,
        "is_known": request.user.is_authenticated,
        "calls": calls,
        "has_place": request.organization is not None,
    }
    if request.method == "POST":
        form = TalkForm(request.POST, **given)
        if form.is_valid():
            return _raise(request, cart, form)
        return _show(request, cart, reason, form, promise=promise, status=422)
    return _show(request, cart, reason, TalkForm(initial=_initial(request), **given), promise=promise)


def _fit(request: StoreRequest, reason: HandRaiseReason, basket: Mapping[str, Any]) -> str:
    """What qualification says of whoever is known already; of a visitor it is asked once they said who they are. No query."""
    asking = promises.Asking(
        organization=request.organization,
        reason=reason,
        seats=int(basket.get("seats") or 0),
        answers=_said_of_people(request),
        email=request.user.email if request.user.is_authenticated else "",
    )
    return promises.fits(asking, clock.now()).fit


def _promise(request: StoreRequest, reason: HandRaiseReason, seats: int, basket: Mapping[str, Any]) -> tuple[Promise, Calls]:
    """What can be promised for as many seats as are known; a call is offered too where it depends on the seats to be typed."""
    at = clock.now()
    asking = promises.Asking(
        organization=request.organization,
        reason=reason,
        seats=seats,
        answers=_said_of_people(request),
        language=(translation.get_language() or "en").partition("-")[0],
        line=str(basket.get("plan", "")).partition("/")[0],
    )
    from_seats = promises.call_from_seats(at)
    if reason not in ASKS_SEATS:
        found = promises.promise(asking, at)
        return found, Calls(are_offered=found is not Promise.MAIL)
    whatever = promises.promise(replace(asking, seats=0), at)
    if whatever is not Promise.MAIL:
        return whatever, Calls(are_offered=True)
    many = promises.promise(replace(asking, seats=max(seats, from_seats)), at)
    return many if seats >= from_seats else Promise.MAIL, Calls(are_offered=many is not Promise.MAIL, from_seats=from_seats)


def _said_of_people(request: StoreRequest) -> dict[str, str]:
    """How many people work at a visitor's company, if they said so; of an organization it is known."""
    people = request.GET.get("people", "")
    return {"people": people} if request.organization is None and people in EmployeeBracket.values else {}


def _show(
    request: StoreRequest,
    cart: Cart | None,
    reason: HandRaiseReason | None,
    form: TalkForm | None,
    *,
    promise: Promise = Promise.MAIL,
    status: int = 200,
    too_many: bool = False,
) -> HttpResponse:
    context = {
        "reason": reason,
        "reasons": [{"value": value, "label": label} for value, label in HandRaiseReason.choices],
        "carried": [(name, request.GET[name]) for name in CARRIED if request.GET.get(name)],
        "form": form,
        "promise": promise,
        "seconds": policies.value("offramps.call_seconds", clock.now()),
        "brackets": EmployeeBracket.choices if reason and request.organization is None else [],
        "people": _said_of_people(request).get("people", ""),
        "basket": _basket(request, cart, form),
        "too_many": too_many,
        "answer_on": queries.answer_on(clock.now(), request.organization),
        "self_service": _self_service(request, reason),
    }
    return render(request, "storefront/talk/page.html", context, status=status)


def _raise(request: StoreRequest, cart: Cart | None, form: TalkForm) -> HttpResponse:
    cleaned, now = form.cleaned_data, clock.now()
    contact = hand_raises.Contact(
        email=request.user.email if request.user.is_authenticated else cleaned["email"],
        name=request.user.get_short_name() if request.user.is_authenticated else cleaned["name"],
        phone=cleaned.get("phone", ""),
        channel=cleaned.get("channel", "mail"),
        locale=translation.get_language() or "",
    )
    if limits.is_over(request, "talk", policies.value("offramps.raises_per_hour_and_network", now)):
        return _show(request, cart, form.reason, form, status=429, too_many=True)
    try:
        made = hand_raises.raise_hand(
            reason=form.reason,
            answers={**form.answers(), **_said_of_people(request)},
            contact=contact,
            basket=_basket(request, cart, form),
            cart=cart,
            organization=request.organization,
            page=request.GET.get("page", ""),
            click=cleaned["click"],
            at=now,
            origin=access.origin(request),
        )
    except hand_raises.TooMany:
        return _show(request, cart, form.reason, form, status=429, too_many=True)
    return HttpResponseRedirect(reverse("storefront:talk_raised", args=[made.public_id]))


def _reason(said: str) -> HandRaiseReason | None:
    return HandRaiseReason(said) if said in HandRaiseReason.values else None


def _initial(request: StoreRequest) -> dict[str, Any]:
    seats = request.GET.get("seats", "")
    return {"click": secrets.token_urlsafe(18), "channel": "mail"} | ({"seats": int(seats)} if _is_number(seats) else {})


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 8


def _basket(request: StoreRequest, cart: Cart | None, form: TalkForm | None) -> dict[str, Any]:
    """What they were about to buy, priced: the plan named in the address, else the cart; for as many seats as they ask."""
    asked = form.cleaned_data.get("seats") if form is not None and form.is_bound and hasattr(form, "cleaned_data") else None
    said = request.GET.get("seats", "")
    seats = asked or (int(said) if _is_number(said) and int(said) else 0)
    plan = catalog.on_sale().plan(request.GET.get("plan", ""))
    if plan is not None:
        interval = request.GET.get("interval", "month")
        currency = request.GET.get("currency") or next(iter(catalog.on_sale().currencies), "")
        return queries.basket_for(plan.path, seats or plan.seats_min, interval, currency)
    return queries.basket_of(cart, clock.now(), seats=seats or None) if cart is not None else {}


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
