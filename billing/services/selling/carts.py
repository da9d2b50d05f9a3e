"""Carts: from the first click, over sign-in and other devices, to the payment page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization, User
from accounts.origin import Origin
from accounts.services import journal
from billing.models import Cart, CartState, Plan
from billing.queries import agreed, catalog, currencies, promotions, terms
from billing.queries import carts as queries


class CartError(Exception):
    """A cart could not be made or changed; nothing was."""


class NotOnSale(CartError):
    """No such plan, or not for this interval and currency."""


class TooManySeats(CartError):
    """More seats than the plan sells without a person; `maximum` can be bought."""

    def __init__(self, plan: str, seats: int, maximum: int) -> None:
        super().__init__(f"{plan} is sold here for up to {maximum} seats, not {seats}: take {maximum}, or talk to a person.")
        self.seats, self.maximum = seats, maximum


class AddonRefused(CartError):
    """No such add-on goes with the cart's plan, or not so many of it: `minimum` to `maximum` can be had (0: none)."""

    def __init__(self, code: str, minimum: int = 0, maximum: int = 0) -> None:
        bounds = f"{minimum} to {maximum} of {code} can be had." if maximum else f"No add-on {code!r} goes with this plan."
        super().__init__(f"{bounds} Choose again.")
        self.code, self.minimum, self.maximum = code, minimum, maximum


class Closed(CartError):
    """The cart was ordered or replaced meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants: `plan` is "line/plan"; `seats` below the plan's minimum are raised to it.

    `pilot` ("line/pilot") for its fixed fee instead: plan and seats are then the pilot's.

    `is_trial`: to try it first; of a plan without a trial it is bought. Whether this organization may is asked at Checkout.
    """

    plan: str
    seats: int
    interval: str
    currency: str
    is_trial: bool = False
    pilot: str = ""


@transaction.atomic
def start(
    *,
    wanted: Wanted,
    at: datetime,
    origin: Origin,
    cart: Cart | None = None,
    organization: Organization | None = None,
    first_touch: Mapping[str, Any] | None = None,
    external_id: str | None = None,
) -> Cart:
    """Put `wanted` into the visitor's open cart `cart`, or into a new one.

    `first_touch` ({utm_*, referrer, page}) is kept from the first click only. Raises NotOnSale, TooManySeats.
    """
    checked = _check(wanted, organization)
    if cart is not None:
        held = _locked(cart)
        if held is not None:
            return _write(held, checked, at, origin)
    started = Cart.objects.create(
        plan_id=checked.plan_id,
        seats=checked.seats,
        interval=checked.interval,
        currency=checked.currency,
        is_trial=checked.is_trial,
        pilot_id=checked.pilot_id,
        organization=organization,
        user=origin.actor,
        external_id=external_id,
        origin=dict(first_touch or {}),
        created_at=at,
        updated_at=at,
    )
    _tell("billing.cart.started", started, at, origin)
    if organization is not None:
        _replace_others(started, organization, at)
    return _fresh(started)


@transaction.atomic
def change(*, cart: Cart, wanted: Wanted, at: datetime, origin: Origin) -> Cart:
    """Change an open cart. Raises NotOnSale, TooManySeats, and Closed for one that is open no more."""
    held = _locked(cart)
    if held is None:
        raise Closed("This cart was bought or replaced meanwhile; start a new one from the prices.")
    return _write(held, _check(wanted, held.organization), at, origin)


@transaction.atomic
def enter_code(*, cart: Cart, code: str, at: datetime, origin: Origin) -> Cart:
    """Keep a promotion code as it was typed ("" takes it out); whether it holds is asked when the cart is priced and paid.

    Raises Closed for a cart that is open no more.
    """
    held = _locked(cart)
    if held is None:
        raise Closed("This cart was bought or replaced meanwhile; start a new one from the prices.")
    typed = promotions.spelled(code) if held.pilot_id is None else ""  # a pilot's fee is fixed
    if held.promotion_code != typed:
        held.promotion_code, held.updated_at = typed, at
        held.save(update_fields=["promotion_code", "updated_at"])
        _tell("billing.cart.changed", held, at, origin)
    return held


@transaction.atomic
def leave_code(*, cart: Cart, at: datetime, origin: Origin) -> Cart:
    """Buy without the code that does not hold, at the price that was shown. Raises Closed for a cart that is open no more."""
    held = _locked(cart)
    if held is None:
        raise Closed("This cart was bought or replaced meanwhile; start a new one from the prices.")
    held.promotion_code = ""
    held.save(update_fields=["promotion_code"])  # `updated_at` stays, as in choose_start
    _tell("billing.cart.changed", held, at, origin)
    return held


@transaction.atomic
def choose_addons(*, cart: Cart, wanted: Mapping[str, int | None], at: datetime, origin: Origin) -> Cart:
    """Have exactly these add-ons in the cart: code to how many (None: one for each seat, or the least there can be).

    Raises AddonRefused, and Closed for a cart that is open no more.
    """
    held = _locked(cart)
    if held is None:
        raise Closed("This cart was bought or replaced meanwhile; start a new one from the prices.")
    chosen = {code: addon_number(held, code, number) for code, number in wanted.items() if number != 0}
    if held.addons != chosen:
        held.addons, held.updated_at = chosen, at
        held.save(update_fields=["addons", "updated_at"])
        _tell("billing.cart.changed", held, at, origin)
    return held


def addon_number(cart: Cart, code: str, number: int | None) -> int | None:
    """How many of an add-on a cart (saved or not) has if so many are wanted: None of one for each seat. Raises AddonRefused."""
    line = catalog.on_sale().line(cart.plan.line.code)
    addon = line.addon(code) if line else None
    if (
        cart.pilot_id is not None
        or addon is None
        or cart.plan.code not in addon.plans
        or addon.price(cart.interval, cart.currency) is None
    ):
        raise AddonRefused(code)
    if addon.is_per_seat:
        return None
    number = addon.quantity_min if number is None else number
    if not addon.quantity_min <= number <= addon.quantity_max:
        raise AddonRefused(code, addon.quantity_min, addon.quantity_max)
    return number


@transaction.atomic
def choose_start(*, cart: Cart, is_trial: bool, at: datetime, origin: Origin) -> Cart:
    """Have the cart tried first, or bought at once. Raises Closed for a cart that is open no more."""
    held = _locked(cart)
    if held is None:
        raise Closed("This cart was bought or replaced meanwhile; start a new one from the prices.")
    is_trial = is_trial and held.plan.trial_days > 0 and held.pilot_id is None
    if held.is_trial != is_trial:
        held.is_trial = is_trial
        held.save(update_fields=["is_trial"])  # `updated_at` tells the second of two clicks that its page is the present one
        _tell("billing.cart.changed", held, at, origin)
    return held


@transaction.atomic
def adopt(*, cart: Cart, organization: Organization, user: User, at: datetime, origin: Origin) -> Cart:
    """Give a visitor's cart to the organization they signed in for; its older open carts of the line give way.

    A cart that belongs to an organization already stays there. An organization whose currency is fixed gets its cart in that.
    Raises Closed for a cart that is open no more.
    """
    held = _locked(cart)
    if held is None:
        raise Closed("This cart was bought or replaced meanwhile; start a new one from the prices.")
    if held.organization_id is not None:
        return held
    held.organization, held.user, held.updated_at = organization, user, at
    held.currency = _currency(organization, held)
    held.save(update_fields=["organization", "user", "currency", "updated_at"])
    _replace_others(held, organization, at)
    _tell("billing.cart.adopted", held, at, origin)
    return held


def mark_ordered(*, cart: Cart, at: datetime) -> bool:
    """Close a cart that was paid. False if it was no longer open. Call in the transaction of the order."""
    buyable = Cart.objects.filter(pk=cart.pk, state__in=(CartState.OPEN, CartState.QUOTED))
    return bool(buyable.update(state=CartState.ORDERED, updated_at=at))


def price(cart: Cart, at: datetime) -> queries.Priced:
    """What the cart costs if bought at `at`. Raises NotOnSale when its plan, interval or currency left the catalog."""
    priced = queries.price(cart, at)
    if priced is None:
        raise NotOnSale(f"{cart.plan} is no longer sold for a {cart.interval} in {cart.currency.upper()}: choose again.")
    return priced


@dataclass(frozen=True)
class _Checked:
    plan_id: int
    seats: int
    interval: str
    currency: str
    is_trial: bool
    pilot_id: int | None = None


def _check(wanted: Wanted, organization: Organization | None) -> _Checked:
    if wanted.pilot:
        return _check_pilot(wanted, organization)
    plan = catalog.on_sale().plan(wanted.plan)
    if plan is None:
        raise NotOnSale(f"There is no plan {wanted.plan!r} on sale: choose one from the prices.")
    currency = currencies.held(organization) or wanted.currency or (organization.currency if organization else "")
    if plan.price(wanted.interval, currency) is None:
        raise NotOnSale(f"{plan.name} is not sold for a {wanted.interval} in {currency.upper()}: choose again.")
    most = terms.most_of(organization, plan, wanted.seats)
    if wanted.seats > most:
        raise TooManySeats(plan.name, wanted.seats, most)
    is_trial = wanted.is_trial and plan.trial_days > 0
    return _Checked(plan.id, max(wanted.seats, plan.seats_min), wanted.interval, currency, is_trial)


def _check_pilot(wanted: Wanted, organization: Organization | None) -> _Checked:
    pilot = catalog.on_sale().pilot(wanted.pilot)
    plan = catalog.on_sale().plan(pilot.plan) if pilot else None
    if pilot is None or plan is None:
        raise NotOnSale(f"There is no pilot {wanted.pilot!r} on offer: choose one from the prices.")
    currency = currencies.held(organization) or wanted.currency or (organization.currency if organization else "")
    if currency not in pilot.fees or plan.price(wanted.interval, currency) is None:
        raise NotOnSale(f"This pilot is not offered in {currency.upper()}: choose again.")
    return _Checked(plan.id, pilot.seats, wanted.interval, currency, is_trial=False, pilot_id=pilot.id)


def _currency(organization: Organization, cart: Cart) -> str:
    fixed = currencies.held(organization)
    if fixed and catalog.price_row(plan_id=cart.plan_id, interval=cart.interval, currency=fixed):
        return fixed
    return cart.currency


def _locked(cart: Cart) -> Cart | None:
    rows = Cart.objects.select_for_update(of=("self",)).filter(pk=cart.pk, state=CartState.OPEN)
    rows = rows.annotate(agreed_terms=agreed.brought("organization"))
    return rows.select_related("plan__line", "pilot", "organization__customer").first()


def _write(cart: Cart, checked: _Checked, at: datetime, origin: Origin) -> Cart:
    wanted = (checked.plan_id, checked.seats, checked.interval, checked.currency, checked.is_trial, checked.pilot_id)
    if wanted == (cart.plan_id, cart.seats, cart.interval, cart.currency, cart.is_trial, cart.pilot_id):
        return cart
    cart.plan = Plan.objects.select_related("line").get(pk=checked.plan_id)
    cart.seats, cart.interval, cart.currency, cart.updated_at = checked.seats, checked.interval, checked.currency, at
    cart.is_trial, cart.pilot_id = checked.is_trial, checked.pilot_id
    cart.addons = _kept(cart)
    cart.save(update_fields=["plan", "seats", "interval", "currency", "is_trial", "pilot", "addons", "updated_at"])
    _tell("billing.cart.changed", cart, at, origin)
    return cart


def _kept(cart: Cart) -> dict[str, int | None]:
    """The cart's add-ons that go with its plan as well."""
    line = catalog.on_sale().line(cart.plan.line.code)
    going = {addon.code for addon in line.addons_of(cart.plan.code)} if line else set()
    return {code: number for code, number in cart.addons.items() if code in going}


def _fresh(cart: Cart) -> Cart:
    rows = Cart.objects.annotate(agreed_terms=agreed.brought("organization"))
    return rows.select_related("plan__line", "pilot", "organization__customer").get(pk=cart.pk)


def _replace_others(cart: Cart, organization: Organization, at: datetime) -> None:
    line_id = Plan.objects.values_list("line_id", flat=True).get(pk=cart.plan_id)
    others = Cart.objects.filter(organization=organization, plan__line_id=line_id, state=CartState.OPEN)
    others.exclude(pk=cart.pk).update(state=CartState.REPLACED, updated_at=at)


def _tell(kind: str, cart: Cart, at: datetime, origin: Origin) -> None:
    data = {
        "cart": cart.public_id,
        "plan": cart.plan_id,
        "seats": cart.seats,
        "interval": cart.interval,
        "currency": cart.currency,
        **({"trial": True} if cart.is_trial else {}),
        **({"pilot": cart.pilot_id} if cart.pilot_id else {}),
        **({"addons": cart.addons} if cart.addons else {}),
        **({"promotion_code": cart.promotion_code} if cart.promotion_code else {}),
    }
    journal.append(
        kind=kind,
        organization=cart.organization,
        at=at,
        origin=origin,
        data=data,
    )
