"""What somebody may use, worked out of what grants it. Source: docs/decisions/entitlements.md.

A feature is granted by sources: the plan, each add-on, and exceptions that were approved for the customer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from billing.rules import metering
from billing.rules.dunning import Access, Missing

# A payment that is being retried takes nothing away; one that was given up does.
ENTITLED_STATUSES: Final = ("trialing", "active", "past_due")
# A trial that ended without a card, a pause, or a pilot that is over: what was made can be looked at, nothing can be added.
READ_ONLY_STATUSES: Final = ("paused", "canceled")

# As a source of features an exception has no name of its own.
EXCEPTION_NAME: Final = {"en": "Agreed with you", "de": "Mit Ihnen vereinbart"}

Feature = Mapping[str, Any]  # {code, name, limit, unit, group, part, resets}, as plans and add-ons keep them
Used = Mapping[tuple[str, datetime], int]  # (feature, its window's beginning) to how much was used


class Reason(StrEnum):
    INCLUDED = "included"
    NOT_IN_PLAN = "not_in_plan"
    NO_SUBSCRIPTION = "no_subscription"
    SUSPENDED = "subscription_suspended"
    READ_ONLY = "read_only"
    PAUSED = "paused"
    NOT_A_MEMBER = "not_a_member"
    NO_SEAT = "no_seat"


class SourceKind(StrEnum):
    PLAN = "plan"
    ADDON = "addon"
    EXCEPTION = "exception"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One thing that grants a feature since `since`: `count` of it, each with what `feature` says."""

    kind: SourceKind
    code: str
    name: Mapping[str, str] | str
    since: datetime
    feature: Feature
    count: int = 1

    @property
    def limit(self) -> int | None:
        limit: int | None = self.feature.get("limit")
        return None if limit is None else limit * self.count


@dataclass(frozen=True, kw_only=True)
class Bringer:
    """A plan or add-on that a subscription has, with all the features that it brings."""

    kind: SourceKind
    code: str
    name: Mapping[str, str] | str
    since: datetime
    features: Sequence[Feature]
    count: int = 1
    until: datetime | None = None
    """When it brings nothing any more, where that is settled."""


@dataclass(frozen=True, kw_only=True)
class Seat:
    id: int
    last_seen_on: date | None


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A subscription and what it brings. `is_member` and `seat` are of the person asked about, if somebody was."""

    plan: str
    status: str
    bringers: Sequence[Bringer]
    period: metering.Period
    cancel_at: datetime | None = None
    missing: Missing | None = None
    access: Access = Access.FULL
    is_member: bool = True
    seat: Seat | None = None
    is_shut: bool = False
    """Paused by its owners, and by the policy nobody gets in meanwhile."""

    def sources(self, code: str) -> tuple[Source, ...]:
        found = ((one, next((each for each in one.features if each["code"] == code), None)) for one in self.bringers)
        return tuple(
            Source(kind=one.kind, code=one.code, name=one.name, since=one.since, count=one.count, feature=feature)
            for one, feature in found
            if feature is not None
        )


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """`limit` None is without limit, or no counted feature. `until`: when the answer may change by itself.

    `used` is of a metered feature that is had, since `window` began; None of any other.
    """

    feature: str
    reason: Reason
    limit: int | None = None
    plan: str | None = None
    until: datetime | None = None
    missing: Missing | None = None
    used: int | None = None
    window: metering.Window | None = None
    sources: tuple[Source, ...] = ()

    @property
    def entitled(self) -> bool:
        return self.reason is Reason.INCLUDED

    @property
    def remaining(self) -> int | None:
        """How much may still be used; None: without limit, or nothing that is metered."""
        return None if self.used is None or self.limit is None else max(self.limit - self.used, 0)

    @property
    def resets_at(self) -> datetime | None:
        return self.window.ends_at if self.window else None


def answer(holdings: Iterable[Holding], code: str, *, is_personal: bool, used: Used, now: datetime) -> Entitlement:
    """About a feature: of the first holding that entitles to it, else of the first that has it, else of the first."""
    answers = [_of(holding, code, is_personal=is_personal, used=used, now=now) for holding in holdings]
    best = next((one for one in answers if one.entitled), None) or next((one for one in answers if one.sources), None)
    return best or next(iter(answers), Entitlement(feature=code, reason=Reason.NO_SUBSCRIPTION))


def codes(holdings: Iterable[Holding]) -> list[str]:
    """Every feature that is had, once, in order."""
    named = (feature["code"] for holding in holdings for one in holding.bringers for feature in one.features)
    return list(dict.fromkeys(named))


def _of(holding: Holding, code: str, *, is_personal: bool, used: Used, now: datetime) -> Entitlement:
    sources = holding.sources(code)
    reason = _reason(holding, sources, is_personal=is_personal)
    resets = next((source.feature["resets"] for source in sources if source.feature.get("resets")), "")
    window = metering.window(resets, holding.period, now) if resets else None
    return Entitlement(
        feature=code,
        reason=reason,
        limit=limit(sources) if reason is Reason.INCLUDED else None,
        plan=next((source.feature["part"] for source in sources if source.feature.get("part")), "") or holding.plan,
        until=_until(holding, code),
        missing=holding.missing,
        used=used.get((code, window.starts_at), 0) if window else None,
        window=window,
        sources=sources,
    )


def _until(holding: Holding, code: str) -> datetime:
    bringing = (one.until for one in holding.bringers if any(each["code"] == code for each in one.features))
    known = [one for one in (holding.missing.cut_at if holding.missing else None, *bringing) if one is not None]
    return min([holding.cancel_at or holding.period.ends_at, *known])


def excepted(code: str, said: Mapping[str, Any], *, since: datetime, until: datetime) -> Bringer:
    """What an approved exception brings: one feature, as the catalog has it, with the exception's own limit."""
    feature = {**said["granted"], "code": said["feature"], "limit": said["limit"]}
    return Bringer(kind=SourceKind.EXCEPTION, code=code, name=EXCEPTION_NAME, since=since, features=(feature,), until=until)


def _reason(holding: Holding, sources: Sequence[Source], *, is_personal: bool) -> Reason:
    found = (
        (Reason.PAUSED, holding.is_shut),
        (Reason.SUSPENDED, holding.access is Access.OFF),
        (Reason.READ_ONLY, holding.status in READ_ONLY_STATUSES or holding.access is Access.READ_ONLY),
        (Reason.SUSPENDED, holding.status not in ENTITLED_STATUSES),
        (Reason.NOT_IN_PLAN, not sources),
        (Reason.NOT_A_MEMBER, is_personal and not holding.is_member),
        (Reason.NO_SEAT, is_personal and holding.seat is None),
    )
    return next((reason for reason, holds in found if holds), Reason.INCLUDED)


def limit(sources: Iterable[Source]) -> int | None:
    """All of them together; None: one is without limit, or nothing is counted."""
    limits = [source.limit for source in sources]
    return None if any(one is None for one in limits) else sum(one for one in limits if one is not None)
