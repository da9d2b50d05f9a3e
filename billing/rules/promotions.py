"""Promotions: what a code takes off, for whom and for how long, and what is left to pay. Pure; minor units of one currency.

A promotion lives in catalog.toml and is standard; a discount is what one customer has of it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from billing.rules import intervals, rounding

Text = Mapping[str, str]
WHOLE_BPS: Final = 10_000
# What a discount is called that was agreed with a customer: no catalog names it.
AGREED: Final[Text] = {"en": "Agreed discount", "de": "Vereinbarter Rabatt"}


class Duration(StrEnum):
    """Stripe's own words: the next invoice, every invoice for some months, every invoice."""

    ONCE = "once"
    REPEATING = "repeating"
    FOREVER = "forever"


class Refusal(StrEnum):
    """Why a code cannot be used; billing/queries/promotion_refusals.py says each."""

    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    USED_UP = "used_up"
    OTHER_PLAN = "other_plan"
    OTHER_INTERVAL = "other_interval"
    OTHER_CURRENCY = "other_currency"
    FIRST_PURCHASE_ONLY = "first_purchase_only"
    HAS_ONE = "has_one"


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """`percent_bps` or `amounts` (currency, minor units), never both. Empty `plans` or `intervals`: for all of them.

    `plans` are "line" or "line/plan". `months` is set for a repeating one. `starts_at` and `expires_at` are ISO instants in
    UTC, empty for none, and bound when the code can be entered: `[starts_at, expires_at)`.
    """

    code: str
    name: Text
    percent_bps: int | None = None
    amounts: tuple[tuple[str, int], ...] = ()
    plans: tuple[str, ...] = ()
    intervals: tuple[str, ...] = ()
    duration: str = Duration.ONCE
    months: int | None = None
    starts_at: str = ""
    expires_at: str = ""
    most_uses: int | None = None
    first_purchase_only: bool = False

    @property
    def fingerprint(self) -> str:
        """Equal for promotions that promise the same to the same people; the name may change."""
        said = {key: value for key, value in asdict(self).items() if key != "name"}
        return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def is_for_all_to_type(self) -> bool:
        """Whether Stripe can guard the code by itself, so that its payment page may take it.

        Stripe's coupons know no interval and no first day: such codes are entered in the store only.
        """
        return not self.intervals and not self.starts_at

    def amount_off(self, currency: str) -> int | None:
        return dict(self.amounts).get(currency)

    def covers(self, plan: str) -> bool:
        """Whether a plan ("line/plan") is one it counts for."""
        return not self.plans or plan in self.plans or plan.partition("/")[0] in self.plans

    @classmethod
    def of_document(cls, plain: Mapping[str, Any]) -> Self:
        return cls(
            **{
                **plain,
                "amounts": tuple((currency, amount) for currency, amount in plain["amounts"]),
                "plans": tuple(plain["plans"]),
                "intervals": tuple(plain["intervals"]),
            }
        )


@dataclass(frozen=True, kw_only=True)
class Use:
    """Somebody who wants to use a code: for what, when, how often it was used, and what they have had before."""

    plan: str
    interval: str
    currency: str
    at: datetime
    uses: int = 0
    has_bought: bool = False


def refusal(promotion: Promotion | None, use: Use) -> Refusal | None:
    """Why this use cannot be, or None. What the customer cannot change is said before what they can."""
    if promotion is None:
        return Refusal.UNKNOWN
    starts, expires = instant(promotion.starts_at), instant(promotion.expires_at)
    found = (
        (Refusal.NOT_YET, starts is not None and use.at < starts),
        (Refusal.EXPIRED, expires is not None and use.at >= expires),
        (Refusal.USED_UP, promotion.most_uses is not None and use.uses >= promotion.most_uses),
        (Refusal.FIRST_PURCHASE_ONLY, promotion.first_purchase_only and use.has_bought),
        (Refusal.OTHER_PLAN, not promotion.covers(use.plan)),
        (Refusal.OTHER_INTERVAL, bool(promotion.intervals) and use.interval not in promotion.intervals),
        (Refusal.OTHER_CURRENCY, promotion.percent_bps is None and promotion.amount_off(use.currency) is None),
    )
    return next((why for why, holds in found if holds), None)


def instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def off(total_minor: int, *, percent_bps: int | None, amount_minor: int | None) -> int:
    """What is taken off a charge: a share, half up, or a fixed amount, never more than the charge. Source: Stripe, coupons."""
    if total_minor <= 0:
        return 0
    if percent_bps is not None:
        return rounding.share(total_minor, percent_bps)
    return min(amount_minor or 0, total_minor)


def ends_at(starts_at: datetime, duration: str, months: int | None) -> datetime | None:
    """When a repeating discount that begins now is over, as Stripe counts it; None for the others."""
    if duration != Duration.REPEATING or not months:
        return None
    return intervals.months_after(starts_at, months)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A discount a subscription has: on every invoice before `ends_at` (None: no end), or on the next alone (once).

    `code` is empty where no promotion of the catalog explains it. `counts` is false for one of other plans,
    `is_for_addons` for one of certain plans.
    """

    stripe_id: str
    code: str
    name: Text
    percent_bps: int | None
    amount_minor: int | None
    duration: str
    ends_at: datetime | None
    counts: bool = True
    is_for_addons: bool = True

    @property
    def is_once(self) -> bool:
        return self.duration == Duration.ONCE

    def off(self, total_minor: int, at: datetime) -> int:
        """What it takes off a charge at `at`."""
        if not self.counts or (self.ends_at is not None and at >= self.ends_at):
            return 0
        return off(total_minor, percent_bps=self.percent_bps, amount_minor=self.amount_minor)


def total_off(held: Iterable[Held], total_minor: int, at: datetime) -> int:
    """What several take off a charge, each on what the ones before it left. Source: Stripe, "Stack discounts"."""
    left = total_minor
    for one in held:
        left -= one.off(left, at)
    return total_minor - left
