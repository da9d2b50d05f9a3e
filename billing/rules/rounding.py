"""The one rounding of the store, and the one way to split an amount so that its parts sum to the whole."""

from collections.abc import Sequence


def divide(numerator: int, denominator: int) -> int:
    """Return numerator / denominator as an int, halves away from zero, so that rounding(-x) is -rounding(x).

    Raises ZeroDivisionError for a denominator of 0.
    """
    if denominator == 0:
        raise ZeroDivisionError("The denominator is 0.")
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    return sign * ((2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator)))


def share(amount_minor: int, bps: int) -> int:
    """Return `bps` basis points (1/10,000) of an amount in minor units."""
    return divide(amount_minor * bps, 10_000)


def split(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split an amount by weights (ints, none negative, not all 0); the parts always sum to the amount.

    The remainder goes out one minor unit at a time to the largest fractions, earlier ones first on a tie.
    Raises ValueError for weights that cannot divide anything.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError(f"Weights {list(weights)} cannot split an amount: give none below 0 and at least one above it.")
    sign = -1 if amount_minor < 0 else 1
    parts = [abs(amount_minor) * weight // whole for weight in weights]
    left = abs(amount_minor) - sum(parts)
    by_fraction = sorted(range(len(weights)), key=lambda index: (-(abs(amount_minor) * weights[index] % whole), index))
    for index in by_fraction[:left]:
        parts[index] += 1
    return tuple(sign * part for part in parts)
