"""Reading hand-raises, and what one would promise now."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Organization
from accounts.queries import policies, rows
from billing.models import Cart
from billing.queries import carts, catalog
from billing.rules import pricing
from offramps.models import HandRaise
from offramps.rules import promise

ASKED = """
    SELECT count(*) FROM offramps_handraise
    WHERE lower(contact_email) = lower(%(email)s) AND raised_at > %(since)s AND raised_at <= %(until)s
"""


def answer_on(at: datetime, organization: Organization | None = None) -> date:
    """The day by whose end a hand-raise made at `at` is answered, in the organization's time zone."""
    days = policies.value("offramps.answer_working_days", at)
    return promise.answer_on(at, days, ZoneInfo(organization.time_zone if organization else "UTC"))


def asked_between(email: str, since: datetime, until: datetime) -> int:
    """How often an address has asked in `(since, until]`. One query."""
    return int(rows.fetch(ASKED, {"email": email, "since": since, "until": until})[0][0])


def raised(public_id: str) -> HandRaise | None:
    """The hand-raise that its maker's link names. One query."""
    rows = HandRaise.objects.select_related("organization", "cart__plan__line", "trigger__lead")
    return rows.filter(public_id=public_id).first()


def basket_of(cart: Cart, at: datetime, *, seats: int | None = None) -> dict[str, Any]:
    """A cart as it is kept on a hand-raise: what, how many, and what it costs; `seats` replaces the cart's own number."""
    basket = {
        "plan": f"{cart.plan.line.code}/{cart.plan.code}",
        "name": cart.plan.name,
        "seats": seats or cart.seats,
        "seats_max": cart.plan.seats_max,
        "interval": cart.interval,
        "currency": cart.currency,
    }
    priced = carts.price(cart, at)
    if priced is None:
        return basket
    total = pricing.total(catalog.tiers_of(priced.price), priced.price.scheme, seats or cart.seats)
    return {**basket, "price": priced.price.id, "total_minor": total}


def basket_for(plan_path: str, seats: int, interval: str, currency: str) -> dict[str, Any]:
    """As `basket_of`, for a plan ("line/plan") that is in no cart yet; empty when it is not on sale."""
    plan = catalog.on_sale().plan(plan_path)
    price = plan.price(interval, currency) if plan else None
    if plan is None or price is None or seats < 1:
        return {}
    return {
        "plan": plan.path,
        "name": plan.name,
        "seats": seats,
        "seats_max": plan.seats_max,
        "interval": interval,
        "currency": currency,
        "price": price.id,
        "total_minor": price.total(seats),
    }
