"""The plans of a line beside the one that is had: what each costs, what is different, and when it could begin."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import Cart, Move, Price, Subscription
from billing.queries import catalog
from billing.queries.catalog import LineOnSale, PlanOnSale, PriceOnSale
from billing.queries.overview import Standing
from billing.rules import intervals
from billing.services.changes import committed, plan_changes
from config import words
from storefront.queries import pricing_features


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A plan as it could be had. `url` leads to its price ("": it is what one has, or a person has to help)."""

    code: str
    name: str
    pitch: str
    price_text: str
    note: str
    """Why the price is of another number of seats than there is today."""
    when: str
    more: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]
    is_had: bool
    is_coming: bool
    url: str
    talk_url: str


def url(standing: Standing, **query: str | int) -> str:
    return f"{reverse('storefront:plan')}?{urlencode({'line': standing.row.line.code, **query})}"


@dataclass(frozen=True)
class OtherStart:
    """The other day on which a plan could begin, as a link."""

    label: str
    url: str


def other_start(standing: Standing, price: Price, *, now: bool) -> OtherStart | None:
    """A year instead of months begins today or with the month's end: the one of the two that is not looked at."""
    if not plan_changes.becomes_a_year(standing.row, price):
        return None
    query = {"plan": price.plan.code, "interval": price.interval}
    if now:
        label = _("Let it begin on %(day)s instead") % {"day": words.day(standing.row.period_ends_at)}
        return OtherStart(label, url(standing, **query, when="later"))
    return OtherStart(_("Let it begin today instead"), url(standing, **query))


def instead_url(had: Subscription | None, cart: Cart) -> str:
    """What a cart's plan costs for whoever has another one of its line; "": it is none of that."""
    if had is None or had.line_id != cart.plan.line_id or had.plan_id == cart.plan_id or cart.pilot_id is not None:
        return ""
    query = {"line": had.line.code, "plan": cart.plan.code, "interval": cart.interval}
    return f"{reverse('storefront:plan')}?{urlencode(query)}"


def choices(standing: Standing, interval: str) -> tuple[Choice, ...]:
    """Every plan that is on sale, in the catalog's order. One query: which moves the catalog allows."""
    row = standing.row
    line = catalog.on_sale().line(row.line.code)
    allowed = set(Move.objects.filter(from_plan=row.plan_id).values_list("to_plan__code", flat=True))
    if line is None:
        return ()
    return tuple(
        _choice(standing, line, plan, price, is_allowed=plan.code in allowed | {row.plan.code})
        for plan in line.plans
        if (price := plan.price(interval, row.currency)) is not None and not price.parts
    )


def _choice(standing: Standing, line: LineOnSale, plan: PlanOnSale, price: PriceOnSale, *, is_allowed: bool) -> Choice:
    row = standing.row
    mine = line.plan(row.plan.code)
    is_had = plan.code == row.plan.code and price.interval == row.price.interval
    place, own_place = line.plans.index(plan), line.plans.index(mine) if mine else 0
    is_larger, is_smaller = place > own_place, place < own_place
    is_now = is_had or _is_from_today(standing, price, is_larger=is_larger, is_smaller=is_smaller)
    number = standing.quantity if is_now else _seats_then(standing)
    seats = max(number, plan.seats_min)
    most = max(plan.seats_max, standing.agreed_seats)
    has_room = seats <= most
    more, gone, changed = _difference(mine, plan) if mine is not None else ((), (), ())
    coming = standing.coming_plan
    return Choice(
        code=plan.code,
        name=plan.name,
        pitch=catalog.text(plan.pitch),
        price_text=_price_text(price, seats) if has_room else _("Up to %(seats)s") % {"seats": words.seats(most)},
        note=_note(standing, number, is_had=is_had) if has_room else "",
        when=_when(standing, price, is_larger=is_larger, is_smaller=is_smaller),
        more=more,
        gone=gone,
        changed=changed,
        is_had=is_had,
        is_coming=coming is not None and (coming["code"], coming["interval"]) == (plan.code, price.interval),
        url="" if is_had or not is_allowed else url(standing, plan=plan.code, interval=price.interval),
        talk_url=f"{reverse('storefront:talk')}?{urlencode({'reason': 'other', 'plan': plan.path, 'page': 'plan'})}",
    )


def _price_text(price: PriceOnSale, seats: int) -> str:
    values = {"amount": words.money(price.total(seats), price.currency, whole=True), "seats": words.seats(seats)}
    if price.interval == "year":
        return _("%(amount)s a year for %(seats)s") % values
    return _("%(amount)s a month for %(seats)s") % values


def _seats_then(standing: Standing) -> int:
    """How many there are from the next period on, as what waits for it says: the number that its preview has, too."""
    return standing.quantity + sum(change.delta for change in standing.scheduled)


def _note(standing: Standing, number: int, *, is_had: bool) -> str:
    values = {"seats": words.seats(_seats_then(standing)), "day": words.day(standing.row.period_ends_at)}
    if _seats_then(standing) == standing.quantity or standing.ends_at is not None:
        return ""
    if is_had:
        return _("%(seats)s from %(day)s on, as was asked for.") % values
    return "" if number == standing.quantity else _("That is what you have from %(day)s on: %(seats)s.") % values


def _is_from_today(standing: Standing, price: PriceOnSale, *, is_larger: bool, is_smaller: bool) -> bool:
    """Whether it can begin at once."""
    interval = standing.row.price.interval
    if standing.trial_ends_at is not None or (is_larger and price.interval == interval):
        return True
    return (interval, price.interval) == plan_changes.YEAR_AFTER_MONTH and not is_smaller


def _when(standing: Standing, price: PriceOnSale, *, is_larger: bool, is_smaller: bool) -> str:
    row = standing.row
    is_now = _is_from_today(standing, price, is_larger=is_larger, is_smaller=is_smaller)
    if row.status == "paused":
        return _when_paused(standing, is_now=is_now)
    term = _waits_for(standing, price) if is_smaller else None
    day = {"day": words.day(term.ends_at if term else row.period_ends_at)}
    if is_now and (standing.trial_ends_at is not None or price.interval == row.price.interval):
        return _("From today")
    return (_("From today, or from %(day)s") if is_now else _("From %(day)s")) % day


def _waits_for(standing: Standing, price: PriceOnSale) -> committed.Term | None:
    """The committed term that a smaller plan waits for. No query where none was committed."""
    if standing.commitment is None:
        return None
    return committed.plan_waits(standing.row, Price.objects.select_related("plan").get(pk=price.id))


def _when_paused(standing: Standing, *, is_now: bool) -> str:
    """Nothing begins before it goes on, and a period of its own begins with that."""
    if standing.pause is None:
        return _("Once it goes on") if is_now else _("With the end of the period that begins once it goes on")
    resumes_at = standing.pause.resumes_at
    at = resumes_at if is_now else intervals.end(resumes_at, standing.row.price.interval)
    return _("From %(day)s") % {"day": words.day(at)}


def lead(standing: Standing) -> str:
    """When a change of plan begins, above the list."""
    if standing.row.status != "paused":
        when = {"when": words.on_day(standing.row.period_ends_at)}
        return (
            _(
                "A larger plan, or a year, begins today, and what you have paid for is taken off. A smaller one, or months "
                "instead of a year, begins %(when)s."
            )
            % when
        )
    if standing.pause is None:
        return _("It is paused. Once it goes on, another plan can be had.")
    resumes_at = standing.pause.resumes_at
    days = {"day": words.day(resumes_at), "ends": words.day(intervals.end(resumes_at, standing.row.price.interval))}
    return (
        _(
            "It is paused until %(day)s, or until you go on: from then on another plan can be had. A larger one, or a year, "
            "begins then at the earliest; a smaller one, or months instead of a year, with the period's end on %(ends)s."
        )
        % days
    )


def _difference(mine: PlanOnSale, other: PlanOnSale) -> tuple[tuple[str, ...], ...]:
    """What the other plan has besides, what it has not, and of what it has another number."""
    before = {feature.code: feature for feature in mine.features}
    after = {feature.code: feature for feature in other.features}
    more = tuple(pricing_features.line_of(one) for code, one in after.items() if code not in before)
    gone = tuple(pricing_features.line_of(one) for code, one in before.items() if code not in after)
    other_numbers = tuple(
        _("%(after)s instead of %(before)s")
        % {"after": pricing_features.line_of(one), "before": pricing_features.amount(before[code])}
        for code, one in after.items()
        if code in before and before[code].limit != one.limit
    )
    return more, gone, other_numbers
