"""Add-ons in words: their names, prices and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.models import Cart
from billing.queries import catalog, catalog_words, collecting_words
from billing.queries.catalog import AddonOnSale, PriceOnSale
from billing.queries.overview import Standing
from billing.queries.standing_facts import Between, Scheduled
from billing.rules import pricing
from billing.rules.addons import Item
from config import words
from storefront import tier_words


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An add-on to be chosen beside a plan: `number` of it are (0: none), `most` can be. `unit_text` is its price in words."""

    code: str
    name: str
    pitch: str
    unit_text: str
    total_minor: int
    number: int
    least: int
    most: int
    is_per_seat: bool


def choices(cart: Cart, seats: int) -> tuple[Choice, ...]:
    """What the cart's plan can have, from what is on sale in memory."""
    line = catalog.on_sale().line(cart.plan.line.code)
    found = []
    for addon in line.addons_of(cart.plan.code) if line else ():
        price = addon.price(cart.interval, cart.currency)
        if price is None:
            continue
        number = (cart.addons[addon.code] or 1) if addon.code in cart.addons else 0
        found.append(choice(addon, price, seats, number))
    return tuple(found)


def amounts(cart: Cart, intervals: Sequence[str]) -> tuple[tuple[int, ...], ...] | None:
    """What each of the cart's add-ons costs by each of these intervals; None where one of them is not sold so."""
    line = catalog.on_sale().line(cart.plan.line.code)
    chosen = [addon for addon in line.addons_of(cart.plan.code) if addon.code in cart.addons] if line else []
    prices = [[addon.price(interval, cart.currency) for addon in chosen] for interval in intervals]
    counts = [cart.seats if addon.is_per_seat else cart.addons[addon.code] or addon.quantity_min for addon in chosen]
    if any(price is None for row in prices for price in row):
        return None
    return tuple(tuple(price.total(count) for price, count in zip(row, counts, strict=True) if price) for row in prices)


def choice(addon: AddonOnSale, price: PriceOnSale, seats: int, number: int) -> Choice:
    """One add-on beside so many seats, of which `number` are had or chosen."""
    count = seats if addon.is_per_seat else max(number, addon.quantity_min)
    average = pricing.average_unit(price.tiers, price.scheme, count)
    return Choice(
        code=addon.code,
        name=name(addon.name),
        pitch=name(addon.pitch),
        unit_text=each(addon, price, average),
        total_minor=price.total(count),
        number=number,
        least=addon.quantity_min,
        most=addon.quantity_max,
        is_per_seat=addon.is_per_seat,
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """An add-on on the seats page: had, with what it costs a period, or to be had. `leaves`: what gives it back.

    It can be given back on `ends_at`; where that is before the plan's renewal, it is charged `is_apart`, each month.
    """

    choice: Choice
    is_had: bool
    total_minor: int
    next_number: int
    can_have_more: bool
    interval: str
    is_apart: bool = False
    ends_at: datetime | None = None
    leaves: Scheduled | None = None
    least_kept: int = 0
    """Fewer of it can be had than now, from so many on; 0: all or none."""

    @property
    def most_kept(self) -> int:
        return self.choice.number - 1


def rows(standing: Standing) -> tuple[Row, ...]:
    """What the subscription has, those no longer sold too, and what its plan can have besides. No query."""
    row = standing.row
    line = catalog.on_sale().line(row.line.code) if standing.pilot is None else None
    sold = {addon.code: addon for addon in line.addons_of(row.plan.code)} if line else {}
    had = {item.code: item for item in standing.held_addons}
    leaving = {change.addon: change for change in standing.scheduled if change.is_addon}
    found = [_had(standing, item, sold.get(item.code), leaving.get(item.code)) for item in had.values()]
    for code, addon in sold.items():
        price = addon.price(row.price.interval, row.currency) or (
            None if row.is_in_trial else addon.price("month", row.currency)
        )
        if code not in had and price is not None:
            offered = choice(addon, price, standing.quantity, 0)
            found.append(
                Row(
                    choice=offered,
                    is_had=False,
                    total_minor=offered.total_minor,
                    next_number=offered.least,
                    can_have_more=offered.most > 1 and not offered.is_per_seat,
                    interval=price.interval,
                    is_apart=price.interval != row.price.interval,
                )
            )
    return tuple(found)


def _had(standing: Standing, item: Item, sold: AddonOnSale | None, leaves: Scheduled | None) -> Row:
    row, most = standing.row, sold.quantity_max if sold else (item.number or 1)
    each = pricing.average_unit(item.tiers, item.scheme, max(item.quantity(standing.quantity), 1))
    shown = Choice(
        code=item.code,
        name=numbered(item),
        pitch=name(sold.pitch) if sold else "",
        unit_text=unit(
            each, row.currency, item.interval or row.price.interval, per_seat=item.is_per_seat, several=(item.number or 1) > 1
        ),
        total_minor=item.total(standing.quantity),
        number=item.quantity(standing.quantity),
        least=(item.number or 0) + 1,
        most=most,
        is_per_seat=item.is_per_seat,
    )
    can_have_more = item.number is not None and item.number < most and leaves is None
    return Row(
        choice=shown,
        is_had=True,
        total_minor=shown.total_minor,
        next_number=(item.number or 0) + 1,
        can_have_more=can_have_more,
        interval=item.interval or row.price.interval,
        is_apart=item.period_ends_at is not None,
        ends_at=item.period_ends_at or row.period_ends_at,
        leaves=leaves,
        least_kept=_least_kept(item, sold),
    )


def _least_kept(item: Item, sold: AddonOnSale | None) -> int:
    least = sold.quantity_min if sold else 1
    return least if item.number is not None and item.number > least else 0


def name(text: Mapping[str, str] | None) -> str:
    return catalog.text(text) if text else ""


def numbered(item: Item) -> str:
    """ "3 x Extra rooms"; of one, or one that follows the seats, the name alone."""
    return counted(item.name, item.number or 1)


def counted(text: Mapping[str, str], number: int) -> str:
    """ "3 x Extra rooms"; of one the name alone."""
    if number == 1:
        return name(text)
    return _("%(number)s x %(addon)s") % {"addon": name(text), "number": words.number(number)}


def unit(amount_minor: int, currency: str, interval: str, *, per_seat: bool, several: bool = False) -> str:
    """ "$3 a seat and month", or "$49 a month", or "$15 a month each" where there can be several."""
    amount = {
        "unit": words.money(amount_minor, currency, whole=True),
        "amount": words.money(amount_minor, currency, whole=True),
    }
    if per_seat:
        return _("%(unit)s a seat and year") % amount if interval == "year" else _("%(unit)s a seat and month") % amount
    if several:
        return _("%(unit)s a year each") % amount if interval == "year" else _("%(unit)s a month each") % amount
    return _("%(amount)s a year") % amount if interval == "year" else _("%(amount)s a month") % amount


def each(addon: AddonOnSale, price: PriceOnSale, amount_minor: int) -> str:
    """What one of an add-on costs: "$3 a seat and month", "$15 a month each"; where they differ in price, on average."""
    amount = {"unit": words.money(amount_minor, price.currency, whole=True)}
    if price.scheme == pricing.Scheme.GRADUATED and len(price.tiers) > 1:
        return (_("%(unit)s a seat on average") if addon.is_per_seat else _("%(unit)s each on average")) % amount
    several = addon.quantity_max > 1
    return unit(amount_minor, price.currency, price.interval, per_seat=addon.is_per_seat, several=several)


def of_code(standing: Standing, code: str) -> str:
    """The name of an add-on that the subscription has, or that its line sells."""
    held = next((item.name for item in standing.held_addons if item.code == code), None)
    line = catalog.on_sale().line(standing.row.line.code)
    sold = line.addon(code) if line else None
    return name(held or (sold.name if sold else {"en": code}))


def line(item: Item, seats: int, interval: str, currency: str) -> dict[str, Any]:
    """A receipt's line of what it costs beside so many seats."""
    each = pricing.average_unit(item.tiers, item.scheme, max(item.quantity(seats), 1))
    tiers = tier_words.rows(item.tiers, item.scheme, item.quantity(seats), currency)
    note = (
        ""
        if tiers
        else unit(each, currency, item.interval or interval, per_seat=item.is_per_seat, several=(item.number or 1) > 1)
    )
    return {"label": numbered(item), "note": note, "tiers": tiers, "amount_minor": item.total(seats)}


def named(items: Sequence[Item]) -> str:
    """ "Season storage", "Season storage and 3 x Extra rooms"."""
    return catalog_words.listed([numbered(item) for item in items])


def goes_on(standing: Standing) -> str:
    """What add-ons by the month are charged until a plan by the year has ended; "" for none."""
    charge = standing.between
    if charge is None:
        return ""
    amount = words.money(charge.charged_minor, charge.currency)
    said = collecting_words.monthly(standing.how, amount, named(charge.items), words.on_day(charge.at))
    return _beside_balance(said, charge)


def last_words(standing: Standing) -> str:
    """What is still charged of a subscription that ends: add-ons by the month until then, else nothing."""
    return goes_on(standing) or collecting_words.no_more(standing.how)


def between(charge: Between) -> str:
    """What is charged by the month before a plan by the year renews, and when."""
    values = {
        "amount": words.money(charge.charged_minor, charge.currency),
        "addons": named(charge.items),
        "when": words.on_day_away(charge.at),
    }
    return _beside_balance(_("Before that %(amount)s for %(addons)s, %(when)s, and each month.") % values, charge)


def _beside_balance(said: str, charge: Between) -> str:
    """And how much of the credit these charges use, or what is still owed and comes with the first."""
    if charge.credit_minor:
        used = _("Your credit pays %(amount)s of these.") % _amount(charge.credit_minor, charge)
        return f"{said} {used}"
    if charge.balance_minor > 0:
        owed = _("With the first comes %(amount)s still owed from before.") % _amount(charge.balance_minor, charge)
        return f"{said} {owed}"
    return said


def _amount(minor: int, charge: Between) -> dict[str, str]:
    return {"amount": words.money(minor, charge.currency)}
