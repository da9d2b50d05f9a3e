"""What whoever cancels is offered before, in words: what can really be had, one thing a reason, each with its price."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.queries import policies
from billing.models import CancelReason, Move
from billing.queries import catalog, pauses
from billing.queries.catalog import LineOnSale, PriceOnSale
from billing.queries.overview import Standing, State
from billing.rules import retention
from billing.rules.retention import Offer
from config import words
from storefront import pause_words, plan_words


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An offer, and the reasons (codes, parted by blanks) that it is the answer to."""

    kind: str
    reasons: str
    title: str
    text: str
    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class _Words:
    title: str
    text: str
    label: str
    url: str


def offers(standing: Standing, at: datetime) -> list[Shown]:
    """Each offer once, with the reasons that it is shown for; none where nothing is paid for. Two queries."""
    if standing.state is not State.ACTIVE and standing.state is not State.ARRANGING:
        return []
    segment, paused = pauses.known(standing.row.organization_id, standing.row.line_id)
    possible = dict(_possible(standing))
    if pause_words.can_be_offered(standing, segment=segment, before=paused, at=at):
        possible[Offer.PAUSE] = _pause(standing, segment, at)
    overrides = policies.value("billing.retention_offers", at, segment)
    chosen = {reason: retention.offer(reason, segment, possible, overrides) for reason in CancelReason.values}
    return [
        Shown(
            kind=kind,
            reasons=" ".join(reason for reason, offer in chosen.items() if offer is kind),
            title=said.title,
            text=said.text,
            label=said.label,
            url=said.url,
        )
        for kind, said in possible.items()
        if kind in chosen.values()
    ]


def _possible(standing: Standing) -> Iterator[tuple[Offer, _Words]]:
    line = catalog.on_sale().line(standing.row.line.code)
    if line is not None and standing.coming_plan is None:
        yield from _smaller(standing, line)
        yield from _annual(standing, line)
    yield Offer.HUMAN, _human(standing)


def _smaller(standing: Standing, line: LineOnSale) -> Iterator[tuple[Offer, _Words]]:
    """The next smaller plan that the catalog lets one have, if it is sold with as many seats and costs less."""
    row, seats = standing.row, standing.coming
    allowed = set(Move.objects.filter(from_plan=row.plan_id).values_list("to_plan__code", flat=True))
    codes = [plan.code for plan in line.plans]
    if row.plan.code not in codes:
        return
    for plan in reversed(line.plans[: codes.index(row.plan.code)]):
        price = plan.price(row.price.interval, row.currency)
        if plan.code not in allowed or price is None or price.parts or not plan.seats_min <= seats <= plan.seats_max:
            continue
        if price.total(seats) < standing.rate.total(seats):
            values = {
                "plan": plan.name,
                "amount": _amount(price, seats),
                "before": words.money(standing.rate.total(seats), row.currency, whole=True),
                "day": words.day(row.period_ends_at),
            }
            text = _("%(amount)s from %(day)s instead of %(before)s. Your people keep their seats and what they made.")
            url = plan_words.url(standing, plan=plan.code, interval=row.price.interval)
            label = _("See what %(plan)s costs") % values
            title = _("%(plan)s costs less") % values
            yield Offer.SMALLER, _Words(title=title, text=text % values, label=label, url=url)
            return


def _amount(price: PriceOnSale, seats: int) -> str:
    amount = {"amount": words.money(price.total(seats), price.currency, whole=True)}
    return (_("%(amount)s a year") if price.interval == "year" else _("%(amount)s a month")) % amount


def _annual(standing: Standing, line: LineOnSale) -> Iterator[tuple[Offer, _Words]]:
    """The same plan for a year, where that costs less than twelve months."""
    row, seats = standing.row, standing.coming
    plan = line.plan(row.plan.code)
    price = plan.price("year", row.currency) if plan is not None and row.price.interval == "month" else None
    if price is None or price.parts:
        return
    saved = 12 * standing.rate.total(seats) - price.total(seats)
    if saved <= 0:
        return
    values = {
        "amount": _amount(price, seats),
        "saved": words.money(saved, row.currency, whole=True),
        "day": words.day(row.period_ends_at),
    }
    title = _("Paid yearly it costs %(saved)s a year less") % values
    text = _("%(amount)s from %(day)s, for the same plan and the same seats.") % values
    url = plan_words.url(standing, plan=row.plan.code, interval="year")
    yield Offer.ANNUAL, _Words(title=title, text=text, label=_("See the yearly price"), url=url)


def _pause(standing: Standing, segment: str, at: datetime) -> _Words:
    months = words.months(pause_words.most(segment, at))
    text = _("Up to %(months)s in which nothing is charged. What you have paid for and not used is given back.")
    return _Words(
        title=_("Pause it instead"), text=text % {"months": months}, label=_("Look at a pause"), url=pause_words.url(standing)
    )


def _human(standing: Standing) -> _Words:
    query = {"reason": "other", "plan": f"{standing.row.line.code}/{standing.row.plan.code}", "page": "cancellation"}
    text = _("Tell a person what went wrong. They see what you have, and nothing is cancelled or charged meanwhile.")
    url = f"{reverse('storefront:talk')}?{urlencode(query)}"
    return _Words(title=_("Somebody can put that right"), text=text, label=_("Talk to a person"), url=url)
