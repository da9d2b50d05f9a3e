"""The discounts a subscription has, as rules know them, and those its present period was bought with."""

from datetime import datetime

from django.db.models import Q

from billing.models import Invoice, InvoiceStatus, PilotFee, Plan, Promotion, Subscription, Terms
from billing.rules.promotions import AGREED, Held


def of(row: Subscription, then: Plan | None = None) -> tuple[Held, ...]:
    """Those in force, oldest first, as they count for the plan of the next period (`then`, or the same); `row` with its line.

    One query.
    """
    plan = f"{row.line.code}/{(then or row.plan).code}"
    held = row.discounts.filter(ended_at=None).select_related("promotion").order_by("pk")
    return tuple(
        Held(
            stripe_id=one.stripe_id,
            code=one.promotion.code if one.promotion else "",
            name=one.promotion.name if one.promotion else AGREED if one.terms_id else {"en": one.name},
            percent_bps=one.percent_bps,
            amount_minor=one.amount_minor,
            duration=one.duration,
            ends_at=one.ends_at,
            counts=one.promotion is None or one.promotion.terms.covers(plan),
            is_for_addons=one.promotion is None or not one.promotion.plans,
        )
        for one in held
    )


def of_added(row: Subscription, *, plan: str, is_addon: bool, at: datetime) -> list[dict[str, str]]:
    """The `discounts` of an update that adds to the present period, as Stripe takes them; empty: those it has anyway.

    What a period was bought with holds for what is added to it, though it is over: Stripe gives back what was paid and bills
    anew at what applies now, so the first more seat would cost the buyer all that the discount took off. `plan`
    ("line/plan") is the one to be had; `is_addon`: an add-on is added, and seats are not. One query; three where the period
    began with a discount.
    """
    coupons = _of_period(row)
    if not coupons:
        return []
    held = dict(row.discounts.filter(_in_force(at)).values_list("stripe_coupon_id", "stripe_id"))
    again = _again(coupons - held.keys(), plan=plan, is_addon=is_addon)
    return [*({"discount": stripe_id} for stripe_id in held.values()), *({"coupon": one} for one in again)] if again else []


def _of_period(row: Subscription) -> set[str]:
    """The coupons that took something off the invoice with which the present period began."""
    began = Invoice.objects.filter(
        subscription=row, discount_minor__gt=0, lines__is_proration=False, lines__ends_at=row.period_ends_at
    ).exclude(status=InvoiceStatus.VOID)
    return {one["coupon"] for found in began.values_list("discounts", flat=True) for one in found if one.get("coupon")}


def _in_force(at: datetime) -> Q:
    return Q(ended_at=None) & (Q(ends_at=None) | Q(ends_at__gt=at))


def _again(coupons: set[str], *, plan: str, is_addon: bool) -> list[str]:
    """The coupons that take the same off once more. Those for certain plans, as a pilot's fee, leave all else alone.

    One that nothing would use is left out: it would stay, and take something off the renewal.
    """
    rows = Promotion.objects.filter(stripe_coupon_id__in=coupons).exclude(stripe_rest_coupon_id="").order_by("pk")
    covering = [one for one in rows if one.terms.covers(plan) and not (is_addon and one.plans)]
    agreed = Terms.objects.filter(stripe_coupon_id__in=coupons).order_by("pk").values_list("stripe_coupon_id", flat=True)
    found = [*(promotion.stripe_rest_coupon_id for promotion in covering), *(f"{coupon}_rest" for coupon in agreed)]
    if is_addon or len(found) == len(coupons):
        return found
    line, _, code = plan.partition("/")
    fees = PilotFee.objects.filter(stripe_coupon_id__in=coupons, pilot__plan__code=code, pilot__plan__line__code=line)
    return [*found, *fees.order_by("stripe_coupon_id").values_list("stripe_coupon_id", flat=True).distinct()]
