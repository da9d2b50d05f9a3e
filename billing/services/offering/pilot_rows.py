"""The pilots of an applied catalog as rows. Nothing else writes them; the caller's transaction is the catalog's."""

from collections.abc import Mapping
from datetime import datetime

from billing.models import CatalogVersion, Pilot, PilotFee, Plan, ProductLine
from billing.rules import catalog
from billing.rules import pilots as rules
from billing.rules.catalog_diff import Change, Kind
from billing.services.offering.pilot_stripe import AtStripe, Key, lookup_key


def known() -> dict[Key, tuple[str, str]]:
    """Price id and fingerprint of the fees on offer."""
    rows = PilotFee.objects.filter(retired_at=None).select_related("pilot__line")
    return {(row.pilot.line.code, row.pilot.code, row.currency): (row.stripe_price_id, row.fingerprint) for row in rows}


def repairs(made: Mapping[Key, AtStripe]) -> tuple[Change, ...]:
    repaired = {(line, pilot) for (line, pilot, _currency), there in made.items() if there.is_repaired}
    return tuple(Change(Kind.PILOT_REPAIRED, f"{line}/{pilot}", pilot, after={}) for line, pilot in sorted(repaired))


def write(wanted: catalog.Catalog, made: Mapping[Key, AtStripe], version: CatalogVersion, at: datetime) -> None:
    """Withdraw what is not wanted, then put the rest on offer: one fee a currency is a constraint."""
    prices = [there.price for there in made.values()]
    PilotFee.objects.filter(retired_at=None).exclude(stripe_price_id__in=prices).update(retired_at=at)
    kept = [_write_pilot(line.code, pilot, rank, made) for line in wanted.lines for rank, pilot in enumerate(line.pilots)]
    Pilot.objects.filter(withdrawn_at=None).exclude(pk__in=[row.pk for row in kept]).update(withdrawn_at=at)
    rows = {row.stripe_price_id: row for row in PilotFee.objects.filter(stripe_price_id__in=prices)}
    offered = [pilot for line in wanted.lines for pilot in line.pilots]
    for row, pilot in zip(kept, offered, strict=True):
        for fee in pilot.fees:
            there = made[row.line.code, pilot.code, fee.currency]
            _write_fee(rows.get(there.price) or PilotFee(stripe_price_id=there.price, version=version), row, pilot, fee, there)


def _write_pilot(line: str, pilot: rules.Pilot, rank: int, made: Mapping[Key, AtStripe]) -> Pilot:
    product = next(there.product for (of, code, _currency), there in made.items() if (of, code) == (line, pilot.code))
    values = {
        "plan": Plan.objects.get(line__code=line, code=pilot.plan),
        "name": dict(pilot.name),
        "pitch": dict(pilot.pitch),
        "rank": rank,
        "seats": pilot.seats,
        "days": pilot.days,
        "is_credited": pilot.credited,
        "stripe_product_id": product,
        "withdrawn_at": None,
    }
    of = ProductLine.objects.get(code=line)
    return Pilot.objects.update_or_create(line=of, code=pilot.code, defaults=values)[0]


def _write_fee(row: PilotFee, pilot: Pilot, said: rules.Pilot, fee: rules.Fee, there: AtStripe) -> None:
    row.pilot, row.currency, row.amount_minor = pilot, fee.currency, fee.amount_minor
    row.margin_bps, row.unit_cost_minor = said.margin_bps, fee.cost_minor
    row.fingerprint, row.stripe_coupon_id = said.fingerprint(fee), there.coupon
    row.lookup_key = lookup_key((pilot.line.code, pilot.code, fee.currency))
    row.retired_at = None
    row.save()
