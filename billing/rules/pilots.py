"""Pilots: a fixed fee for a fixed time and up to so many people; the plan after it only by a click. No I/O; `now` is given."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

Text = Mapping[str, str]  # language code to text

# Longer than half a year nobody tries out: that is a plan, or an exception with an owner.
MOST_DAYS: Final = 183
DAYS_A_WEEK: Final = 7


class Refusal(StrEnum):
    """Why somebody cannot buy a pilot; buying the plan is open to them all the same."""

    NOT_OFFERED = "not_offered"  # it is no longer offered, or not in this currency
    USED = "used"  # the organization had a pilot of this product line
    BOUGHT = "bought"  # the organization has, or had, a plan of this line


@dataclass(frozen=True)
class Fee:
    """What the whole pilot costs in a currency (lower case), once; minor units. `cost_minor`: what it costs us, if known."""

    currency: str
    amount_minor: int
    cost_minor: int | None = None


@dataclass(frozen=True)
class Pilot:
    """`seats` people at most, for `days` days, for one fee; `plan` (of the same line) is what it leads to, by a click.

    `credited`: the fee is taken off that plan's first charge, if the click comes before the pilot's end.
    """

    code: str
    name: Text
    pitch: Text
    seats: int
    days: int
    plan: str
    credited: bool
    margin_bps: int
    fees: tuple[Fee, ...]

    def fee(self, currency: str) -> Fee | None:
        return next((fee for fee in self.fees if fee.currency == currency), None)

    def fingerprint(self, fee: Fee) -> str:
        """Equal for equal fees: of what the customer pays and gets back, not of what it costs us."""
        said = json.dumps([fee.currency, fee.amount_minor, self.credited, self.plan], separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()

    @classmethod
    def of_document(cls, plain: Mapping[str, Any]) -> Self:
        return cls(**{**plain, "fees": tuple(Fee(**fee) for fee in plain["fees"])})


def ends_at(starts_at: datetime, days: int) -> datetime:
    return starts_at + timedelta(days=days)


def least_seats(*, plan_min: int, taken: int) -> int:
    """With how many seats the plan can begin: its own minimum, and nobody who works loses their seat by the click."""
    return max(plan_min, taken)
