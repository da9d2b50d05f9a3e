"""The credit ledger as its readers see it: a rep their own, whoever runs the floor all of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Count, QuerySet, Sum

from billing.rules import money
from config import csv_rows
from offramps.models import CreditEntry, Rep

MOST_ROWS = 200
QUARTERS = 8
HEADER = (
    *("occurred_at", "rep", "organization", "cause", "source", "family", "is_growth", "currency", "mrr", "rate_percent"),
    *("margin_percent", "credit", "starts_at", "ends_at"),
)


@dataclass(frozen=True)
class Quarter:
    """`[starts_at, ends_at)`, UTC; `code` is "2026-Q4"."""

    code: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Total:
    """Of one currency: orders, what went back, and what is left; minor units."""

    currency: str
    orders_minor: int
    back_minor: int
    count: int

    @property
    def left_minor(self) -> int:
        return self.orders_minor + self.back_minor


def quarters(at: datetime) -> list[Quarter]:
    """The present quarter and those before it, newest first."""
    found, year, number = [], at.year, (at.month - 1) // 3
    for _one in range(QUARTERS):
        following = (year, number + 1) if number < 3 else (year + 1, 0)
        found.append(Quarter(f"{year}-Q{number + 1}", _begin(year, number), _begin(*following)))
        year, number = (year, number - 1) if number else (year - 1, 3)
    return found


def entries(quarter: Quarter, rep: Rep | None) -> QuerySet[CreditEntry]:
    """Those of a quarter, newest first; of one rep, or (None) of everybody."""
    rows = CreditEntry.objects.filter(occurred_at__gte=quarter.starts_at, occurred_at__lt=quarter.ends_at)
    rows = rows.filter(rep=rep) if rep is not None else rows
    return rows.select_related("ledger_entry__subscription__organization", "rep__user", "pool").order_by("-occurred_at", "-pk")


def totals(rows: QuerySet[CreditEntry]) -> list[Total]:
    """A line a currency. One query."""
    found: dict[str, dict[bool, tuple[int, int]]] = {}
    sums = rows.order_by("currency").values_list("currency", "cause").annotate(sum=Sum("amount_minor"), count=Count("pk"))
    for currency, cause, total, count in sums:
        before = found.setdefault(currency, {}).get(cause == "order", (0, 0))
        found[currency][cause == "order"] = (before[0] + total, before[1] + count)
    return [
        Total(
            currency=currency,
            orders_minor=by.get(True, (0, 0))[0],
            back_minor=by.get(False, (0, 0))[0],
            count=sum(count for _total, count in by.values()),
        )
        for currency, by in found.items()
    ]


def lines(rows: QuerySet[CreditEntry]) -> Iterator[str]:
    """The file: every row, for whoever pays commissions."""
    return csv_rows.lines(HEADER, (_row(row) for row in rows.iterator(chunk_size=2_000)))


def _row(row: CreditEntry) -> Sequence[object]:
    places = money.exponent(row.currency)
    return [
        *(
            row.occurred_at,
            str(row.rep or row.pool),
            row.ledger_entry.subscription.organization.name,
            row.cause,
            row.source,
            row.family,
            row.is_growth,
        ),
        *(row.currency.upper(), csv_rows.decimal(row.mrr_minor, places), csv_rows.decimal(row.rate_bps, 2)),
        *(csv_rows.decimal(row.margin_bps, 2), csv_rows.decimal(row.amount_minor, places), row.starts_at, row.ends_at),
    ]


def _begin(year: int, number: int) -> datetime:
    day = date(year, 3 * number + 1, 1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
