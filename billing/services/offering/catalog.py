"""Applying a catalog: Stripe's products and prices first, then one transaction that puts them on sale here."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from accounts.origin import Origin
from accounts.services import journal
from billing.models import CatalogVersion, Move, Plan, Price, ProductLine
from billing.queries import catalog as queries
from billing.rules import catalog
from billing.rules.catalog_diff import Change, Kind, changes
from billing.services.books import tax_rates, tax_standings
from billing.services.offering import (
    addon_rows,
    catalog_stripe,
    old_prices,
    pilot_rows,
    pilot_stripe,
    promotion_rows,
    promotion_stripe,
)
from billing.services.offering.catalog_stripe import Key

_LOCK: Final = 7_310_514_620_001  # any number, the same in every process: held while a catalog is applied
WAIT_SECONDS: Final = 60.0


class Busy(RuntimeError):
    """Another process is applying a catalog."""


@dataclass(frozen=True)
class Applied:
    """The version now on sale, whether this call made it, and what changed."""

    number: int
    is_new: bool
    changes: tuple[Change, ...]


def apply(*, wanted: catalog.Catalog, at: datetime, origin: Origin) -> Applied:
    """Put `wanted` on sale: new and changed prices become new prices at Stripe, old ones stay with those who have them.

    Safe to repeat, at once and after a crash: Stripe's objects are found before they are made, and only the transaction at
    the end makes them visible. Call outside a transaction. Raises Busy, gateway.GatewayError.
    """
    with _only_one():
        current = CatalogVersion.objects.order_by("-number").first()
        before = catalog.Catalog.of_document(current.document) if current else None
        number = current.number + 1 if current else 1
        projection = catalog_stripe.project(wanted, _known(), number=number)
        promised = _promise(wanted, projection, number, at)
        found = changes(before, wanted) + _repairs(wanted, projection.repaired)
        found += promotion_rows.repairs(wanted.promotions, promised)
        pilots = pilot_stripe.project(wanted, pilot_rows.known(), projection.products, number=number)
        found += pilot_rows.repairs(pilots)
        if current and not found:
            return Applied(current.number, is_new=False, changes=())
        rates = tax_rates.project(wanted.tax, number=number)
        with transaction.atomic(durable=True):
            version = CatalogVersion.objects.create(
                number=number,
                sha256=wanted.sha256,
                document=wanted.document,
                summary=[asdict(change) for change in found],
                applied_by=origin.actor,
                applied_at=at,
            )
            _write(wanted, version, projection, at)
            promotion_rows.write(wanted.promotions, promised, version, at)
            pilot_rows.write(wanted, pilots, version, at)
            tax_rates.write(wanted.tax, rates, at)
            if before is None or before.tax != wanted.tax:
                tax_standings.review_all(at)
            journal.append(
                kind="billing.catalog.applied",
                organization=None,
                at=at,
                origin=origin,
                data={"number": number, "sha256": wanted.sha256, "changes": len(found)},
            )
    queries.refresh()
    old_prices.look_again(at)
    return Applied(number, is_new=True, changes=found)


def _promise(
    wanted: catalog.Catalog, projection: catalog_stripe.Projection, number: int, at: datetime
) -> dict[str, promotion_stripe.AtStripe]:
    products = {f"{line}/{plan}": product for (line, plan), product in projection.products.items()}
    making = promotion_stripe.Making(number, at, products)
    gone = promotion_rows.gone(wanted.promotions)
    return promotion_stripe.project(wanted.promotions, promotion_rows.known(), gone, making)


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the database's advisory lock, on this connection and across its transactions."""
    deadline = time.monotonic() + WAIT_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if cursor.fetchone() == (True,):
                break
            if time.monotonic() > deadline:
                raise Busy("Another process is applying a catalog; run the command again when it has ended.")
            time.sleep(0.1)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _known() -> dict[Key, catalog_stripe.Known]:
    rows = Price.objects.filter(retired_at=None).select_related("plan__line")
    plans = {_key(row): catalog_stripe.Known(row.stripe_price_id, row.fingerprint) for row in rows}
    return plans | addon_rows.known()


def _key(row: Price) -> Key:
    return row.plan.line.code, row.plan.code, row.interval, row.currency


def _repairs(wanted: catalog.Catalog, keys: Sequence[Key]) -> tuple[Change, ...]:
    found = []
    for line_code, plan_code, interval, currency in keys:
        line = wanted.line(line_code)
        plan = line.plan(plan_code) if line else None
        price = plan.price(interval, currency) if plan else None
        if price:
            found.append(Change(Kind.STRIPE_REPAIRED, f"{line_code}/{plan_code}", after=asdict(price)))
    found += addon_rows.repairs(wanted, keys)
    return tuple(found)


def _write(wanted: catalog.Catalog, version: CatalogVersion, projection: catalog_stripe.Projection, at: datetime) -> None:
    plans: dict[tuple[str, str], Plan] = {}
    for rank, line in enumerate(wanted.lines):
        line_row = _write_line(line, rank)
        for plan_rank, plan in enumerate(line.plans):
            product = projection.products[line.code, plan.code]
            plans[line.code, plan.code] = _write_plan(line_row, plan, plan_rank, product)
    ProductLine.objects.filter(withdrawn_at=None).exclude(code__in=[line.code for line in wanted.lines]).update(withdrawn_at=at)
    Plan.objects.filter(withdrawn_at=None).exclude(id__in=[plan.id for plan in plans.values()]).update(withdrawn_at=at)
    _write_prices(wanted, plans, version, addon_rows.without(projection.prices), at)
    addon_rows.write(wanted, version, projection, at)
    _write_moves(wanted, plans)


def _write_line(line: catalog.Line, rank: int) -> ProductLine:
    values = {
        "name": line.name,
        "pitch": line.pitch,
        "family": line.family,
        "is_growth": line.growth,
        "stage": line.stage,
        "max_plans": line.max_plans,
        "rank": rank,
        "withdrawn_at": None,
    }
    return ProductLine.objects.update_or_create(code=line.code, defaults=values)[0]


def _write_plan(line: ProductLine, plan: catalog.Plan, rank: int, stripe_product_id: str) -> Plan:
    values = {
        "name": plan.name,
        "pitch": plan.pitch,
        "rank": rank,
        "seats_min": plan.seats_min,
        "seats_max": plan.seats_max,
        "features": [asdict(feature) for feature in plan.features],
        "is_recommended": plan.recommended,
        "trial_days": plan.trial_days,
        "stripe_product_id": stripe_product_id,
        "withdrawn_at": None,
    }
    return Plan.objects.update_or_create(line=line, code=plan.code, defaults=values)[0]


def _write_prices(
    wanted: catalog.Catalog,
    plans: Mapping[tuple[str, str], Plan],
    version: CatalogVersion,
    stripe_ids: Mapping[Key, str],
    at: datetime,
) -> None:
    on_sale = set(stripe_ids.values())
    # Retired first: one price on sale for each plan, interval and currency is a constraint.
    Price.objects.filter(retired_at=None).exclude(stripe_price_id__in=on_sale).update(retired_at=at)
    rows = {row.stripe_price_id: row for row in Price.objects.filter(stripe_price_id__in=on_sale)}
    for (line_code, plan_code, interval, currency), stripe_id in stripe_ids.items():
        line = wanted.line(line_code)
        plan = line.plan(plan_code) if line else None
        price = plan.price(interval, currency) if plan else None
        assert plan is not None
        assert price is not None
        row = rows.get(stripe_id) or Price(stripe_price_id=stripe_id, version=version)
        row.plan = plans[line_code, plan_code]
        row.interval, row.currency, row.scheme = interval, currency, price.scheme
        row.tiers = [asdict(tier) for tier in price.tiers]
        row.parts = [part.said() for part in price.parts]
        row.margin_bps, row.unit_cost_minor = plan.margin_bps, price.unit_cost_minor
        row.fingerprint = price.fingerprint
        row.lookup_key = catalog_stripe.lookup_key((line_code, plan_code, interval, currency))
        row.retired_at = None
        row.save()


def _write_moves(wanted: catalog.Catalog, plans: Mapping[tuple[str, str], Plan]) -> None:
    allowed = {
        (plans[line.code, plan.code].pk, plans[line.code, target].pk)
        for line in wanted.lines
        for plan in line.plans
        for target in plan.moves
    }
    known = {(one.from_plan_id, one.to_plan_id): one.pk for one in Move.objects.all()}
    Move.objects.filter(pk__in=[pk for pair, pk in known.items() if pair not in allowed]).delete()
    Move.objects.bulk_create(Move(from_plan_id=start, to_plan_id=end) for start, end in sorted(allowed - known.keys()))
