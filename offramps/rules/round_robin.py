"""Whose turn it is: a weighted round robin that is fair to a single lead over any fifty.

The target of a rep is the sum, over the last fifty offers of the pool, of the rep's share of weights among those who could take
each. Whoever could not (absent, ringing, full) neither gains nor loses by it.

The first fifty are dealt by Tijdeman's rule for the chairman assignment problem (1980): of those who are due a lead, the one
whose deadline is first; no rep is ever a whole lead from the target. From then on the one farthest below the target is next: a
window of fifty drops its oldest offer, and giving that place to whoever lacks most keeps everybody within one, as long as the
same people can take leads. Choosing the largest debt from the beginning would not: with many light reps beside a heavy one it
drifts.
"""

from collections import defaultdict
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
    weight = defaultdict(lambda: 1, weights).__getitem__
    total = sum(map(weight, eligible))
    shares = {rep: weight(rep) / total for rep in eligible}
    window = past[-(WINDOW - 1) :]
    # A unit of weight gets the same of each offer it could have had: all of them, less those it could not, which are fewer.
    of_all, lacks = 1 / total, dict.fromkeys(eligible, 0.0)
    for dealt in window:
        unit = 1 / sum(map(weight, dealt.eligible))
        of_all += unit
        for rep in eligible - dealt.eligible:
            lacks[rep] -= weight(rep) * unit
        if dealt.rep in lacks:
            lacks[dealt.rep] -= 1
    lacks = {rep: lack + weight(rep) * of_all for rep, lack in lacks.items()}
    is_full = len(window) == WINDOW - 1
    rep = _farthest_below(lacks) if is_full or len(eligible) == 1 else _first_deadline(shares, lacks)
    return Turn(rep, shares, lacks)


def _farthest_below(lacks: Mapping[int, float]) -> int:
    most = max(lacks.values())
    return min(rep for rep, lack in lacks.items() if lack > most - _NEARLY)


def _first_deadline(shares: Mapping[int, float], lacks: Mapping[int, float]) -> int:
    least = 1 / (2 * len(shares) - 2)
    due = [rep for rep, lack in lacks.items() if lack > least - _NEARLY]
    if not due:  # only after people came and went: nobody is due, so whoever lacks most
        return _farthest_below(lacks)
    return min(due, key=lambda rep: (round((1 - least - lacks[rep]) / shares[rep], 9), rep))
