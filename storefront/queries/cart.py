"""The cart page as data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organization, User
from accounts.queries import legal, policies
from accounts.queries.legal import Document
from billing.models import Cart
from billing.queries import agreed, balances, carts, catalog, currencies, pilots, promotion_refusals, promotions, trials
from billing.queries.agreed import Less
from billing.queries.carts import Priced
from billing.queries.promotions import Entered
from billing.rules import debits, intervals, pricing
from billing.rules.tax import Levy
from config import words
from storefront import addon_words, tier_words, trial_words
from storefront.queries import cart_pilots, cart_tax
from storefront.queries.pricing import Option, Stop, most_typed, stops
from storefront.queries.pricing_cards import try_label
from storefront.queries.pricing_choice import Choice, cart_url

FIRST_TOUCH = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


@dataclass(frozen=True)
class CartPage:
    """An open cart with what it costs; `priced` is None when its plan is no longer sold."""

    cart: Cart
    priced: Priced | None
    plans: tuple[Option, ...]
    intervals: tuple[Option, ...]
    currencies: tuple[Option, ...]
    plan_path: str
    pitch: str
    seats_min: int
    seats_max: int
    stepper_max: int
    stops: tuple[Stop, ...]
    year_note: str
    receipt: dict[str, Any]
    documents: tuple[Document, ...]
    fixed_currency: str
    # The code in the cart, what it does, and why it does nothing.
    entered: Entered | None
    refusal: str
    # The plan's trial: whether it is chosen and can be had, both ways as options, and why it cannot be had.
    is_trial: bool
    starts: tuple[Option, ...]
    trial_refusal: str
    # The pilot that the cart holds instead of the plan alone.
    pilot: cart_pilots.PilotInCart | None = None
    # Whether Stripe's page offers more than cards, as far as the currency says.
    takes_debits: bool = False
    # What can be had beside the plan, and what of it is in the cart.
    addons: tuple[addon_words.Choice, ...] = ()

    @property
    def due_minor(self) -> int:
        """What is paid today, with tax as far as it is known."""
        return int((self.pilot.receipt if self.pilot else self.receipt).get("total_minor", 0))


def trial(cart: Cart, organization: Organization | None, user: User | AnonymousUser) -> trials.Answer | None:
    """Whether whoever looks can try the cart's plan; None where the plan has no trial. No query for a visitor."""
    if cart.plan.trial_days < 1 or cart.pilot_id is not None:
        return None
    if organization is None or not isinstance(user, User):
        return trials.Answer()
    return trials.ask(organization, line_id=cart.plan.line_id, trial_days=cart.plan.trial_days, user=user)


def page(
    cart: Cart,
    at: datetime,
    trial: trials.Answer | None = None,
    *,
    spoken: str = "",
    pilot: pilots.Answer | None = None,
) -> CartPage:
    """What the cart page shows. Two queries at most: the price, and the code if there is one, or the pilot's fee.

    `spoken` is the Accept-Language header, by which a visitor's prices are shown with tax.
    """
    is_trial = cart.is_trial and trial is not None and trial.refusal is None
    priced = carts.price(cart, at)
    entered = promotions.of_cart(cart, parts=priced.parts, at=at) if priced else None
    less = _less(cart, priced, entered, at) if priced else None
    most = agreed.most_seats(cart, at)
    taxed = cart_tax.of(cart, at, spoken)
    fixed = currencies.held(cart.organization)
    return CartPage(
        cart=cart,
        priced=priced,
        plans=_plans(cart, agreed.seats(cart, at)),
        intervals=(Option("month", _("Monthly")), Option("year", _("Yearly"))),
        currencies=tuple(Option(code, code.upper()) for code in catalog.on_sale().currencies if not fixed or code == fixed),
        plan_path=f"{cart.plan.line.code}/{cart.plan.code}",
        pitch=catalog.text(cart.plan.pitch),
        seats_min=cart.plan.seats_min,
        seats_max=most,
        stepper_max=most_typed(most),
        stops=_stops(priced, most) if priced else (),
        year_note=_year_note(cart, taxed.levy) if priced else "",
        receipt=_credited(
            cart,
            _shown(
                _Order(cart, priced, less or (entered if entered and entered.is_taken else None), taxed), at, is_trial=is_trial
            ),
        )
        if priced
        else {},
        pilot=_pilot(cart, cart_pilots.of(cart, pilot, taxed)),
        documents=tuple(legal.all_current(at)),
        fixed_currency=fixed,
        entered=entered,
        refusal=promotion_refusals.refusal(entered) if entered else "",
        is_trial=is_trial,
        starts=_starts(cart) if trial is not None and trial.refusal is None else (),
        takes_debits=len(debits.offered(policies.value("billing.payment_methods", at), cart.currency)) > 1,
        addons=addon_words.choices(cart, priced.seats) if priced else (),
        trial_refusal=trial_words.refusal(trial, cart) if trial is not None and cart.is_trial else "",
    )


def _less(cart: Cart, priced: Priced, entered: Entered | None, at: datetime) -> Entered | Less | None:
    """What is taken off: what was agreed, or the code."""
    return agreed.less(cart, parts=priced.parts, at=at) or (entered if entered and entered.is_taken else None)


def _credited(cart: Cart, receipt: dict[str, Any]) -> dict[str, Any]:
    """With the organization's credit taken off, as the payment page does; a debt of before is collected with it."""
    used = balances.applied_minor(cart.organization, receipt["total_minor"], cart.currency)
    if used < 0:
        owed = {"label": _("Still owed from before"), "amount_minor": -used}
        return receipt | {"taxes": [*receipt["taxes"], owed], "total_minor": receipt["total_minor"] - used}
    return receipt | {"balance_minor": -used, "total_minor": receipt["total_minor"] - used}


def _pilot(cart: Cart, pilot: cart_pilots.PilotInCart | None) -> cart_pilots.PilotInCart | None:
    return replace(pilot, receipt=_credited(cart, pilot.receipt)) if pilot and pilot.receipt else pilot


def _starts(cart: Cart) -> tuple[Option, ...]:
    """Buying and trying, as the two ways to begin."""
    return Option("", _("Buy now")), Option("1", try_label(cart.plan.trial_days))


@dataclass(frozen=True)
class _Order:
    """What makes up the receipt."""

    cart: Cart
    priced: Priced
    less: Entered | Less | None
    taxed: cart_tax.Taxed

    @property
    def net(self) -> tuple[int, ...]:
        """The parts of the charge after what was agreed, or the code."""
        parts = self.priced.parts
        off = self.less.off_parts if self.less else (0,) * len(parts)
        return tuple(part - less for part, less in zip(parts, off, strict=True))

    def charged_minor(self, net: Sequence[int]) -> int:
        """A charge of these parts, with what tax adds."""
        return sum(net) + self.taxed.levy.added(*net)

    def charged(self, net: Sequence[int]) -> str:
        """The same in words."""
        return words.money(self.charged_minor(net), self.priced.currency)


def _shown(order: _Order, at: datetime, *, is_trial: bool) -> dict[str, Any]:
    """The receipt; of a trial, that nothing is paid today, and what is charged when it ends."""
    if not is_trial:
        return _receipt(order)
    days = order.cart.plan.trial_days
    ends_at = at + timedelta(days=days)
    renewing = replace(order, priced=replace(order.priced, renews_at=intervals.end(ends_at, order.priced.interval)))
    then = {"total": order.charged(order.net), "day": words.day(ends_at)}
    said = _("Free until %(day)s. Then %(total)s is charged if you have added a card; without one nothing is, and it pauses.")
    label = ngettext("Free for %(days)s day", "Free for %(days)s days", days) % {"days": words.number(days)}
    full = _receipt(renewing)
    return full | {
        "lines": [*full["lines"], {"label": label, "note": "", "amount_minor": -sum(order.net)}],
        "taxes": [],
        "total_minor": 0,
        "total_label": _("Today"),
        "next_text": said % then,
    }


def _plans(cart: Cart, ceiling: int) -> tuple[Option, ...]:
    """The line's plans as links that put them into the cart, with as many of the seats as each sells."""
    line = catalog.on_sale().line(cart.plan.line.code)
    options = []
    for plan in line.plans if line else ():
        seats = min(max(cart.seats, plan.seats_min), max(plan.seats_max, ceiling))
        choice = Choice(plan.line, seats, cart.interval, cart.currency)
        options.append(Option(plan.path, plan.name, url=cart_url(plan, choice, seats), current=plan.id == cart.plan_id))
    return tuple(options)


def first_touch(query: QueryDict, referrer: str, referrer_query: QueryDict) -> dict[str, str]:
    """Where somebody came from: campaign parameters of this address or of the page before, and that page's path or host."""
    found = {name: (query.get(name) or referrer_query.get(name) or "")[:120] for name in FIRST_TOUCH}
    return {name: value for name, value in found.items() if value} | ({"referrer": referrer[:120]} if referrer else {})


def _stops(priced: Priced, most: int) -> tuple[Stop, ...]:
    breaks = pricing.break_seats(catalog.tiers_of(priced.price), most)
    return stops({*breaks, most, most_typed(most)})


def _year_note(cart: Cart, levy: Levy) -> str:
    """What paying yearly would save, or saves: with the tax that the total beside it is with."""
    plan = catalog.on_sale().plan(f"{cart.plan.line.code}/{cart.plan.code}")
    month = plan.price("month", cart.currency) if plan else None
    year = plan.price("year", cart.currency) if plan else None
    beside = addon_words.amounts(cart, ("month", "year"))
    if month is None or year is None or beside is None:
        return ""
    by_month, by_year = (month.total(cart.seats), *beside[0]), (year.total(cart.seats), *beside[1])
    taxes = levy.added(*by_month), levy.added(*by_year)
    saved = pricing.year_saving(sum(by_month) + taxes[0], sum(by_year) + taxes[1])
    if saved <= 0:
        return ""
    if any(taxes):
        yearly, monthly = (
            _("Paying yearly saves %(saved)s a year, with tax."),
            _("Yearly would save %(saved)s a year, with tax."),
        )
    else:
        yearly, monthly = _("Paying yearly saves %(saved)s a year."), _("Yearly would save %(saved)s a year.")
    return (yearly if cart.interval == "year" else monthly) % {"saved": words.money(saved, cart.currency, whole=True)}


def _receipt(order: _Order) -> dict[str, Any]:
    cart, priced, less = order.cart, order.priced, order.less
    per = _("a seat and month") if priced.interval == "month" else _("a seat and year")
    unit = words.money(priced.unit_minor, priced.currency, whole=True)
    note = _("%(unit)s %(per)s") % {"unit": unit, "per": per}
    tiers = tier_words.rows(catalog.tiers_of(priced.price), priced.price.scheme, priced.seats, priced.currency)
    label = _("%(plan)s, %(seats)s") % {"plan": cart.plan.name, "seats": words.seats(priced.seats)}
    lines = [{"label": label, "note": "" if tiers else note, "tiers": tiers, "amount_minor": priced.plan_minor}]
    if priced.tier_saving_minor > 0 and not tiers:
        first = priced.plan_minor + priced.tier_saving_minor
        lines = [
            {"label": label, "note": "", "amount_minor": first},
            {"label": _("Volume price"), "note": note, "amount_minor": -priced.tier_saving_minor},
        ]
    lines += [addon_words.line(item, priced.seats, priced.interval, priced.currency) for item in priced.addons]
    if less:
        lines.append({"label": less.name, "note": less.short, "amount_minor": -less.off_minor})
    return {
        "title": _("Your order"),
        "currency": priced.currency,
        "lines": lines,
        "subtotal_minor": None,
        "taxes": order.taxed.lines(order.net),
        "total_minor": order.charged_minor(order.net),
        "total_label": order.taxed.label,
        "next_text": _next_text(order),
    }


def _next_text(order: _Order) -> str:
    """What the next charges are: with a discount, when it ends and what is paid from then on."""
    priced, less = order.priced, order.less
    is_monthly = priced.interval == "month"
    values = {"total": order.charged(priced.parts), "when": words.on_day(priced.renews_at)}
    lasts = less is not None and less.lasts_beyond(priced.renews_at)
    if less is None or not lasts or less.ends_at is None:
        if lasts:
            values["total"] = order.charged(order.net)
        template = (
            _("Then %(total)s every month, next %(when)s.") if is_monthly else _("Then %(total)s every year, next %(when)s.")
        )
        return template % values
    values |= {"less": order.charged(order.net), "end": words.day(less.ends_at)}
    if is_monthly:
        return _("Then %(less)s every month, next %(when)s; %(total)s from %(end)s.") % values
    return _("Then %(less)s every year, next %(when)s; %(total)s from %(end)s.") % values
