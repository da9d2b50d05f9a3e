"""The discounts of a subscription as Stripe says they are: what begins and what is over goes to the journal."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import PilotFee, Promotion, Subscription, SubscriptionDiscount, Terms
from billing.rules.promotions import AGREED, Duration

REST = "_rest"


def take(row: Subscription, answer: gateway.Subscription, at: datetime) -> None:
    """Write what `answer` (its discounts expanded with their coupons) says; `row` is saved and locked by the caller.

    An answer that has them as ids only says nothing: another look follows.
    """
    told: list[Any] = list(answer.discounts or []) if answer.status != "canceled" else []
    if any(isinstance(one, str) for one in told):
        return
    held = {one.stripe_id: one for one in row.discounts.filter(ended_at=None)}
    for one in told:
        if one.id not in held:
            _begin(row, one, at)
    over = [there for stripe_id, there in held.items() if stripe_id not in {one.id for one in told}]
    for there in over:
        there.ended_at, there.mirrored_at = at, at
        there.save(update_fields=["ended_at", "mirrored_at"])
        _tell("billing.discount.ended", row, there, at)


def _begin(row: Subscription, discount: Any, at: datetime) -> None:
    coupon = discount.source.coupon
    made = SubscriptionDiscount(
        subscription=row,
        stripe_id=discount.id,
        stripe_coupon_id=coupon if isinstance(coupon, str) else coupon.id,
        starts_at=_instant(discount.start, at),
        ends_at=_instant(discount.end, at) if discount.end else None,
        mirrored_at=at,
    )
    promotion = _promotions({made.stripe_coupon_id}).get(made.stripe_coupon_id)
    if promotion is not None:
        _of_promotion(made, promotion, row.currency)
    elif (agreed := _agreed({made.stripe_coupon_id}).get(made.stripe_coupon_id)) is not None:
        _of_terms(made, agreed)
    elif not isinstance(coupon, str):
        _of_coupon(made, coupon, row.currency)
    if (made.percent_bps is None) == (made.amount_minor is None):
        return  # a coupon of another currency, or one that only its id is known of: it takes nothing off here
    _row, is_new = SubscriptionDiscount.objects.update_or_create(
        stripe_id=made.stripe_id,
        defaults={
            field.attname: getattr(made, field.attname)
            for field in SubscriptionDiscount._meta.concrete_fields  # noqa: SLF001 - what Django documents under this name
            if field.attname not in ("id", "stripe_id")
        },
    )
    if is_new:
        _tell("billing.discount.started", row, made, at)


def of_invoice(answer: gateway.Invoice, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each discount took off an invoice, with its coupon, its name by language and its code ("": not of the catalog).

    An answer without the discounts expanded leaves the names as they were.
    """
    parts = answer.total_discount_amounts or []
    known = {each["discount"]: each for each in before}
    coupons = [_coupon(part.discount) for part in parts]
    ids = {_id(coupon) for coupon in coupons if coupon is not None}
    ours = _names(ids) if ids else {}
    return [
        {"name": {}, "code": ""}
        | known.get(_id(part.discount), {})
        | (_named(coupon, ours) if coupon is not None else {})
        | {"discount": _id(part.discount), "amount_minor": part.amount}
        for part, coupon in zip(parts, coupons, strict=True)
    ]


def _promotions(coupons: set[str]) -> dict[str, Promotion]:
    """The catalog's, by either of their coupons."""
    mine = Q(stripe_coupon_id__in=coupons) | Q(stripe_rest_coupon_id__in=coupons)
    return {
        coupon: row for row in Promotion.objects.filter(mine) for coupon in (row.stripe_coupon_id, row.stripe_rest_coupon_id)
    }


def _agreed(coupons: set[str]) -> dict[str, Terms]:
    """Exceptions of which these are the coupons, or the second ones for what is added to a period."""
    known = {coupon.removesuffix(REST): coupon for coupon in coupons}
    rows = Terms.objects.filter(stripe_coupon_id__in=known)
    return {known[row.stripe_coupon_id]: row for row in rows}


def _names(coupons: set[str]) -> dict[str, tuple[dict[str, str], str]]:
    """What each is called, and its code: a promotion's; a pilot whose fee is taken off, or an agreed discount, has none."""
    found = {coupon: (row.name, row.code) for coupon, row in _promotions(coupons).items()}
    if rest := coupons - set(found):
        fees = PilotFee.objects.filter(stripe_coupon_id__in=rest).select_related("pilot")
        found |= {fee.stripe_coupon_id: (fee.pilot.name, "") for fee in fees}
        found |= {coupon: (dict(AGREED), "") for coupon in _agreed(rest - set(found))}
    return found


def _id(answer: Any) -> str:
    """Of an object that may be expanded."""
    return str(answer if isinstance(answer, str) else answer.id)


def _coupon(discount: Any) -> Any:
    """The coupon of a discount, or its id; None where only the discount's id is told."""
    return None if isinstance(discount, str) else discount.source.coupon


def _named(coupon: Any, ours: Mapping[str, tuple[dict[str, str], str]]) -> dict[str, Any]:
    if _id(coupon) in ours:
        name, code = ours[_id(coupon)]
        return {"name": name, "code": code, "coupon": _id(coupon)}
    return {} if isinstance(coupon, str) else {"name": {"en": coupon.name or coupon.id}, "code": "", "coupon": coupon.id}


def _of_promotion(made: SubscriptionDiscount, promotion: Promotion, currency: str) -> None:
    made.promotion, made.name, made.duration = promotion, promotion.name.get("en", promotion.code), promotion.duration
    made.percent_bps = promotion.percent_bps
    made.amount_minor = promotion.terms.amount_off(currency) if promotion.percent_bps is None else None


def _of_terms(made: SubscriptionDiscount, agreed: Terms) -> None:
    """Stripe knows no end of it: we take it off at its day, and the second coupon counts for one invoice."""
    is_rest = made.stripe_coupon_id != agreed.stripe_coupon_id
    made.terms, made.name, made.percent_bps = agreed, AGREED["en"], agreed.value["percent_bps"]
    made.duration = Duration.ONCE if is_rest else Duration.FOREVER
    made.ends_at = None if is_rest else agreed.ends_at


def _of_coupon(made: SubscriptionDiscount, coupon: Any, currency: str) -> None:
    """One that no catalog version made: the reconciler has somebody look, and the customer sees what it does."""
    made.name, made.duration = (coupon.name or coupon.id)[:100], coupon.duration
    if coupon.percent_off is not None:
        made.percent_bps = int(Decimal(str(coupon.percent_off)) * 100)
    elif coupon.currency == currency:
        made.amount_minor = coupon.amount_off


def _tell(kind: str, row: Subscription, discount: SubscriptionDiscount, at: datetime) -> None:
    journal.append(
        kind=kind,
        organization=row.organization,
        at=at,
        origin=Origin.stripe(),
        data={"subscription": row.pk, "discount": discount.stripe_id, "promotion": _code(discount), "name": discount.name},
    )


def _code(discount: SubscriptionDiscount) -> str:
    return discount.promotion.code if discount.promotion else ""


def _instant(epoch: int, at: datetime) -> datetime:
    return datetime.fromtimestamp(epoch, at.tzinfo)
