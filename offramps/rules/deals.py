"""What of a deal is not the catalog's, and who may allow it. Silent where nothing is.

Source: step D, quotes that stay on the rails; docs/decisions/deals.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REP: Final = "rep"
# Who decides, the narrowest first: a rep alone, then as the bands of exceptions go.
LADDER: Final = (REP, "manager", "finance", "revenue_operations")
TERMS: Final = (12, 24, 36)


class Part(StrEnum):
    DISCOUNT = "discount"
    TERM = "term"
    PAYMENT_TERMS = "payment_terms"
    SEAT_CEILING = "seat_ceiling"
    WORDING = "wording"


@dataclass(frozen=True, kw_only=True)
class Sold:
    """What the catalog sells to the segment: a term of so many months, so long to pay (0: by card), a ceiling of so many times
    the seats or of the plan's own.
    """

    seats_max: int
    term_months: int
    net_days: int
    ceiling_times: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the deal says."""

    seats: int
    discount_bps: int = 0
    term_months: int = 12
    net_days: int = 0
    ceiling: int = 0
    has_wording: bool = False


@dataclass(frozen=True, kw_only=True)
class Band:
    """The most that somebody of a group may allow."""

    discount_bps: int
    term_months: int
    net_days: int
    ceiling_times: int
    is_wording_allowed: bool


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that the catalog does not sell: what, how much of it, and which groups may allow it (none: administrators)."""

    part: Part
    value: int
    groups: tuple[str, ...]

    @property
    def who(self) -> str:
        """The narrowest of them; empty: administrators alone."""
        return self.groups[0] if self.groups else ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All findings, and who may allow every one of them."""

    findings: tuple[Finding, ...]

    @property
    def is_standard(self) -> bool:
        return not self.findings

    @property
    def groups(self) -> tuple[str, ...]:
        """Who may allow the whole, the narrowest first."""
        return tuple(name for name in LADDER if all(name in finding.groups for finding in self.findings))

    @property
    def is_for_rep(self) -> bool:
        """Whether whoever makes it may allow it alone."""
        return REP in self.groups

    @property
    def who(self) -> str:
        """The narrowest group that may allow all of it; empty: administrators."""
        return self.groups[0] if self.groups else ""


def ceiling(seats: int, sold: Sold) -> int:
    """Up to how many seats a deal of the catalog's goes: of the plan's own, or a multiple of what is sold."""
    return max(sold.seats_max, seats * sold.ceiling_times)


def judge(asked: Asked, sold: Sold, bands: Mapping[str, Band]) -> Verdict:
    """Hold a deal against what is sold, and each difference against the bands."""
    found: list[Finding] = []

    def note(part: Part, value: int, allowed: Mapping[str, bool]) -> None:
        found.append(Finding(part=part, value=value, groups=tuple(name for name in LADDER if allowed.get(name))))

    if asked.discount_bps > 0:
        note(Part.DISCOUNT, asked.discount_bps, {n: asked.discount_bps <= one.discount_bps for n, one in bands.items()})
    if asked.term_months > sold.term_months:
        note(Part.TERM, asked.term_months, {n: asked.term_months <= one.term_months for n, one in bands.items()})
    if asked.net_days > sold.net_days:
        note(Part.PAYMENT_TERMS, asked.net_days, {n: asked.net_days <= one.net_days for n, one in bands.items()})
    if asked.ceiling > ceiling(asked.seats, sold):
        note(
            Part.SEAT_CEILING,
            asked.ceiling,
            {n: asked.ceiling <= asked.seats * one.ceiling_times for n, one in bands.items()},
        )
    if asked.has_wording:
        note(Part.WORDING, 0, {n: one.is_wording_allowed for n, one in bands.items()})
    return Verdict(findings=tuple(found))
