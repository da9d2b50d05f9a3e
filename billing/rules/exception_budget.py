"""How much of a segment may be sold otherwise than by the catalog, a quarter: by customers and by ARR, against one ceiling.

Source: step D, exception budget; docs/decisions/deals.md.
"""

from dataclasses import dataclass
from typing import Final

WHOLE_BPS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Counted:
    """So many deals, and what they come to a year, in US cents."""

    deals: int = 0
    us_cents: int = 0

    def plus(self, other: "Counted") -> "Counted":
        return Counted(deals=self.deals + other.deals, us_cents=self.us_cents + other.us_cents)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is used of a budget: `used` of `base` by now, at most `ceiling_bps` of it; `least` deals always fit."""

    base: Counted
    used: Counted
    ceiling_bps: int
    least: int

    @property
    def deals_bps(self) -> int:
        """The share by deals, rounded up."""
        return share(self.used.deals, self.base.deals)

    @property
    def arr_bps(self) -> int:
        """The share by ARR, rounded up."""
        return share(self.used.us_cents, self.base.us_cents)

    @property
    def share_bps(self) -> int:
        """The larger of both, by which it is judged."""
        return max(self.deals_bps, self.arr_bps)

    def has_room(self, more: Counted) -> bool:
        """Whether one more deal fits: within the ceiling by deals and by ARR, or among the few that always do.

        Exact: no share is rounded.
        """
        then = self.used.plus(more)
        if then.deals <= self.least:
            return True
        return _within(then.deals, self.base.deals, self.ceiling_bps) and _within(
            then.us_cents, self.base.us_cents, self.ceiling_bps
        )

    def is_near(self, notice_bps: int) -> bool:
        """Whether so much of the ceiling itself is used, by deals or by ARR."""
        near = self.ceiling_bps * notice_bps
        pairs = ((self.used.deals, self.base.deals), (self.used.us_cents, self.base.us_cents))
        return any(used and used * WHOLE_BPS * WHOLE_BPS >= near * base for used, base in pairs)


def share(part: int, whole: int) -> int:
    """In basis points, rounded up; of nothing all of it."""
    if not part:
        return 0
    return -(-part * WHOLE_BPS // whole) if whole > 0 else WHOLE_BPS


def _within(part: int, whole: int, ceiling_bps: int) -> bool:
    return part * WHOLE_BPS <= ceiling_bps * whole
