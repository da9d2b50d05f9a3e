"""The charges that come next of everything an organization has: what its payment method is charged for on that day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.queries.overview import Standing
from config import words


@dataclass(frozen=True, kw_only=True)
class Coming:
    """`due_minor` of `standing`'s currency is charged at `at`, as home says it of the same product."""

    standing: Standing
    at: datetime
    due_minor: int

    @property
    def currency(self) -> str:
        return self.standing.row.currency


def of(standings: Sequence[Standing]) -> list[Coming]:
    """Those of the first day on which something is charged, in their order; where credit pays for all, the very next.

    No query. Each is a charge of its own, as each product may be paid by something else.
    """
    found = sorted((one for standing in standings for one in _of(standing)), key=lambda one: one.at)
    charged = [one for one in found if one.due_minor > 0]
    if not charged:
        return found[:1]
    return [one for one in charged if words.day_of(one.at) == words.day_of(charged[0].at)]


def _of(standing: Standing) -> Iterator[Coming]:
    window, between, renewal = standing.window, standing.between, standing.next_charge
    if window is not None and not window.is_unpaid:
        yield Coming(standing=standing, at=window.closes_at, due_minor=window.due_minor)
    if between is not None:
        yield Coming(standing=standing, at=between.at, due_minor=between.due_minor)
    if renewal is not None:
        yield Coming(standing=standing, at=renewal.at, due_minor=renewal.due_minor)
