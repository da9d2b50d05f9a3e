"""Add-ons in a cart: as a program names them, and as it is told of them."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.origin import Origin
from billing.api import inputs, outputs, problems
from billing.models import Cart
from billing.queries import catalog
from billing.services.selling import carts

MOST = 50
CHOSEN = [{"addon": "blueprints"}, {"addon": "projects", "number": 2}]
TOLD = [
    {"addon": "blueprints", "number": None, "total_minor": 3000},
    {"addon": "projects", "number": 2, "total_minor": 3000},
]


class AddonChoiceInput(inputs.Strict):
    addon = serializers.CharField(max_length=40, help_text="Its code, as in the catalog.")
    number = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=inputs.MOST_SEATS,
        help_text="Of one that has a number of its own; left out or null: the least, or one for each seat.",
    )


class CartAddonOutput(outputs.Output):
    """An add-on that is wanted beside the plan."""

    addon = serializers.CharField(help_text="Its code.")
    number = serializers.IntegerField(allow_null=True, help_text="null: one for each seat.")
    total_minor = serializers.IntegerField(
        allow_null=True, help_text="An interval, before tax; null: no longer sold like this, and left out when it is paid."
    )


def choices() -> serializers.ListField:
    """The field of a cart's body."""
    return serializers.ListField(
        child=AddonChoiceInput(),
        required=False,
        max_length=MOST,
        help_text="All that are wanted beside the plan; an empty list: none. Those that do not go with another plan drop out.",
    )


def choose(cart: Cart, chosen: list[dict[str, Any]], *, at: datetime, origin: Origin) -> Cart:
    """Have exactly these in the cart. Raises AddonRefused, Closed, and 422 for a number of what follows the seats."""
    line = catalog.on_sale().line(cart.plan.line.code)
    for place, one in enumerate(chosen):
        sold = line.addon(one["addon"]) if line else None
        if sold and sold.is_per_seat and one.get("number") is not None:
            raise problems.addon_takes_no_number(f"/addons/{place}/number", addon=sold.code)
    wanted = {one["addon"]: one.get("number") for one in chosen}
    return carts.choose_addons(cart=cart, wanted=wanted, at=at, origin=origin)


def plain(cart: Cart) -> list[dict[str, Any]]:
    """Those wanted, in the catalog's order, from what is on sale in memory; a pilot has none."""
    if cart.pilot_id is not None or not cart.addons:
        return []
    line = catalog.on_sale().line(cart.plan.line.code)
    sold = {addon.code: addon for addon in line.addons_of(cart.plan.code)} if line else {}
    found = []
    for code in sorted(cart.addons, key=[*sold, *cart.addons].index):
        number, addon = cart.addons[code], sold.get(code)
        price = addon.price(cart.interval, cart.currency) if addon else None
        quantity = cart.seats if addon and addon.is_per_seat else number or 1
        found.append({"addon": code, "number": number, "total_minor": price.total(quantity) if price else None})
    return found


def query(cart: Cart) -> dict[str, Any]:
    """The same choice as an address of the store's says it, in one order however the row was read: the answer has an ETag."""
    chosen = sorted(cart.addons.items())
    numbers = {f"number-{code}": number for code, number in chosen if number is not None}
    return {"addon": [code for code, _number in chosen], **numbers} if chosen else {}
