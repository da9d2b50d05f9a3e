"""Renewals: how many seats the next period needs by use. No I/O."""

from dataclasses import dataclass

BPS = 10_000


@dataclass(frozen=True, kw_only=True)
class Use:
    """Of the seats that are bought: who was seen lately or has just come, and how many nobody is known to use.

    `seen` counts those whose holder was ever reported; 0: the product reports nothing, and nothing can be said.
    """

    active: int
    seen: int


def recommended(*, use: Use, coming: int, least: int, headroom_bps: int) -> int | None:
    """How many seats to renew instead of `coming`; None: as many as there are.

    As many as are active with a headroom (rounded up), never fewer than the plan starts with (`least`). It is only ever fewer:
    nobody is advised to buy more on the day of a charge. Source: step C, renewals ("38 of 50 seats were active: renew 40?").
    """
    if not use.seen:
        return None
    wanted = max(-(-use.active * (BPS + headroom_bps) // BPS), least, 1)
    return wanted if wanted < coming else None
