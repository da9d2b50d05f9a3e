"""A committed term that was agreed: until then the subscription is neither ended, at once or with a period, nor paused.

Whoever cancels before is booked for the end of the period in which the term ends (books.booked_ends). So are fewer seats and a
smaller plan, where the term says a number of seats or a plan (billing.rules.commitments).
Source: docs/decisions/exceptions.md. What is behind with a payment may always be ended: it would end by itself.
"""

from dataclasses import dataclass
from datetime import date, datetime

from billing.models import Price, Subscription, TermsKind
from billing.queries import terms as queries
from billing.queries.overview import Standing
from billing.rules import commitments
from billing.services.books import booked_ends
from billing.services.changes import seats


@dataclass(frozen=True, kw_only=True)
class Term:
    """Agreed to stay until `until`, so that it ends at `ends_at`: with the period that begins at `opens_at` and reaches it."""

    until: date
    opens_at: datetime
    ends_at: datetime


class Committed(seats.SeatsError):
    """Agreed to stay until `until`: it can be cancelled for `ends_at`, and not ended or paused before."""

    def __init__(self, term: Term) -> None:
        super().__init__(f"It is agreed to last until {term.until}.")
        self.term, self.until, self.opens_at, self.ends_at = term, term.until, term.opens_at, term.ends_at


def beyond(row: Subscription) -> Term | None:
    """The term that the present period (of `row`, its price at hand) does not reach; None: it may end with it. One query."""
    term = _term(row)
    return term if term is not None and term.ends_at > row.period_ends_at else None


def said(standing: Standing) -> Term | None:
    """The same of a standing, which brings along what was agreed. No query."""
    held = [one for one in standing.agreed if one.kind == TermsKind.TERM and one.is_of_line and one.is_in_force]
    last = max(held, key=lambda one: one.ends_at, default=None)
    return None if last is None or standing.row.is_in_trial else _beyond(standing.row, last.ends_on, last.ends_at)


def check_now(row: Subscription) -> None:
    """Whether it may end, or rest, before its period is over. Raises Committed. One query."""
    term = _term(row)
    if term is not None:
        raise Committed(term)


def seats_wait(row: Subscription, *, then: int, wanted: int) -> Term | None:
    """For which term `wanted` seats wait, instead of `then`; None: they come with the next period. One query for fewer."""
    found = None if wanted >= then or row.is_in_trial else queries.committed(row)
    if found is None or not commitments.waits(found.seats, now=then, wanted=wanted):
        return None
    return _beyond(row, found.until, found.at)


def plan_waits(row: Subscription, price: Price) -> Term | None:
    """For which term a plan waits (`price` and `row` with theirs); None: it comes with the next period. Two queries at most."""
    found = None if price.plan.rank >= row.plan.rank or row.is_in_trial else queries.committed(row)
    if found is None or not commitments.waits(found.rank, now=row.plan.rank, wanted=price.plan.rank):
        return None
    return _beyond(row, found.until, found.at)


def _beyond(row: Subscription, until: date, at: datetime) -> Term | None:
    term = _of(row, until, at)
    return term if term.ends_at > row.period_ends_at else None


def _term(row: Subscription) -> Term | None:
    found = None if row.is_in_trial else queries.committed_until(row)
    return _of(row, *found) if found else None


def _of(row: Subscription, until: date, at: datetime) -> Term:
    opens_at, ends_at = booked_ends.period_of(row, at)
    return Term(until=until, opens_at=opens_at, ends_at=ends_at)
