"""Stripe's lists, a page at a time, in the words of billing.rules.reconciling."""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.conf import settings

from billing import gateway
from billing.rules import reconciling
from billing.services.mirroring import mirror

PAGE = 100
# Between two pages, beside Stripe's limit for all: a buyer's call never waits for the comparison.
PAUSE_SECONDS = 0.2
# Cursors of what is read after the recent invoices: those that are older and open, then tonight's share of all the others.
OLDER, PAST = "older:", "past:"

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of a list, newest first. `last` leads to the next page; empty: there is none."""

    rows: list[T]
    last: str


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a run reads: objects made up to `until`, of one Stripe customer if named.

    Of invoices those made since `since`, older ones that are open, and all others made in `past` (from, to).
    """

    until: datetime
    since: datetime
    customer: str = ""
    past: tuple[datetime, datetime] | None = None


def subscriptions(scope: Scope, after: str) -> Page[reconciling.Theirs]:
    rows, last = _page(gateway.subscriptions, {**_until(scope), "status": "all"}, after)
    return Page([theirs(row) for row in rows], last)


def invoices(scope: Scope, after: str) -> Page[gateway.Invoice]:
    """The recent ones, then those that are older and still open, then a share of all that are older."""
    if after.startswith(PAST):
        assert scope.past is not None
        first, end = (int(instant.timestamp()) for instant in scope.past)
        rows, last = _page(gateway.invoices, {**_until(scope), "created": {"gte": first, "lt": end}}, after.removeprefix(PAST))
        return Page(rows, f"{PAST}{last}" if last else "")
    if after.startswith(OLDER):
        older = {"lt": int(scope.since.timestamp())}
        rows, last = _page(gateway.invoices, {**_until(scope), "status": "open", "created": older}, after.removeprefix(OLDER))
        return Page(rows, f"{OLDER}{last}" if last else PAST * (scope.past is not None))
    recent = {"gte": int(scope.since.timestamp()), "lte": int(scope.until.timestamp())}
    rows, last = _page(gateway.invoices, {**_until(scope), "created": recent}, after)
    return Page(rows, last or OLDER)


def each_invoice(stripe_ids: Iterable[str]) -> list[gateway.Invoice]:
    """These, one call each; without those that Stripe does not know."""
    found = []
    for stripe_id in stripe_ids:
        with contextlib.suppress(gateway.NotFound):
            found.append(gateway.invoice(stripe_id))
    return found


def coupon(row: gateway.Customer) -> str:
    """The coupon on the customer itself; "": none."""
    held = None if getattr(row, "deleted", False) else row.discount
    return _coupon(held) if held else ""


def customer(stripe_id: str) -> gateway.Customer | None:
    """One of them now; None when Stripe does not know it."""
    try:
        return gateway.customer(stripe_id)
    except gateway.NotFound:
        return None


def customers(scope: Scope, after: str) -> Page[gateway.Customer]:
    if scope.customer:
        return Page([gateway.customer(scope.customer)], "")
    rows, last = _page(gateway.customers, _until(scope), after)
    return Page(rows, last)


def subscription(stripe_id: str) -> reconciling.Theirs | None:
    """One of them now; None when Stripe does not know it."""
    try:
        return theirs(gateway.subscription_terms(stripe_id))
    except gateway.NotFound:
        return None


def _until(scope: Scope) -> dict[str, Any]:
    """Up to an instant: what comes meanwhile moves no page."""
    narrow: dict[str, Any] = {"customer": scope.customer} if scope.customer else {}
    return {**narrow, "created": {"lte": int(scope.until.timestamp())}}


def _page(ask: Callable[[dict[str, Any]], tuple[list[T], bool]], params: dict[str, Any], after: str) -> tuple[list[T], str]:
    if after and not settings.STRIPE_SANDBOX:
        time.sleep(PAUSE_SECONDS)
    rows, more = ask({**params, "limit": PAGE, **({"starting_after": after} if after else {})})
    return rows, mirror.stripe_id(rows[-1]) if more and rows else ""


def theirs(row: gateway.Subscription) -> reconciling.Theirs:
    """A subscription read with its schedule and discounts expanded."""
    items = row["items"].data
    first = items[0]
    ends_at = mirror.at_instant(first.current_period_end)
    return reconciling.Theirs(
        stripe_id=row.id,
        customer=mirror.stripe_id(row.customer),
        status=row.status,
        quantity=int(first.quantity or 0),
        price=first.price.id,
        items=tuple(reconciling.Item(item.price.id, int(item.quantity or 0)) for item in items[1:]),
        currency=row.currency,
        starts_at=mirror.at_instant(first.current_period_start),
        ends_at=ends_at,
        cancel_at=mirror.instant(row.cancel_at) or (ends_at if row.cancel_at_period_end else _end_of(row.schedule)),
        coming=_coming(row.schedule, ends_at),
        coupons=tuple(_coupon(discount) for discount in row.discounts or []),
        tax_rates=tuple(
            mirror.stripe_id(rate)
            for rate in [*(row.default_tax_rates or []), *(rate for item in items for rate in item.tax_rates or [])]
        ),
        collection=reconciling.Collecting(row.collection_method, row.days_until_due),
        has_automatic_tax=bool(row.automatic_tax and row.automatic_tax.enabled),
        trial_ends_at=mirror.instant(row.trial_end) if row.status == "trialing" else None,
    )


def _end_of(schedule: object) -> datetime | None:
    """When an expanded schedule ends its subscription; None: it does not."""
    if (
        not isinstance(schedule, gateway.SubscriptionSchedule)
        or schedule.end_behavior != "cancel"
        or schedule.status != "active"
    ):
        return None
    return mirror.instant(schedule.phases[-1].end_date)


def _coming(schedule: object, ends_at: datetime) -> tuple[reconciling.Phase, ...]:
    """The phases of an expanded schedule that begin with the period's end or later."""
    if not isinstance(schedule, gateway.SubscriptionSchedule) or schedule.status not in ("active", "not_started"):
        return ()
    return tuple(
        reconciling.Phase(
            mirror.at_instant(phase.start_date),
            mirror.stripe_id(phase["items"][0].price),
            int(phase["items"][0].quantity or 0),
            tuple(sorted(reconciling.Item(mirror.stripe_id(one.price), int(one.quantity or 0)) for one in phase["items"][1:])),
        )
        for phase in schedule.phases
        if phase.start_date >= int(ends_at.timestamp())
    )


def _coupon(discount: Any) -> str:
    """The coupon of an expanded discount."""
    source = getattr(discount, "source", None)
    return mirror.stripe_id(getattr(source, "coupon", None)) or mirror.stripe_id(discount)


def bill(answer: gateway.Invoice) -> reconciling.Bill:
    return reconciling.Bill(
        stripe_id=mirror.stripe_id(answer),
        status=answer.status or "draft",
        currency=answer.currency,
        total_minor=answer.total,
        paid_minor=answer.amount_paid,
        remaining_minor=answer.amount_remaining,
        attempts=answer.attempt_count,
    )
