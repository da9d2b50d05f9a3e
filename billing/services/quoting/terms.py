"""What stands on a quote, frozen as data when it is made: lines, taxes, what is due, to whom it is addressed.

Words are made when somebody reads it, in their language (billing.queries.quote_words); amounts are never worked out again.

    {plan, interval, seats, currency, lines: [{what, name, quantity, unit_minor, amount_minor, first, last}], off: {name, minor,
    ends_at} or None, taxes, net_minor, total_minor (each period, with tax), is_tax_open, party, due}

`due` of a purchase: {total_minor}. Of a change: {at, on (the customer's day), before (when it is another amount, where that
is on the same day) or None, agreed (of a period that begins anew: `Preview.as_json`) or None, period_ends_at, charged_minor,
credited_minor, taxes, total_minor, balance_minor, due_minor, carried_minor, is_anew}, beside `before`: {plan, interval, seats,
total_minor}, `what` kind of change it is, and `coming`: {at, seats, total_minor} where something waits, and add-ons that are
charged each month `beside` a year. Minor units; instants in ISO 8601.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from accounts.models import Organization
from billing.models import Cart, Price, Subscription, TaxId, TaxIdState
from billing.queries import addons as addon_queries
from billing.queries import agreed, catalog, discounts, promotions
from billing.queries import carts as cart_queries
from billing.queries import tax as tax_queries
from billing.rules import addons, intervals, pricing, tax
from billing.rules.preview import Preview
from billing.rules.promotions import AGREED, Held
from billing.services.changes import change_prices
from billing.services.changes.change_prices import Wanted
from billing.services.quoting import days

Document = dict[str, Any]


class NotQuotable(Exception):
    """A cart that is sold no more, a trial or a pilot: what costs nothing, or a fixed fee, needs no quote."""


@dataclass(frozen=True)
class _Having:
    """A plan's seats and its add-ons, for one period."""

    price: Price
    seats: int
    held: Sequence[addons.Item]

    @property
    def parts(self) -> tuple[int, ...]:
        return addons.parts(pricing.total(catalog.tiers_of(self.price), self.price.scheme, self.seats), self.held, self.seats)


def of_cart(cart: Cart, organization: Organization, at: datetime) -> Document:
    """What buying the cart means, at the prices it is sold at, or that it holds. Raises NotQuotable."""
    priced = None if cart.is_trial or cart.pilot_id else cart_queries.price(cart, at)
    if priced is None:
        raise NotQuotable("Only a plan that is on sale, and bought at once, can be quoted.")
    having = _Having(priced.price, priced.seats, priced.addons)
    less = _off(cart, having, at)
    settings = tax_queries.settings()
    levy = tax_queries.first_levy(organization, settings, at)
    off_parts = less.off_parts if less else (0,) * len(having.parts)
    net = [part - less for part, less in zip(having.parts, off_parts, strict=True)]
    off = _said_of(less, intervals.end(at, priced.interval)) if less and less.off_minor else None
    total = sum(net) + levy.added(*net)
    full = sum(having.parts) + levy.added(*having.parts)
    return {
        **_period(having, levy, net, off),
        "is_tax_open": levy.is_automatic or settings.mode is tax.Mode.STRIPE,
        "full_minor": full,
        "party": party(organization, at),
        "due": {"total_minor": total},
    }


def _off(cart: Cart, having: _Having, at: datetime) -> promotions.Entered | agreed.Less | None:
    """What is taken off: what was agreed, or the cart's code."""
    less = agreed.less(cart, parts=having.parts, at=at)
    entered = promotions.of_cart(cart, parts=having.parts, at=at) if less is None else None
    return less or (entered if entered and entered.is_taken else None)


def _said_of(less: promotions.Entered | agreed.Less, next_at: datetime) -> dict[str, Any]:
    """`holds_until`: a quote holds no longer than the discount can be had."""
    lasts = less.lasts_beyond(next_at)
    code = less.row if isinstance(less, promotions.Entered) else None
    holds_until = less.ends_at if isinstance(less, agreed.Less) else code.expires_at if code else None
    return {
        "name": code.name if code else dict(AGREED),
        "code": code.code if code else "",
        "minor": less.off_minor,
        "is_once": not lasts,
        "ends_at": _iso(less.ends_at) if lasts else None,
        "holds_until": _iso(holds_until),
    }


def of_change(row: Subscription, wanted: Wanted, shown: Preview, at: datetime) -> Document:
    """What a change means: what there is then, for how much a period, and what is charged of it on the day of `shown`."""
    levy = tax_queries.levy(row.organization)
    before = _Having(row.price, row.quantity, _with_plan(addon_queries.of(row), row.price))
    then = change_prices.after(row, wanted)
    price = wanted.price or row.price
    after = _Having(price, wanted.seats, _with_plan(then.held, price))
    held = discounts.of(row)
    ends_at = row.period_ends_at
    net = _net(after, held, ends_at)
    off = None
    if (less := sum(after.parts) - sum(net)) > 0:
        last = max((one.ends_at for one in held if one.ends_at), default=None)
        off = {
            "name": held[0].name if held else {},
            "code": "",
            "minor": less,
            "is_once": False,
            "ends_at": _iso(last),
            "holds_until": None,
        }
    return {
        **_period(after, levy, net, off),
        "is_tax_open": levy.is_automatic,
        "full_minor": sum(after.parts) + levy.added(*after.parts),
        "party": party(row.organization, at),
        "before": {
            "plan": row.plan.name,
            "interval": row.price.interval,
            "seats": row.quantity,
            "total_minor": _with_tax(_net(before, held, ends_at), levy),
        },
        "what": _what(row, wanted),
        "coming": _coming(wanted, shown),
        "beside": [
            {"name": dict(item.name), "amount_minor": item.total(wanted.seats)}
            for item in addons.between(then.held, price.interval)
        ],
        "due": _due(row, wanted, shown, at),
    }


def party(organization: Organization, at: datetime) -> dict[str, Any]:
    """To whom it is made out: as on an invoice. Three queries."""
    details, _standing = tax_queries.standing(organization, at)
    ids = TaxId.objects.filter(organization=organization, removed_at=None).exclude(state=TaxIdState.REFUSED)
    street = [details.line1, details.line2, f"{details.postal_code} {details.city}".strip(), details.state]
    return {
        "name": details.legal_name or organization.name,
        "lines": [line for line in street if line],
        "country": details.country or organization.country,
        "tax_ids": list(ids.order_by("pk").values_list("value", flat=True)),
    }


def base_of(row: Subscription) -> str:
    """What a change is priced on: the seats, the plan's price and the add-ons. Another base: another quote."""
    held = (f"{item.stripe_price_id}*{item.number}" for item in addon_queries.of(row))
    return ":".join([str(row.quantity), str(row.price_id), *held])[:300]


def _period(having: _Having, levy: tax.Levy, net: Sequence[int], off: dict[str, Any] | None) -> Document:
    """A whole period of what there is then."""
    price = having.price
    return {
        "plan": price.plan.name,
        "interval": price.interval,
        "seats": having.seats,
        "currency": price.currency,
        "lines": list(_lines(having)),
        "off": off,
        "net_minor": sum(net),
        "taxes": tax_queries.plain(levy.on(*net)),
        "total_minor": _with_tax(net, levy),
    }


def _lines(having: _Having) -> Iterable[dict[str, Any]]:
    price = having.price
    tiers = catalog.tiers_of(price)
    shares = pricing.shares(tiers, price.scheme, having.seats)
    for share in shares:
        yield {"what": "tier", "name": price.plan.name, **asdict(share)}
    if not shares:
        amount = pricing.total(tiers, price.scheme, having.seats)
        unit = pricing.average_unit(tiers, price.scheme, having.seats)
        yield {"what": "plan", "name": price.plan.name, "quantity": having.seats, "unit_minor": unit, "amount_minor": amount}
    for item in having.held:
        count = item.quantity(having.seats)
        yield {
            "what": "addon",
            "name": dict(item.name),
            "quantity": count,
            "unit_minor": pricing.average_unit(item.tiers, item.scheme, count),
            "amount_minor": item.total(having.seats),
        }


def _net(having: _Having, held: Sequence[Held], at: datetime) -> list[int]:
    off = addons.off(held, having.parts, at)
    return [part - less for part, less in zip(having.parts, off, strict=True)]


def _with_tax(net: Sequence[int], levy: tax.Levy) -> int:
    return sum(net) + levy.added(*net)


def _with_plan(held: Sequence[addons.Item], price: Price) -> list[addons.Item]:
    """The add-ons that are charged when the plan is; the others, by the month beside a year, are `beside`."""
    apart = {item.code for item in addons.between(held, price.interval)}
    return [item for item in held if item.code not in apart]


def _coming(wanted: Wanted, shown: Preview) -> dict[str, Any] | None:
    """What waits for the period's end makes of it: other seats then, and what they come to."""
    if shown.quantity_at_renewal == wanted.seats:
        return None
    total = shown.renewal_minor + shown.renewal_tax_minor
    return {"at": _iso(shown.renewal_at), "seats": shown.quantity_at_renewal, "total_minor": total}


def _what(row: Subscription, wanted: Wanted) -> dict[str, Any]:
    """Which change it is, for its heading."""
    if wanted.addon_price is not None:
        return {"kind": "addon", "name": dict(wanted.addon_price.addon.name)}
    if wanted.price is None:
        return {"kind": "seats"}
    return {"kind": "year" if wanted.price.plan_id == row.plan_id else "plan"}


def _due(row: Subscription, wanted: Wanted, shown: Preview, at: datetime) -> dict[str, Any]:
    """What is charged on that day: the rest of the period, or, with a year that begins then, all of it."""
    charged = sum(line.amount_minor for line in shown.lines if line.amount_minor > 0)
    credited = sum(line.amount_minor for line in shown.lines if line.amount_minor < 0)
    is_anew, before = change_prices.starts_anew(row, wanted), days.holds_before(row, at)
    return {
        "at": _iso(at),
        "on": days.day_of(row, at).isoformat(),
        "before": _iso(before),
        "agreed": shown.as_json() if is_anew else None,
        "period_ends_at": _iso(row.period_ends_at),
        "is_anew": is_anew,
        "charged_minor": charged,
        "credited_minor": credited,
        "off_minor": shown.discount_minor,
        "taxes": tax_queries.plain(shown.taxes),
        "total_minor": shown.total_minor,
        "balance_minor": shown.balance_applied_minor,
        "due_minor": shown.due_now_minor,
        "carried_minor": shown.carried_minor,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
