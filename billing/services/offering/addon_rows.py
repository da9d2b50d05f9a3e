"""The rows of the catalog's add-ons: written by the transaction that applies a catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from billing.models import Addon, AddonPrice, CatalogVersion, ProductLine
from billing.rules import catalog
from billing.rules.catalog_diff import Change, Kind
from billing.services.offering import catalog_stripe
from billing.services.offering.catalog_stripe import Key

_MARK = "addon:"


def known() -> dict[Key, catalog_stripe.Known]:
    """The prices on sale that the database has."""
    rows = AddonPrice.objects.filter(retired_at=None).select_related("addon__line")
    return {
        (*catalog_stripe.addon_place(row.addon.line.code, row.addon.code), row.interval, row.currency): catalog_stripe.Known(
            row.stripe_price_id, row.fingerprint
        )
        for row in rows
    }


def without(prices: Mapping[Key, str]) -> dict[Key, str]:
    """The prices of plans alone."""
    return {key: stripe_id for key, stripe_id in prices.items() if not key[1].startswith(_MARK)}


def repairs(wanted: catalog.Catalog, keys: Sequence[Key]) -> list[Change]:
    """What of the add-ons had to be made again at Stripe."""
    found = []
    for key in keys:
        addon = _of(wanted, key)
        price = addon.price(*key[2:]) if addon else None
        if addon and price:
            plain = asdict(price) | {"kind": addon.kind}
            found.append(Change(Kind.STRIPE_REPAIRED, f"{key[0]}+{addon.code}", after=plain))
    return found


def write(wanted: catalog.Catalog, version: CatalogVersion, projection: catalog_stripe.Projection, at: datetime) -> None:
    """Put the add-ons on sale; those that are gone stay with those who have them. The lines are written already."""
    rows: dict[tuple[str, str], Addon] = {}
    for line in ProductLine.objects.filter(withdrawn_at=None):
        said = wanted.line(line.code)
        for rank, addon in enumerate(said.addons if said else ()):
            place = catalog_stripe.addon_place(line.code, addon.code)
            rows[place] = _write_one(line, addon, rank, projection.products[place])
    Addon.objects.filter(withdrawn_at=None).exclude(pk__in=[row.pk for row in rows.values()]).update(withdrawn_at=at)
    _write_prices(wanted, rows, version, projection.prices, at)


def _write_one(line: ProductLine, addon: catalog.Addon, rank: int, stripe_product_id: str) -> Addon:
    values = {
        "name": addon.name,
        "pitch": addon.pitch,
        "kind": addon.kind,
        "quantity_min": addon.quantity_min,
        "quantity_max": addon.quantity_max,
        "plans": list(addon.plans),
        "features": [asdict(feature) for feature in addon.features],
        "rank": rank,
        "stripe_product_id": stripe_product_id,
        "withdrawn_at": None,
    }
    return Addon.objects.update_or_create(line=line, code=addon.code, defaults=values)[0]


def _write_prices(
    wanted: catalog.Catalog,
    addons: Mapping[tuple[str, str], Addon],
    version: CatalogVersion,
    stripe_ids: Mapping[Key, str],
    at: datetime,
) -> None:
    mine = {key: stripe_id for key, stripe_id in stripe_ids.items() if key[:2] in addons}
    # Retired first: one price on sale for each add-on, interval and currency is a constraint.
    AddonPrice.objects.filter(retired_at=None).exclude(stripe_price_id__in=mine.values()).update(retired_at=at)
    rows = {row.stripe_price_id: row for row in AddonPrice.objects.filter(stripe_price_id__in=mine.values())}
    for key, stripe_id in mine.items():
        addon = _of(wanted, key)
        price = addon.price(*key[2:]) if addon else None
        assert addon is not None
        assert price is not None
        row = rows.get(stripe_id) or AddonPrice(stripe_price_id=stripe_id, version=version)
        row.addon, row.interval, row.currency, row.scheme = addons[key[:2]], price.interval, price.currency, price.scheme
        row.tiers = [asdict(tier) for tier in price.tiers]
        row.margin_bps, row.unit_cost_minor = addon.margin_bps, price.unit_cost_minor
        row.fingerprint, row.lookup_key, row.retired_at = price.fingerprint, catalog_stripe.lookup_key(key), None
        row.save()


def _of(wanted: catalog.Catalog, key: Key) -> catalog.Addon | None:
    line = wanted.line(key[0])
    return line.addon(key[1].removeprefix(_MARK)) if line and key[1].startswith(_MARK) else None
