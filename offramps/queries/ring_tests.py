"""Whether a rep has heard the desk ring today."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from offramps.models import Rep, RingTest

RINGS = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Tested:
    """`rings`: the test that rings now, until `until_at`."""

    is_heard: bool
    rings: RingTest | None = None
    until_at: datetime | None = None


def day_of(rep: Rep, at: datetime) -> date:
    """The day it is where the rep is."""
    return at.astimezone(ZoneInfo(rep.time_zone)).date()


def today(rep: Rep, at: datetime) -> Tested:
    """One query."""
    row = RingTest.objects.filter(rep=rep, on=day_of(rep, at)).first()
    if row is None or row.heard_at is not None or row.rung_at + RINGS <= at:
        return Tested(is_heard=row is not None and row.heard_at is not None)
    return Tested(is_heard=False, rings=row, until_at=row.rung_at + RINGS)
