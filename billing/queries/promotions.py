"""What a code that somebody typed means for what they want to buy, or for what they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, QuerySet, Value

from accounts.models import Organization
from billing.models import Cart, Promotion, Subscription
from billing.queries import agreed, promotion_words
from billing.rules import addons, promotions
from billing.rules.promotions import Refusal

LONGEST = 40


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A code and what it does: with `refusal` nothing. `off_minor` of `total_minor`, in minor units of `currency`.

    `off_parts` is what it takes off each part of the charge. `ends_at` is when it would end if it
    began now; None for one invoice or without end.
    """

    code: str
    row: Promotion | None
    refusal: Refusal | None
    currency: str
    total_minor: int = 0
    off_minor: int = 0
    off_parts: tuple[int, ...] = ()
    ends_at: datetime | None = None

    @property
    def is_taken(self) -> bool:
        return self.refusal is None

    @property
    def due_minor(self) -> int:
        return self.total_minor - self.off_minor

    @property
    def name(self) -> str:
        return promotion_words.name(self.row.name, self.code) if self.row else self.code

    @property
    def short(self) -> str:
        """ "20% off for 3 months"."""
        return promotion_words.short(self.row.terms, self.currency) if self.row else ""

    def lasts_beyond(self, at: datetime) -> bool:
        """Whether a charge at `at` is still less for it."""
        if not self.is_taken or self.row is None or self.row.duration == promotions.Duration.ONCE:
            return False
        return self.ends_at is None or at < self.ends_at


def spelled(text: str) -> str:
    """A code as it is compared: in capitals, without blanks around it."""
    return text.strip().upper()[:LONGEST]


def of_cart(cart: Cart, *, parts: Sequence[int], at: datetime) -> Entered | None:
    """The cart's code, for the parts of its price before it; None for a cart without. One query."""
    if not cart.promotion_code or cart.pilot_id is not None:  # a pilot's fee is fixed
        return None
    use = promotions.Use(plan=f"{cart.plan.line.code}/{cart.plan.code}", interval=cart.interval, currency=cart.currency, at=at)
    found = entered(cart.promotion_code, use, organization=cart.organization, parts=parts)
    if found.is_taken and agreed.less(cart, parts=(), at=at) is not None:
        # One at a time, as on a subscription: Stripe's payment page takes one discount.
        return Entered(code=found.code, row=found.row, refusal=Refusal.HAS_ONE, currency=cart.currency)
    return found


def of_subscription(row: Subscription, code: str, *, at: datetime) -> Entered:
    """A code for a subscription there is (with its line, plan, price and organization). Two queries."""
    plan = f"{row.line.code}/{row.plan.code}"
    use = promotions.Use(plan=plan, interval=row.price.interval, currency=row.currency, at=at)
    found = entered(spelled(code), use, organization=row.organization, parts=(0,))
    if found.is_taken and row.discounts.filter(ended_at=None).exists():
        return Entered(code=found.code, row=found.row, refusal=Refusal.HAS_ONE, currency=row.currency)
    return found


def entered(code: str, use: promotions.Use, *, organization: Organization | None, parts: Sequence[int]) -> Entered:
    """What a code does to a charge. One query."""
    total_minor = sum(parts)
    row = _rows(organization).filter(code=code).first()
    if row is None:
        return Entered(code=code, row=None, refusal=Refusal.UNKNOWN, currency=use.currency)
    terms = row.terms
    counted = promotions.Use(
        plan=use.plan,
        interval=use.interval,
        currency=use.currency,
        at=use.at,
        uses=getattr(row, "uses", 0),
        has_bought=getattr(row, "has_bought", False),
    )
    why = promotions.refusal(terms, counted) if row.withdrawn_at is None else Refusal.WITHDRAWN
    if why is not None:
        return Entered(code=code, row=row, refusal=why, currency=use.currency, total_minor=total_minor)
    off = off_first(row, parts, currency=use.currency, at=use.at)
    return Entered(
        code=code,
        row=row,
        refusal=None,
        currency=use.currency,
        total_minor=total_minor,
        off_minor=sum(off),
        off_parts=off,
        ends_at=promotions.ends_at(use.at, terms.duration, terms.months),
    )


def off_first(row: Promotion, parts: Sequence[int], *, currency: str, at: datetime) -> tuple[int, ...]:
    """What a code that holds takes off each part of a first charge."""
    return addons.off([_as_held(row.terms, currency)], parts, at)


def _as_held(terms: promotions.Promotion, currency: str) -> promotions.Held:
    """A code as it counts for the first charge."""
    return promotions.Held(
        stripe_id="",
        code=terms.code,
        name=terms.name,
        percent_bps=terms.percent_bps,
        amount_minor=terms.amount_off(currency) if terms.percent_bps is None else None,
        duration=terms.duration,
        ends_at=None,
        is_for_addons=not terms.plans,
    )


def _rows(organization: Organization | None) -> QuerySet[Promotion]:
    """The promotions, those on offer first, each with how often it was used and whether this organization ever bought."""
    bought = Subscription.objects.filter(organization=organization) if organization else Subscription.objects.none()
    rows = Promotion.objects.annotate(
        uses=Count("discounts"), has_bought=Exists(bought) if organization else Value(value=False)
    )
    return rows.order_by(F("withdrawn_at").desc(nulls_first=True), "-pk")
