"""What a committed term holds on to besides its days: where they were agreed, a number of seats and a plan.

Fewer seats than committed, and a smaller plan than committed, wait until the term is over; what goes beyond the commitment
comes and goes with any period. Source: docs/decisions/exceptions.md, "Term".
"""


def waits(committed: int | None, *, now: int, wanted: int) -> bool:
    """Whether going from `now` to `wanted` waits for the term's end: seats, or plans by rank. None: none was committed."""
    return committed is not None and wanted < min(now, committed)
