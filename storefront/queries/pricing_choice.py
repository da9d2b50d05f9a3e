"""What a visitor has chosen on the pricing page, and where it leads: into the cart, or to a person."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from billing.queries.catalog import PlanOnSale
from storefront.queries import pricing_promotions


@dataclass(frozen=True)
class Choice:
    """What the visitor has chosen; hashable, so that it names a page in memory."""

    line: str
    seats: int
    interval: str
    currency: str
    promo: str = ""
    country: str = ""
    """Whose tax is in the prices; "": nobody's."""
    addons: tuple[tuple[str, int], ...] | None = None
    """What is ticked beside the plans, in order: code and how many (1 of what follows the seats); None: not asked."""


def cart_url(plan: PlanOnSale, choice: Choice, seats: int) -> str:
    wanted = {"plan": plan.path, "seats": seats, "interval": choice.interval, "currency": choice.currency}
    promo = {"promo": choice.promo} if choice.promo and choice.promo != pricing_promotions.UNKNOWN else {}
    return f"{reverse('storefront:cart_new')}?{urlencode(wanted | promo | _addons(choice), doseq=True)}"


def _addons(choice: Choice) -> dict[str, object]:
    """As the cart's address takes them; an empty one takes out of the cart what was in it before."""
    if choice.addons is None:
        return {}
    numbers = {f"number-{code}": number for code, number in choice.addons if number > 1}
    return {"addon": [code for code, _number in choice.addons] or "", **numbers}


def talk_url(plan: PlanOnSale, choice: Choice) -> str:
    wanted = {"reason": "seats", "plan": plan.path, "seats": choice.seats, "interval": choice.interval}
    return f"{reverse('storefront:talk')}?{urlencode(wanted | {'currency': choice.currency, 'page': 'pricing'})}"
