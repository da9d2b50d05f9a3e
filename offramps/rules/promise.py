"""When somebody who asked for a person is answered, as a date that can be said."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_FRIDAY = 4


def answer_on(raised_at: datetime, working_days: int, zone: ZoneInfo) -> date:
    """Return the `working_days`-th working day (1 or more; Monday to Friday) after the day of an aware instant in `zone`.

    Friday and the weekend after it both lead to Monday for one day.
    """
    day = raised_at.astimezone(zone).date()
    left = working_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() <= _FRIDAY
    return day
