"""Whose turn it is: a weighted round robin that is fair to a single lead over any fifty.

The target of a rep is the sum, over the last fifty offers of the pool, of the rep's share of weights among those who could take
each. Whoever could not (absent, ringing, full) neither gains nor loses by it.

The first fifty are dealt by Tijdeman's rule for the chairman assignment problem (1980): of those who are due a lead, the one
whose deadline is first; no rep is ever a whole lead from the target. From then on the one farthest below the target is next: a
window of fifty drops its oldest offer, and giving that place to whoever lacks most keeps everybody within one, as long as the
same people can take leads. Choosing the largest debt from the beginning would not: with many light reps beside a heavy one it
drifts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WINDOW = 50
_NEARLY = 1e-9  # two sums of shares are equal


@dataclass(frozen=True)
class Dealt:
    """An offer of the pool's past: to whom, and who could have had it (the rep among them)."""

    rep: int
    eligible: frozenset[int]


@dataclass(frozen=True)
class Turn:
    """Whose turn it is, and why: each rep's share of the next offer, and how many leads each lacks to the target (negative: has
    more than the target), this offer's share included.
    """

    rep: int
    shares: Mapping[int, float]
    lacks: Mapping[int, float]


def turn(weights: Mapping[int, int], eligible: frozenset[int], past: Sequence[Dealt]) -> Turn:
    """Choose one of the `eligible` reps. `weights` are of all who were ever eligible (unknown ones count 1); `past` is in
    order.

    Raises ValueError when nobody is eligible.
    """
    if not eligible:
        raise ValueError("Nobody is eligible.")
    shares = _shares(weights, eligible)
    window = past[-(WINDOW - 1) :]
    lacks = dict(shares)
    for dealt in window:
        theirs = shares if dealt.eligible == eligible else _shares(weights, dealt.eligible)
        for rep in eligible & dealt.eligible:
            lacks[rep] += theirs[rep]
        if dealt.rep in lacks:
            lacks[dealt.rep] -= 1
    is_full = len(window) == WINDOW - 1
    rep = _farthest_below(lacks) if is_full or len(eligible) == 1 else _first_deadline(shares, lacks)
    return Turn(rep, shares, lacks)


def _shares(weights: Mapping[int, int], eligible: frozenset[int]) -> dict[int, float]:
    total = sum(max(1, weights.get(rep, 1)) for rep in eligible)
    return {rep: max(1, weights.get(rep, 1)) / total for rep in eligible}


def _farthest_below(lacks: Mapping[int, float]) -> int:
    most = max(lacks.values())
    return min(rep for rep, lack in lacks.items() if lack > most - _NEARLY)


def _first_deadline(shares: Mapping[int, float], lacks: Mapping[int, float]) -> int:
    least = 1 / (2 * len(shares) - 2)
    due = [rep for rep, lack in lacks.items() if lack > least - _NEARLY]
    if not due:  # only after people came and went: nobody is due, so whoever lacks most
        return _farthest_below(lacks)
    return min(due, key=lambda rep: (round((1 - least - lacks[rep]) / shares[rep], 9), rep))
