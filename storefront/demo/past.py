"""Store time during the seed: this process's clock can stand in the past, so that rows of the past get its dates."""

import contextlib
from collections.abc import Iterator
from datetime import datetime

from django.test.utils import override_settings

from config import clock

SOURCE = f"{__name__}.offset_seconds"
_offset = {"seconds": 0}


def offset_seconds() -> int:
    """settings.CLOCK_OFFSET_SOURCE while `moving` is entered: seconds from the wall to the instant of the story."""
    return _offset["seconds"]


@contextlib.contextmanager
def moving() -> Iterator[None]:
    """Within, `config.clock.now()` of this process follows `move_to`."""
    _offset["seconds"] = clock.offset_seconds()
    with override_settings(CLOCK_OFFSET_SOURCE=SOURCE):
        yield


def move_to(instant: datetime) -> None:
    _offset["seconds"] = round((instant - clock.wall()).total_seconds())
