"""How far moving in is: customers and ARR, by segment and month; and a contract in a sentence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accounts.models import Segment
from billing.models import Adoption, AdoptionState
from billing.queries import terms_words
from billing.rules.adoption import Agreed, Contract
from config import words

RELEASED: Final = Q(state=AdoptionState.RELEASED)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Contracts of a segment, month and currency: taken over, and of these released. ARR in minor units."""

    month: date | None
    segment: str
    currency: str
    adopted: int
    adopted_minor: int
    released: int
    released_minor: int

    @property
    def segment_name(self) -> str:
        return str(Segment(self.segment).label)


@dataclass(frozen=True, kw_only=True)
class Board:
    """By the month in which they were taken over (newest first) and in all; what failed, or waits."""

    months: Sequence[Moved]
    totals: Sequence[Moved]
    waiting: int
    failed: int

    @property
    def rows(self) -> list[Moved]:
        return [*self.months, *self.totals]


def board() -> Board:
    """Three queries, however many there are."""
    months = _moved(Adoption.objects.annotate(month=TruncMonth("adopted_at")), "month", "segment", "currency")
    totals = _moved(Adoption.objects.all(), "segment", "currency")
    states = Adoption.objects.aggregate(
        waiting=Count("pk", filter=Q(state=AdoptionState.ADOPTED)), failed=Count("pk", filter=Q(state=AdoptionState.FAILED))
    )
    return Board(
        months=sorted(months, key=lambda one: (one.month or date.min, _place(one)), reverse=True),
        totals=sorted(totals, key=_place, reverse=True),
        **states,
    )


def _moved(rows: QuerySet[Adoption], *by: str) -> list[Moved]:
    figures = rows.values(*by).annotate(
        adopted=Count("organization", distinct=True),
        adopted_minor=Sum("arr_minor"),
        released=Count("organization", filter=RELEASED, distinct=True),
        released_minor=Sum("arr_minor", filter=RELEASED, default=0),
    )
    return [
        Moved(month=row["month"].date() if row.get("month") else None, **{key: row[key] for key in row if key != "month"})
        for row in figures
    ]


def _place(one: Moved) -> tuple[int, str]:
    return Segment.values.index(one.segment), one.currency


def board_lines() -> Iterable[str]:
    """The same for a terminal."""
    found = board()
    if not found.totals:
        yield "No contract was taken over yet: manage.py adopt FILE says what one would come to."
        return
    for one in found.months:
        yield f"{one.month:%Y-%m}  {_line(one)}"
    for one in found.totals:
        yield f"in all   {_line(one)}"
    yield f"{found.waiting} wait for their release, {found.failed} failed."


def _line(one: Moved) -> str:
    taken, released = (words.money(minor, one.currency, whole=True) for minor in (one.adopted_minor, one.released_minor))
    return f"{one.segment:<11} {one.adopted} customers, ARR {taken} taken over; {one.released}, ARR {released} released"


def sentence(contract: Contract, list_minor: int, agreed: Sequence[Agreed], *, is_known: bool) -> str:
    """What taking a contract over comes to, for the dry run."""
    paid, listed = (words.money(minor, contract.currency) for minor in (contract.amount_minor, list_minor))
    what = (
        f"line {contract.line}, {contract.reference}: {contract.company}{'' if is_known else ' (new)'} has {contract.plan} for "
    )
    what += f"{words.number(contract.seats)} seats, {paid} a {contract.interval}"
    what += f" (list price {listed})" if paid != listed else ""
    what += f", renews on {contract.renews_on.isoformat()}"
    if agreed:
        said = ", ".join(terms_words.gives(one.kind, one.value) for one in agreed)
        what += f"; until {contract.exception_until.isoformat()}: {said}"
    if contract.amount_minor > list_minor:
        what += "; from then on it pays less, the list price"
    return what + ("; keeps its subscription at Stripe." if contract.stripe_subscription else ".")
