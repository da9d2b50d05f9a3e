"""A card for each plan: every sum, and every sentence with a number in it, for one choice."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries import catalog
from billing.queries.catalog import LineOnSale, OnSale, PlanOnSale, PriceOnSale
from billing.rules import pricing
from config import words
from storefront.queries import pricing_addons, pricing_bundles, pricing_choice, pricing_features, pricing_promotions
from storefront.queries.pricing_choice import Choice

CARD_FEATURES: Final = 7


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
    # The add-ons in the total, and which of those chosen are not to be had with this plan.
    addons: tuple[str, ...] = ()
    without: str = ""
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
class _Order:
    """A plan as a card prices it: so many seats, and the chosen add-ons that go with it."""

    plan: PlanOnSale
    price: PriceOnSale
    seats: int
    beside: tuple[pricing_addons.Beside, ...] = ()

    @property
    def plan_minor(self) -> int:
        return self.price.total(self.seats)

    @property
    def total_minor(self) -> int:
        return sum(self.parts)

    @property
    def parts(self) -> tuple[int, ...]:
        """As an invoice has lines: the plan's, then each add-on's."""
        return (self.plan_minor, *(one.amount_minor for one in self.beside))

    @property
    def month_minor(self) -> int | None:
        """The same paid by the month; None where that is not sold."""
        month = self.plan.price("month", self.price.currency)
        parts = [month.total(self.seats) if month else None, *(one.month_minor for one in self.beside)]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def money(self, amount_minor: int) -> str:
        return _money(amount_minor, self.price)


def _order(line: LineOnSale, plan: PlanOnSale, price: PriceOnSale, choice: Choice) -> _Order:
    """For as many of the chosen seats as the plan sells."""
    seats = min(max(choice.seats, plan.seats_min), plan.seats_max)
    return _Order(plan, price, seats, pricing_addons.beside(line, plan, choice, seats))


def of_line(on_sale: OnSale, line: LineOnSale, choice: Choice, at: datetime) -> tuple[Card, ...]:
    """The line's cards. One leads: the recommended plan, or the first that can be bought for so many seats."""
    cards = [_offered(on_sale, line, plan, choice, at) for plan in line.plans]
    buyable = [index for index, card in enumerate(cards) if card.unit_minor is not None]
    lead = next((index for index in buyable if cards[index].recommended), next(iter(buyable), None))
    return tuple(replace(card, is_primary=index == lead) for index, card in enumerate(cards))


def _offered(on_sale: OnSale, line: LineOnSale, plan: PlanOnSale, choice: Choice, at: datetime) -> Card:
    price = plan.price(choice.interval, choice.currency)
    card = _card(plan, choice)
    if price is None:
        note = _("Not sold in %(currency)s.") % {"currency": choice.currency.upper()}
        return replace(card, note=note, action_label=_("Talk to a person"), action_url=pricing_choice.talk_url(plan, choice))
    order = _order(line, plan, price, choice)
    card = replace(card, addons=tuple(one.label for one in order.beside), without=pricing_addons.without(line, plan, choice))
    if choice.seats > plan.seats_max:
        return _beyond(card, order, choice)
    return _promoted(_bundled(_priced(card, order, choice), on_sale, order), on_sale, order, choice, at)


def _bundled(card: Card, on_sale: OnSale, order: _Order) -> Card:
    """A bundle's card with what it holds, and what that saves against its parts."""
    if not order.plan.parts:
        return card
    saving = pricing_bundles.saving(on_sale, order.plan, order.price, order.seats)
    savings = (*card.savings, saving) if saving else card.savings
    return replace(card, holds=pricing_bundles.holds(on_sale, order.plan), savings=savings)


def _promoted(card: Card, on_sale: OnSale, order: _Order, choice: Choice, at: datetime) -> Card:
    """The card with what the code makes of its price."""
    if not choice.promo:
        return card
    said = pricing_promotions.of_card(on_sale, choice.promo, order.plan.path, order.price, parts=order.parts, at=at)
    return replace(card, promotion_text=said)


def _card(plan: PlanOnSale, choice: Choice) -> Card:
    return Card(
        name=plan.name,
        pitch=catalog.text(plan.pitch),
        recommended=plan.is_recommended,
        features=tuple(pricing_features.line_of(feature) for feature in pricing_bundles.features(plan)[:CARD_FEATURES]),
        currency=choice.currency,
    )


def _priced(card: Card, order: _Order, choice: Choice) -> Card:
    plan, price, seats = order.plan, order.price, order.seats
    return replace(
        _tried(card, order, choice),
        unit_minor=pricing.average_unit(price.tiers, price.scheme, seats),
        unit_text=_unit_text(price),
        total_text=_total_text(order),
        other_text=_other_text(order),
        savings=_savings(order),
        next_text=_next_text(order),
        note=_("Starts at %(seats)s.") % {"seats": words.seats(seats)} if seats > choice.seats else "",
        tiers=_tier_steps(price, seats),
        action_label=_("Choose %(plan)s for %(seats)s") % {"plan": plan.name, "seats": words.seats(seats)},
        action_url=pricing_choice.cart_url(plan, choice, seats),
    )


def _tried(card: Card, order: _Order, choice: Choice) -> Card:
    """The card with its trial, where the plan has one; whether a company has had its own is asked in the cart."""
    plan = order.plan
    if plan.trial_days < 1:
        return card
    yearly = order.price.interval == "year"
    then = _("No card needed. Then %(total)s a year.") if yearly else _("No card needed. Then %(total)s a month.")
    return replace(
        card,
        trial_label=try_label(plan.trial_days),
        trial_url=f"{pricing_choice.cart_url(plan, choice, order.seats)}&trial=1",
        trial_note=then % {"total": order.money(order.total_minor)},
    )


def try_label(days: int) -> str:
    """ "Try it free for 14 days"."""
    return ngettext("Try it free for %(days)s day", "Try it free for %(days)s days", days) % {"days": words.number(days)}


def _beyond(card: Card, order: _Order, choice: Choice) -> Card:
    """More seats than the plan sells here: a person for all of them, or as many as it sells at once."""
    plan = order.plan
    most = words.seats(plan.seats_max)
    return replace(
        card,
        note=_("%(plan)s is sold here for up to %(seats)s.") % {"plan": plan.name, "seats": most},
        tiers=_tier_steps(order.price, choice.seats),
        action_label=_("Talk about %(seats)s") % {"seats": words.seats(choice.seats)},
        action_url=pricing_choice.talk_url(plan, choice),
        second_label=_offer_text(order),
        second_url=pricing_choice.cart_url(plan, choice, plan.seats_max),
    )


def _money(amount_minor: int, price: PriceOnSale) -> str:
    return words.money(amount_minor, price.currency, whole=True)


def _unit_text(price: PriceOnSale) -> str:
    """What the large figure is of: under graduated tiers seats differ in price, and it is their average."""
    monthly = price.interval == "month"
    if price.scheme == pricing.Scheme.GRADUATED:
        return _("a seat on average, each month") if monthly else _("a seat on average, each year")
    return _("a seat, each month") if monthly else _("a seat, each year")


def _total_text(order: _Order) -> str:
    monthly = order.price.interval == "month"
    template = _("%(total)s a month for %(seats)s") if monthly else _("%(total)s a year for %(seats)s")
    return template % {"total": order.money(order.total_minor), "seats": words.seats(order.seats)}


def _offer_text(order: _Order) -> str:
    monthly = order.price.interval == "month"
    template = _("Or take %(seats)s now for %(total)s a month") if monthly else _("Or take %(seats)s now for %(total)s a year")
    return template % {"total": order.money(order.total_minor), "seats": words.seats(order.seats)}


def _other_text(order: _Order) -> str:
    """The same in the other period: what a year comes to, or what that is a month."""
    if order.price.interval == "month":
        return _("%(total)s a year") % {"total": order.money(12 * order.total_minor)}
    return _("that is %(total)s a month") % {"total": order.money(pricing.monthly(order.total_minor, "year"))}


def _savings(order: _Order) -> tuple[str, ...]:
    """What the number of seats saves against the first tier's price, and what paying yearly does."""
    found = []
    price = order.price
    tier = pricing.tier_saving(price.tiers, price.scheme, order.seats)
    if tier > 0:
        found.append(_tier_text(price) % {"saved": order.money(tier)})
    month = order.month_minor
    if price.interval == "year" and month:
        saved = pricing.year_saving(month, order.total_minor)
        if saved > 0:
            found.append(_("Paying yearly saves %(saved)s a year") % {"saved": order.money(saved)})
    return tuple(found)


def _tier_text(price: PriceOnSale) -> str:
    """All seats are cheaper for there being many of them, or (graduated) the later ones are."""
    if price.scheme == pricing.Scheme.GRADUATED:
        monthly, yearly = _("Cheaper later seats save %(saved)s a month"), _("Cheaper later seats save %(saved)s a year")
    else:
        monthly, yearly = _("Volume saves %(saved)s a month"), _("Volume saves %(saved)s a year")
    return monthly if price.interval == "month" else yearly


def _next_text(order: _Order) -> str:
    price = order.price
    coming = pricing.next_break(price.tiers, price.scheme, order.seats, seats_max=order.plan.seats_max)
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
    if coming.total_falls and not order.beside:
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
