"""Add-ons on the pricing page: what can be had beside the plans, and what of it is counted in a plan's total."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from billing.queries import catalog, catalog_words
from billing.queries.catalog import AddonOnSale, LineOnSale, PlanOnSale
from billing.rules import pricing
from config import words
from storefront import addon_words
from storefront.forms import addons as forms
from storefront.queries.pricing_choice import Choice


@dataclass(frozen=True)
class Offered:
    """An add-on to tick: `number` of it are chosen (0: none), from `least` to `most` can be."""

    code: str
    name: str
    pitch: str
    price: str
    goes_with: str
    number: int
    least: int
    most: int


@dataclass(frozen=True)
class Beside:
    """A chosen add-on of a plan: what it costs an interval beside its seats, and by the month (None: not sold so)."""

    label: str
    amount_minor: int
    month_minor: int | None


def chosen(line: LineOnSale, said: QueryDict) -> tuple[tuple[str, int], ...] | None:
    """What an address ticks of what the line sells, numbers brought within bounds; None where it sells no add-ons."""
    if not line.addons:
        return None
    ticked = set(said.getlist("addon"))
    return tuple((addon.code, forms.number(addon, said) or 1) for addon in line.addons if addon.code in ticked)


def offered(line: LineOnSale, choice: Choice) -> tuple[Offered, ...]:
    """All of the line's add-ons at the chosen interval's and currency's prices."""
    numbers = dict(choice.addons or ())
    return tuple(_offered(line, addon, choice, numbers.get(addon.code, 0)) for addon in line.addons)


def beside(line: LineOnSale, plan: PlanOnSale, choice: Choice, seats: int) -> tuple[Beside, ...]:
    """The chosen ones that go with the plan."""
    return tuple(_beside(line, plan, choice, seats))


def without(line: LineOnSale, plan: PlanOnSale, choice: Choice) -> str:
    """Which of the chosen ones do not go with the plan; "" for none."""
    numbers = dict(choice.addons or ())
    names = [catalog.text(addon.name) for addon in line.addons if addon.code in numbers and plan.code not in addon.plans]
    return _("Without %(addons)s") % {"addons": catalog_words.listed(names)} if names else ""


def _beside(line: LineOnSale, plan: PlanOnSale, choice: Choice, seats: int) -> Iterator[Beside]:
    numbers = dict(choice.addons or ())
    for addon in line.addons_of(plan.code):
        price = addon.price(choice.interval, choice.currency)
        if addon.code not in numbers or price is None:
            continue
        count = seats if addon.is_per_seat else numbers[addon.code]
        month = addon.price("month", choice.currency)
        name, total = catalog.text(addon.name), price.total(count)
        if count > 1 and not addon.is_per_seat:
            name = _("%(number)s x %(addon)s") % {"addon": name, "number": words.number(count)}
        amount = words.money(total, choice.currency, whole=True)
        label = _("%(addon)s: %(amount)s") % {"addon": name, "amount": amount}
        yield Beside(label, total, month.total(count) if month else None)


def _offered(line: LineOnSale, addon: AddonOnSale, choice: Choice, number: int) -> Offered:
    price = addon.price(choice.interval, choice.currency)
    is_later = price is None  # by the month alone: beside a plan by the year it is had once that runs
    price = price or addon.price("month", choice.currency)
    said = _("Not sold in %(currency)s.") % {"currency": choice.currency.upper()}
    if price is not None:
        count = max(choice.seats, 1) if addon.is_per_seat else max(number, addon.quantity_min)
        said = addon_words.each(addon, price, pricing.average_unit(price.tiers, price.scheme, count))
    names = [plan.name for plan in line.plans if plan.code in addon.plans]
    goes_with = _("With %(plans)s") % {"plans": catalog_words.listed(names)} if len(names) < len(line.plans) else ""
    if is_later and price is not None:
        goes_with = _("Added once your plan runs, for as many months as you like")
    return Offered(
        code=addon.code,
        name=catalog.text(addon.name),
        pitch=catalog.text(addon.pitch),
        price=said,
        goes_with=goes_with,
        number=number,
        least=addon.quantity_min,
        most=addon.quantity_max,
    )
