"""The pricing page as data: every sum, and every sentence with a number in it, for one choice."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypedDict
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries import catalog
from billing.queries.catalog import LineOnSale, OnSale, PlanOnSale, PriceOnSale
from billing.rules import catalog as catalog_rules
from billing.rules import pricing
from config import words
from storefront.queries import pricing_bundles, pricing_features, pricing_pilots, pricing_promotions

CARD_FEATURES: Final = 7
# Above this many seats the page offers a person and no numbers to type.
SEATS_LIMIT: Final = 10_000


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


@dataclass(frozen=True)
class TierStep:
    """One tier on a card: "from 10 seats", its price, and whether the choice is in it."""

    label: str
    amount: str
    current: bool


@dataclass(frozen=True)
class Card:
    """A plan for the chosen seats: priced (`unit_minor` set), or, beyond its maximum, an offer to talk."""

    name: str
    pitch: str
    recommended: bool
    features: tuple[str, ...]
    currency: str
    unit_minor: int | None = None
    unit_text: str = ""
    total_text: str = ""
    other_text: str = ""
    savings: tuple[str, ...] = ()
    holds: str = ""
    promotion_text: str = ""
    next_text: str = ""
    note: str = ""
    tiers: tuple[TierStep, ...] = ()
    action_label: str = ""
    action_url: str = ""
    is_primary: bool = False
    second_label: str = ""
    second_url: str = ""
    trial_label: str = ""
    trial_url: str = ""
    trial_note: str = ""


@dataclass(frozen=True)
class Option:
    """One of a few: as the segmented control takes it."""

    value: str
    label: str
    note: str = ""
    url: str = ""
    current: bool = False


class Stop(TypedDict):
    """A place on the slider where some price breaks."""

    value: int
    label: str


@dataclass(frozen=True)
class PricingPage:
    """Everything the template shows."""

    choice: Choice
    promise: str
    lines: tuple[Option, ...]
    intervals: tuple[Option, ...]
    currencies: tuple[Option, ...]
    seats_min: int
    seats_max: int
    stepper_max: int
    stops: tuple[Stop, ...]
    cards: tuple[Card, ...]
    pilots: tuple[pricing_pilots.PilotCard, ...]
    bundles: tuple[pricing_bundles.BundleStrip, ...]
    plans: tuple[str, ...]
    groups: tuple[pricing_features.Group, ...]
    # The code that was entered, what it does (or why nothing), and whether it does.
    promo: str
    promotion_text: str
    promotion_counts: bool


def page(on_sale: OnSale, choice: Choice, at: datetime) -> PricingPage | None:
    """The page for a choice at `at`, in the active language; None when the line sells nothing."""
    line = on_sale.line(choice.line)
    if line is None or not line.plans:
        return None
    said, counts = pricing_promotions.banner(on_sale, choice.promo, at)
    return PricingPage(
        choice=choice,
        promise=catalog.text(line.pitch),
        lines=_lines(on_sale, choice),
        intervals=_intervals(line, choice),
        currencies=tuple(Option(code, code.upper()) for code in on_sale.currencies),
        seats_min=min(plan.seats_min for plan in line.plans),
        seats_max=line.seats_max,
        stepper_max=most_typed(line.seats_max),
        stops=_stops(line, choice),
        cards=_cards(on_sale, line, choice, at),
        pilots=pricing_pilots.cards(line, choice.currency),
        bundles=_bundles(on_sale, line, choice),
        plans=tuple(plan.name for plan in line.plans),
        groups=pricing_features.groups(line),
        promo="" if choice.promo == pricing_promotions.UNKNOWN else choice.promo,
        promotion_text=said,
        promotion_counts=counts,
    )


def default_seats(line: LineOnSale) -> int:
    """As few seats as every plan of the line sells, so that the first page shows a price on each card."""
    return max((plan.seats_min for plan in line.plans), default=1)


def most_typed(seats_max: int) -> int:
    """How many seats can be typed: beyond what is sold here, so that the page can say what to do then."""
    return min(5 * seats_max, SEATS_LIMIT)


def stops(seats: Iterable[int]) -> tuple[Stop, ...]:
    """A slider's stops for these numbers of seats."""
    return tuple({"value": stop, "label": words.number(stop)} for stop in sorted(seats))


def cart_url(plan: PlanOnSale, choice: Choice, seats: int) -> str:
    wanted = {"plan": plan.path, "seats": seats, "interval": choice.interval, "currency": choice.currency}
    promo = {"promo": choice.promo} if choice.promo and choice.promo != pricing_promotions.UNKNOWN else {}
    return f"{reverse('storefront:cart_new')}?{urlencode(wanted | promo)}"


def talk_url(plan: PlanOnSale, choice: Choice) -> str:
    wanted = {"reason": "seats", "plan": plan.path, "seats": choice.seats, "interval": choice.interval}
    return f"{reverse('storefront:talk')}?{urlencode(wanted | {'currency': choice.currency, 'page': 'pricing'})}"


# --- Switches ---------------------------------------------------------------------------------------------------------


def _lines(on_sale: OnSale, choice: Choice) -> tuple[Option, ...]:
    found = []
    for line in on_sale.lines:
        kept = {name: said for name, said in (("promo", choice.promo), ("country", choice.country)) if said}
        query = urlencode({"line": line.code, "interval": choice.interval, "currency": choice.currency} | kept)
        url = f"{reverse('storefront:pricing')}?{query}"
        found.append(Option(line.code, catalog.text(line.name), url=url, current=line.code == choice.line))
    return tuple(found)


def _intervals(line: LineOnSale, choice: Choice) -> tuple[Option, ...]:
    shares = []
    for plan in line.plans:
        month, year = plan.price("month", choice.currency), plan.price("year", choice.currency)
        if month and year:
            seats = max(plan.seats_min, min(choice.seats, plan.seats_max))
            saved = pricing.year_saving(month.total(seats), year.total(seats))
            shares.append(saved * 10_000 // (12 * month.total(seats)))
    least = min(shares, default=0) // 100 * 100  # whole percents, rounded down: a promise every plan keeps
    note = _("save %(share)s") % {"share": words.percent(least)} if least > 0 else ""
    return Option("month", _("Monthly")), Option("year", _("Yearly"), note)


def _stops(line: LineOnSale, choice: Choice) -> tuple[Stop, ...]:
    found = {line.seats_max, most_typed(line.seats_max)}
    for plan in line.plans:
        price = plan.price(choice.interval, choice.currency)
        if price:
            found.update(pricing.break_seats(price.tiers, plan.seats_max))
    return stops(found)


# --- Cards ------------------------------------------------------------------------------------------------------------


def _cards(on_sale: OnSale, line: LineOnSale, choice: Choice, at: datetime) -> tuple[Card, ...]:
    """The line's cards. One leads: the recommended plan, or the first that can be bought for so many seats."""
    cards = [_promoted(_bundled(_card(plan, choice), on_sale, plan, choice), on_sale, plan, choice, at) for plan in line.plans]
    buyable = [index for index, card in enumerate(cards) if card.unit_minor is not None]
    lead = next((index for index in buyable if cards[index].recommended), next(iter(buyable), None))
    return tuple(replace(card, is_primary=index == lead) for index, card in enumerate(cards))


def _bundles(on_sale: OnSale, line: LineOnSale, choice: Choice) -> tuple[pricing_bundles.BundleStrip, ...]:
    found = pricing_bundles.strips(on_sale, line, seats=choice.seats, interval=choice.interval, currency=choice.currency)
    return tuple(found)


def _bundled(card: Card, on_sale: OnSale, plan: PlanOnSale, choice: Choice) -> Card:
    """A bundle's card with what it holds, and what that saves against its parts."""
    price = plan.price(choice.interval, choice.currency)
    if not plan.parts or price is None or card.unit_minor is None:
        return card
    saving = pricing_bundles.saving(on_sale, plan, price, max(choice.seats, plan.seats_min))
    return replace(
        card, holds=pricing_bundles.holds(on_sale, plan), savings=(*card.savings, saving) if saving else card.savings
    )


def _promoted(card: Card, on_sale: OnSale, plan: PlanOnSale, choice: Choice, at: datetime) -> Card:
    """The card with what the code makes of its price."""
    price = plan.price(choice.interval, choice.currency)
    if not choice.promo or price is None or card.unit_minor is None:
        return card
    seats = max(choice.seats, plan.seats_min)
    return replace(card, promotion_text=pricing_promotions.of_card(on_sale, choice.promo, plan.path, price, seats=seats, at=at))


def _card(plan: PlanOnSale, choice: Choice) -> Card:
    price = plan.price(choice.interval, choice.currency)
    card = Card(
        name=plan.name,
        pitch=catalog.text(plan.pitch),
        recommended=plan.is_recommended,
        features=tuple(pricing_features.line_of(feature) for feature in pricing_bundles.features(plan)[:CARD_FEATURES]),
        currency=choice.currency,
    )
    if price is None:
        note = _("Not sold in %(currency)s.") % {"currency": choice.currency.upper()}
        return replace(card, note=note, action_label=_("Talk to a person"), action_url=talk_url(plan, choice))
    if choice.seats > plan.seats_max:
        return _beyond(card, plan, price, choice)
    return _priced(card, plan, price, choice)


def _priced(card: Card, plan: PlanOnSale, price: PriceOnSale, choice: Choice) -> Card:
    seats = max(choice.seats, plan.seats_min)
    return replace(
        _tried(card, plan, price, choice, seats),
        unit_minor=pricing.average_unit(price.tiers, price.scheme, seats),
        unit_text=_unit_text(price),
        total_text=_total_text(price, seats),
        other_text=_other_text(price, seats),
        savings=_savings(plan, price, seats),
        next_text=_next_text(plan, price, seats),
        note=_("Starts at %(seats)s.") % {"seats": words.seats(seats)} if seats > choice.seats else "",
        tiers=_tier_steps(price, seats),
        action_label=_("Choose %(plan)s for %(seats)s") % {"plan": plan.name, "seats": words.seats(seats)},
        action_url=cart_url(plan, choice, seats),
    )


def _tried(card: Card, plan: PlanOnSale, price: PriceOnSale, choice: Choice, seats: int) -> Card:
    """The card with its trial, where the plan has one; whether a company has had its own is asked in the cart."""
    if plan.trial_days < 1:
        return card
    yearly = price.interval == "year"
    then = _("No card needed. Then %(total)s a year.") if yearly else _("No card needed. Then %(total)s a month.")
    return replace(
        card,
        trial_label=try_label(plan.trial_days),
        trial_url=f"{cart_url(plan, choice, seats)}&trial=1",
        trial_note=then % {"total": _money(price.total(seats), price)},
    )


def try_label(days: int) -> str:
    """ "Try it free for 14 days"."""
    return ngettext("Try it free for %(days)s day", "Try it free for %(days)s days", days) % {"days": words.number(days)}


def _beyond(card: Card, plan: PlanOnSale, price: PriceOnSale, choice: Choice) -> Card:
    """More seats than the plan sells here: a person for all of them, or as many as it sells at once."""
    most = words.seats(plan.seats_max)
    return replace(
        card,
        note=_("%(plan)s is sold here for up to %(seats)s.") % {"plan": plan.name, "seats": most},
        tiers=_tier_steps(price, choice.seats),
        action_label=_("Talk about %(seats)s") % {"seats": words.seats(choice.seats)},
        action_url=talk_url(plan, choice),
        second_label=_offer_text(price, plan.seats_max),
        second_url=cart_url(plan, choice, plan.seats_max),
    )


def _money(amount_minor: int, price: PriceOnSale) -> str:
    return words.money(amount_minor, price.currency, whole=True)


def _unit_text(price: PriceOnSale) -> str:
    """What the large figure is of: under graduated tiers seats differ in price, and it is their average."""
    monthly = price.interval == "month"
    if price.scheme == pricing.Scheme.GRADUATED:
        return _("a seat on average, each month") if monthly else _("a seat on average, each year")
    return _("a seat, each month") if monthly else _("a seat, each year")


def _total_text(price: PriceOnSale, seats: int) -> str:
    template = _("%(total)s a month for %(seats)s") if price.interval == "month" else _("%(total)s a year for %(seats)s")
    return template % {"total": _money(price.total(seats), price), "seats": words.seats(seats)}


def _offer_text(price: PriceOnSale, seats: int) -> str:
    monthly = price.interval == "month"
    template = _("Or take %(seats)s now for %(total)s a month") if monthly else _("Or take %(seats)s now for %(total)s a year")
    return template % {"total": _money(price.total(seats), price), "seats": words.seats(seats)}


def _other_text(price: PriceOnSale, seats: int) -> str:
    """The same in the other period: what a year comes to, or what that is a month."""
    total = price.total(seats)
    if price.interval == "month":
        return _("%(total)s a year") % {"total": _money(12 * total, price)}
    return _("that is %(total)s a month") % {"total": _money(pricing.monthly(total, "year"), price)}


def _savings(plan: PlanOnSale, price: PriceOnSale, seats: int) -> tuple[str, ...]:
    found = []
    tier = pricing.tier_saving(price.tiers, price.scheme, seats)
    if tier > 0:
        template = _("Volume saves %(saved)s a month") if price.interval == "month" else _("Volume saves %(saved)s a year")
        found.append(template % {"saved": _money(tier, price)})
    month = plan.price("month", price.currency)
    if price.interval == "year" and month:
        saved = pricing.year_saving(month.total(seats), price.total(seats))
        if saved > 0:
            found.append(_("Paying yearly saves %(saved)s a year") % {"saved": _money(saved, price)})
    return tuple(found)


def _next_text(plan: PlanOnSale, price: PriceOnSale, seats: int) -> str:
    coming = pricing.next_break(price.tiers, price.scheme, seats, seats_max=plan.seats_max)
    if coming is None:
        return ""
    values = {
        "count": words.number(coming.more),
        "amount": _money(coming.unit_minor, price),
        "total": _money(coming.total_minor, price),
        "seats": words.seats(coming.seats),
    }
    if price.scheme == pricing.Scheme.GRADUATED:
        return _("Each seat beyond %(before)s costs %(amount)s.") % (values | {"before": words.number(coming.seats - 1)})
    if coming.total_falls:
        return (
            ngettext(
                "%(count)s more seat costs less: %(total)s for %(seats)s.",
                "%(count)s more seats cost less: %(total)s for %(seats)s.",
                coming.more,
            )
            % values
        )
    return (
        ngettext(
            "%(count)s more seat brings the price to %(amount)s a seat.",
            "%(count)s more seats bring the price to %(amount)s a seat.",
            coming.more,
        )
        % values
    )


def _tier_steps(price: PriceOnSale, seats: int) -> tuple[TierStep, ...]:
    if len(price.tiers) == 1:
        return (TierStep(_("any number of seats"), _money(price.tiers[0].unit_minor, price), current=True),)
    steps, first = [], 1
    for tier in price.tiers:
        current = tier.holds(seats) and seats >= first
        label = _("from 1 seat") if first == 1 else _("from %(number)s") % {"number": words.number(first)}
        steps.append(TierStep(label, _money(tier.unit_minor, price), current))
        first = (tier.up_to or 0) + 1
    return tuple(steps)


def intervals() -> tuple[str, ...]:
    return catalog_rules.INTERVALS
