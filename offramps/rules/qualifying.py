"""Whether somebody who asks, or is noticed, fits a person's time: points for employees, industry, region and use.

Over the segment's threshold a person has it; under it the store answers. A competitor, and a region that is not served, are
told so whatever the points. Legal and security questions reach a person in any case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from offramps.rules.answering import AT_ONCE

ROUTED, AT_ONCE_FIT, SELF_SERVICE, UNSERVED, COMPETITOR = "routed", "at_once", "self_service", "unserved", "competitor"
NOT_SERVED: Final = frozenset({UNSERVED, COMPETITOR})
PARTS: Final = ("employees", "industry", "region", "use")
# From so many on, so many hundredths of the part's points; the first that fits.
EMPLOYEES: Final = ((1_000, 100), (250, 75), (100, 60), (50, 40), (10, 25), (0, 10))
SEATS: Final = ((50, 100), (20, 75), (10, 50), (1, 25), (0, 0))
HALF: Final = 50


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is known of who asks: None and empty are what nobody knows. `seats` are in the cart, or asked for."""

    topic: str
    employees: int | None = None
    industry: str = ""
    region: str = ""
    seats: int = 0
    is_competitor: bool = False


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The business's numbers: the most points of each part, the segment's threshold, and the lists. No industries named: all
    are as good as each other.
    """

    threshold: int
    most: Mapping[str, int]
    industries: frozenset[str] = frozenset()
    unserved: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was decided, by which part: its name, "topic" or "competitor"."""

    fit: str
    score: int
    threshold: int
    decided_by: str
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_for_a_person(self) -> bool:
        return self.fit in (ROUTED, AT_ONCE_FIT)

    @property
    def is_served(self) -> bool:
        return self.fit not in NOT_SERVED


def qualify(profile: Profile, numbers: Numbers) -> Verdict:
    """Points of each part, and what they come to."""
    share = {
        "employees": _step(EMPLOYEES, profile.employees or 0),
        "industry": _industry(profile.industry, numbers),
        "region": 0 if profile.region in numbers.unserved else 100 if profile.region else HALF,
        "use": _step(SEATS, profile.seats),
    }
    parts = {name: numbers.most.get(name, 0) * share[name] // 100 for name in PARTS}
    score = sum(parts.values())
    fit, decided_by = _decide(profile, numbers, parts, score)
    return Verdict(fit=fit, score=score, threshold=numbers.threshold, decided_by=decided_by, parts=parts)


def _decide(profile: Profile, numbers: Numbers, parts: Mapping[str, int], score: int) -> tuple[str, str]:
    if profile.topic in AT_ONCE:
        return AT_ONCE_FIT, "topic"
    if profile.is_competitor:
        return COMPETITOR, "competitor"
    if profile.region in numbers.unserved:
        return UNSERVED, "region"
    if score >= numbers.threshold:
        return ROUTED, max(PARTS, key=lambda name: parts[name])
    return SELF_SERVICE, max(PARTS, key=lambda name: numbers.most.get(name, 0) - parts[name])


def _industry(industry: str, numbers: Numbers) -> int:
    if not numbers.industries:
        return 100
    return 100 if industry in numbers.industries else 0 if industry else HALF


def _step(steps: tuple[tuple[int, int], ...], number: int) -> int:
    return next(share for least, share in steps if number >= least)
