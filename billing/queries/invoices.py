"""Invoices as the store mirrors them: paged by place in time, so that the thousandth page costs what the first does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from accounts.models import Organization
from billing.models import Invoice, InvoiceLine, InvoiceStatus

A_PAGE: Final = 20
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Line:
    quantity: int | None
    amount_minor: int
    starts_at: datetime
    ends_at: datetime
    is_proration: bool


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An invoice in a list. `seats` and the period are its main line's."""

    stripe_id: str
    number: str
    status: str
    reason: str
    currency: str
    total_minor: int
    remaining_minor: int
    refunded_minor: int
    issued_at: datetime
    paid_at: datetime | None
    next_attempt_at: datetime | None
    lines: tuple[Line, ...]

    @property
    def main(self) -> Line | None:
        """The line that says what it is for: the last charge, as Stripe lists credits first."""
        charges = [line for line in self.lines if line.amount_minor >= 0]
        return charges[-1] if charges else (self.lines[-1] if self.lines else None)

    @property
    def is_due(self) -> bool:
        return self.status == InvoiceStatus.OPEN and self.remaining_minor > 0


@dataclass(frozen=True, kw_only=True)
class Page:
    """`older` continues the list (empty: the end); `is_first` is the newest page."""

    invoices: tuple[Listed, ...]
    older: str
    is_first: bool


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What is open, per currency: how many invoices, and how much of them is left to pay."""

    currency: str
    amount_minor: int
    count: int


def page(organization: Organization, *, before: str = "", limit: int = A_PAGE) -> Page:
    """Invoices from the newest, or those older than the place `before` (from an earlier page). Two queries, of any page."""
    rows = _shown(organization)
    place = _place(before)
    if place is not None:
        at, pk = place
        rows = rows.filter(issued_at__lte=at).exclude(issued_at=at, pk__gte=pk)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    older = f"{(last.issued_at - EPOCH) // MICROSECOND}-{last.pk}" if last else ""
    return Page(invoices=_listed(shown), older=older, is_first=place is None)


def newest(organization: Organization, limit: int) -> tuple[Listed, ...]:
    """The newest few, without their lines. One query."""
    return tuple(_one(row, ()) for row in _shown(organization)[:limit])


def owed(organization: Organization) -> list[Owed]:
    """What is open. One query."""
    rows = Invoice.objects.filter(organization=organization, status=InvoiceStatus.OPEN, amount_remaining_minor__gt=0)
    sums: dict[str, list[int]] = {}
    for currency, amount in rows.values_list("currency", "amount_remaining_minor"):
        sums.setdefault(currency, []).append(amount)
    return [Owed(currency=code, amount_minor=sum(parts), count=len(parts)) for code, parts in sorted(sums.items())]


def find(organization: Organization, stripe_id: str) -> Invoice | None:
    """One invoice of this organization. One query."""
    return Invoice.objects.filter(organization=organization, stripe_id=stripe_id).first()


def _shown(organization: Organization) -> QuerySet[Invoice]:
    """All but drafts, which may still change."""
    rows = Invoice.objects.filter(organization=organization).exclude(status=InvoiceStatus.DRAFT)
    return rows.order_by("-issued_at", "-pk")


def _place(text: str) -> tuple[datetime, int] | None:
    micros, _dash, pk = text.partition("-")
    if not (micros.isascii() and micros.isdigit() and pk.isascii() and pk.isdigit() and len(text) < 40):
        return None
    try:
        return EPOCH + int(micros) * MICROSECOND, int(pk)
    except OverflowError:
        return None


def _listed(rows: list[Invoice]) -> tuple[Listed, ...]:
    lines: dict[int, list[Line]] = {}
    for line in InvoiceLine.objects.filter(invoice__in=[row.pk for row in rows]).order_by("invoice_id", "position"):
        lines.setdefault(line.invoice_id, []).append(
            Line(
                quantity=line.quantity,
                amount_minor=line.amount_minor,
                starts_at=line.starts_at,
                ends_at=line.ends_at,
                is_proration=line.is_proration,
            )
        )
    return tuple(_one(row, lines.get(row.pk, ())) for row in rows)


def _one(row: Any, lines: Iterable[Line]) -> Listed:
    return Listed(
        stripe_id=row.stripe_id,
        number=row.number,
        status=row.status,
        reason=row.billing_reason,
        currency=row.currency,
        total_minor=row.total_minor,
        remaining_minor=row.amount_remaining_minor,
        refunded_minor=row.refunded_minor,
        issued_at=row.issued_at,
        paid_at=row.paid_at,
        next_attempt_at=row.next_attempt_at,
        lines=tuple(lines),
    )
