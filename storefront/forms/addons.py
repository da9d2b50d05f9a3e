"""Chosen add-ons, as forms and addresses say them: addon=CODE for each, and number-CODE where there can be several."""

from django.http import QueryDict

from billing.models import Cart
from billing.queries import catalog
from billing.queries.catalog import AddonOnSale


def wanted(cart: Cart, said: QueryDict) -> dict[str, int | None]:
    """What was chosen of what the cart's plan can have; a number outside its bounds becomes the nearest inside."""
    line = catalog.on_sale().line(cart.plan.line.code)
    chosen = set(said.getlist("addon"))
    found: dict[str, int | None] = {}
    for addon in line.addons_of(cart.plan.code) if line else ():
        if addon.code in chosen and addon.price(cart.interval, cart.currency) is not None:
            found[addon.code] = number(addon, said)
    return found


def number(addon: AddonOnSale, said: QueryDict) -> int | None:
    """How many of an add-on are said, brought within its bounds; None where it is one for each seat."""
    wanted = whole(said.get(f"number-{addon.code}", ""), addon.quantity_min)
    return None if addon.is_per_seat else min(max(wanted, addon.quantity_min), addon.quantity_max)


def query(cart: Cart) -> dict[str, object]:
    """The same choice as an address says it."""
    numbers = {f"number-{code}": number for code, number in cart.addons.items() if number is not None}
    return {"addon": list(cart.addons), **numbers} if cart.addons else {}


def whole(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default
