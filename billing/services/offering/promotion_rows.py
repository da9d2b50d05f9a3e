"""The promotions of an applied catalog as rows. Nothing else writes them; the caller's transaction is the catalog's."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from billing.models import CatalogVersion, Promotion
from billing.rules import promotions as rules
from billing.rules.catalog_diff import Change, Kind
from billing.services.offering.promotion_stripe import AtStripe


def known() -> dict[str, AtStripe]:
    """What is on offer, by fingerprint."""
    rows = Promotion.objects.filter(withdrawn_at=None)
    return {
        row.fingerprint: AtStripe(row.stripe_coupon_id, row.stripe_promotion_code_id, row.stripe_rest_coupon_id) for row in rows
    }


def gone(wanted: Sequence[rules.Promotion]) -> list[AtStripe]:
    """What is on offer and no longer wanted, or changed."""
    stays = {promotion.fingerprint for promotion in wanted}
    return [there for fingerprint, there in known().items() if fingerprint not in stays]


def repairs(wanted: Sequence[rules.Promotion], made: Mapping[str, AtStripe]) -> tuple[Change, ...]:
    return tuple(
        Change(Kind.PROMOTION_REPAIRED, "", promotion.code)
        for promotion in wanted
        if promotion.code in made and made[promotion.code].is_repaired
    )


def write(wanted: Sequence[rules.Promotion], made: Mapping[str, AtStripe], version: CatalogVersion, at: datetime) -> None:
    """Withdraw what is not wanted, then put the rest on offer: one row a code is a constraint."""
    coupons = [there.coupon for there in made.values()]
    Promotion.objects.filter(withdrawn_at=None).exclude(stripe_coupon_id__in=coupons).update(withdrawn_at=at)
    rows = {row.stripe_coupon_id: row for row in Promotion.objects.filter(stripe_coupon_id__in=coupons)}
    for promotion in wanted:
        there = made.get(promotion.code)
        if there is not None:
            row = rows.get(there.coupon) or Promotion(stripe_coupon_id=there.coupon, version=version)
            _write_one(row, promotion, there)


def _write_one(row: Promotion, promotion: rules.Promotion, there: AtStripe) -> None:
    row.code, row.name = promotion.code, dict(promotion.name)
    row.percent_bps, row.amounts = promotion.percent_bps, [list(pair) for pair in promotion.amounts]
    row.plans, row.intervals = list(promotion.plans), list(promotion.intervals)
    row.duration, row.months = promotion.duration, promotion.months
    row.starts_at, row.expires_at = rules.instant(promotion.starts_at), rules.instant(promotion.expires_at)
    row.most_uses, row.first_purchase_only = promotion.most_uses, promotion.first_purchase_only
    row.fingerprint, row.stripe_promotion_code_id = promotion.fingerprint, there.promotion_code
    row.stripe_rest_coupon_id = there.rest
    row.withdrawn_at = None
    row.save()
