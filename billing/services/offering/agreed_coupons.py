"""The coupons of an agreed discount at Stripe: one without end for the subscription, one for a single invoice beside it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from billing import gateway, gateway_promotions
from billing.models import Terms
from billing.rules.promotions import AGREED
from billing.services.books import mirror_discounts

MARK: Final = "store_terms"


def coupon_id(row: Terms) -> str:
    return f"{settings.STRIPE_LOOKUP_PREFIX}terms_{row.public_id}"


def rest_of(coupon: str) -> str:
    """The coupon for what is added to a period that began with the discount."""
    return coupon + mirror_discounts.REST


def asked(row: Terms) -> dict[str, Any]:
    """What a command's payload says of it. Call inside breath 1: from then on the row is known by its coupon."""
    coupon = coupon_id(row)
    if row.stripe_coupon_id != coupon:
        Terms.objects.filter(pk=row.pk).update(stripe_coupon_id=coupon)
    return {"terms": row.public_id, "coupon": coupon, "percent_bps": row.value["percent_bps"]}


def make(told: Mapping[str, Any] | None, *, key: str) -> None:
    """Have both at Stripe; those that are there stay. None: there is nothing to be made. Raises the gateway's errors."""
    if told is None:
        return
    for coupon, duration in ((told["coupon"], "forever"), (rest_of(told["coupon"]), "once")):
        _make(coupon, duration, told, key)


def _make(coupon: str, duration: str, told: Mapping[str, Any], key: str) -> None:
    try:
        gateway_promotions.coupon(coupon)
    except gateway.NotFound:
        params = {
            "id": coupon,
            "name": AGREED["en"],
            "duration": duration,
            # Stripe takes a percentage as a decimal number; two places are exact.
            "percent_off": float(Decimal(told["percent_bps"]) / 100),
            "metadata": {MARK: told["terms"]},
        }
        gateway_promotions.create_coupon(params, key=f"{key}:{duration}")
