"""Pausing: whether it can be had, until when, and when what is said or tried. Source: docs/decisions/pauses.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from billing.rules import intervals

YEAR: Final = timedelta(days=365)
# A card that was declined when it was to go on by itself is tried again so long after, then not any more.
TRIES_AFTER: Final = (timedelta(days=3), timedelta(days=4))


class Refusal(StrEnum):
    NOT_OFFERED = "not_offered"  # the policy allows none
    NOT_ACTIVE = "not_active"
    IN_TRIAL = "in_trial"
    NOT_MONTHLY = "not_monthly"
    NO_CARD = "no_card"
    TOO_SOON = "too_soon"
    TOO_LONG = "too_long"
    ENDS = "ends"
    WAITS = "waits"
    UNBILLED = "unbilled"  # seats of an open invoice window are billed first
    PAY_FIRST = "pay_first"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`before`: when the earlier pauses of the organization's product line began. `is_on_card`: it is charged by itself."""

    status: str
    interval: str
    is_in_trial: bool
    is_on_card: bool
    is_behind: bool
    ends: bool
    waits: bool
    is_unbilled: bool = False
    before: Sequence[datetime] = ()


def refusal(facts: Facts, *, months: int, most_months: int, per_year: int, now: datetime) -> Refusal | None:
    """Why it cannot be paused for `months`; None: it can. The first that holds, what a person can do something about last."""
    found = (
        (Refusal.NOT_OFFERED, most_months < 1 or per_year < 1),
        (Refusal.IN_TRIAL, facts.is_in_trial),
        (Refusal.PAY_FIRST, facts.is_behind),
        (Refusal.NOT_ACTIVE, facts.status != "active"),
        (Refusal.NOT_MONTHLY, facts.interval != "month"),
        (Refusal.TOO_SOON, next_at(facts.before, per_year=per_year, now=now) is not None),
        (Refusal.TOO_LONG, not 1 <= months <= most_months),
        (Refusal.NO_CARD, not facts.is_on_card),
        (Refusal.ENDS, facts.ends),
        (Refusal.WAITS, facts.waits),
        (Refusal.UNBILLED, facts.is_unbilled),
    )
    return next((why for why, holds in found if holds), None)


def next_at(before: Sequence[datetime], *, per_year: int, now: datetime) -> datetime | None:
    """From when on the next pause can be had, where as many as a year allows began within the last one; None: now."""
    recent = sorted(at for at in before if at > now - YEAR)
    return recent[-per_year] + YEAR if len(recent) >= per_year > 0 else None


def resumes_at(began_at: datetime, months: int) -> datetime:
    """When a pause of `months` is over: the same day of a later month."""
    return intervals.months_after(began_at, months)


def announced_at(began_at: datetime, ends_at: datetime, *, days: int) -> datetime | None:
    """When its end is announced; None: so soon after its begin that what was said then will do."""
    at = ends_at - timedelta(days=days)
    return at if days and at > began_at + timedelta(days=days) else None


def again_at(tries: int, now: datetime) -> datetime | None:
    """When to try to go on after `tries` that failed; None: a person has to."""
    return now + TRIES_AFTER[tries - 1] if 1 <= tries <= len(TRIES_AFTER) else None
