"""Invoices as the store mirrors them: paged by place in time, so that the thousandth page costs what the first does.

The statements are written out: Django took longer to put them together than Postgres to answer them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from accounts.models import Organization
from accounts.queries import rows
from billing.models import ChangeState, CreditNote, Invoice, InvoiceStatus, SeatChange, Subscription
from billing.rules import disputes

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
    addon: Mapping[str, str]
    """Its name by language; of the plan's line empty."""
    tiers: Sequence[Mapping[str, Any]]
    """Of a whole period under graduated tiers: {first, last, quantity, unit_minor, amount_minor} of each."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The change that an open invoice pays for: nobody tries it again, and without a payment it is dropped at `expires_at`."""

    public_id: str
    expires_at: datetime
    is_declined: bool
    """By the bank, so that another card helps; else it wants to be asked."""


@dataclass(frozen=True, kw_only=True)
class Disputed:
    """The newest dispute of an invoice's charge, by Stripe's `status`."""

    status: str
    amount_minor: int
    opened_at: datetime

    @property
    def is_open(self) -> bool:
        return disputes.is_open(self.status)

    @property
    def is_lost(self) -> bool:
        return self.status == disputes.LOST


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An invoice in a list, in the order of COLUMNS. `seats` and the period are its main line's."""

    stripe_id: str
    number: str
    purchase_order: str
    status: str
    reason: str
    currency: str
    total_minor: int
    tax_minor: int
    remaining_minor: int
    refunded_minor: int
    credited_minor: int
    carried_minor: int
    """What was too small to be charged, and came with the next invoice."""
    issued_at: datetime
    paid_at: datetime | None
    next_attempt_at: datetime | None
    due_at: datetime | None
    is_overdue: bool
    debited_at: datetime | None
    debit_arrives_on: date | None
    external_id: str | None
    subscription: str | None
    """Stripe's id; None for one that a person made by hand."""
    replaces: str
    """The number of the invoice that it was made out anew of; empty: none. `replaced_by` of the one that took its place."""
    replaced_by: str
    is_reverse: bool
    discounts: list[dict[str, Any]]
    dispute: Disputed | None
    waits: Waiting | None
    lines: tuple[Line, ...]

    @property
    def main(self) -> Line | None:
        """The line that says what it is for: the plan's last charge, as Stripe lists credits first; else an add-on's."""
        charges = sorted((line for line in self.lines if line.amount_minor >= 0), key=lambda line: not line.addon)
        return charges[-1] if charges else (self.lines[-1] if self.lines else None)

    @property
    def quantity(self) -> int:
        """Of the main line; of a plan that is charged in a line for each tier, of all of them."""
        main = self.main
        if main is None or main.addon or main.is_proration:
            return (main.quantity or 0) if main else 0
        same = (line for line in self.lines if not line.addon and not line.is_proration and line.starts_at == main.starts_at)
        return sum(line.quantity or 0 for line in same)

    @property
    def beside(self) -> tuple[Line, ...]:
        """What it charges for add-ons, beside the main line."""
        return tuple(line for line in self.lines if line.addon and line.amount_minor >= 0 and line is not self.main)

    @property
    def is_replaceable(self) -> bool:
        """Whether its buyer may have it made out anew, as far as the list knows."""
        return self.is_due and self.due_at is not None and bool(self.subscription)

    @property
    def is_due(self) -> bool:
        return self.status == InvoiceStatus.OPEN and self.remaining_minor > 0 and not self.is_debited

    @property
    def is_debited(self) -> bool:
        """Whether a bank is at work on it, so that there is nothing to do."""
        return self.debited_at is not None


@dataclass(frozen=True, kw_only=True)
class Page:
    """`older` continues the list (empty: the end); `is_first` is the newest page."""

    invoices: tuple[Listed, ...]
    older: str
    is_first: bool


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What is open, per currency: how many invoices, and how much of them is left to pay; and of it what is overdue."""

    currency: str
    amount_minor: int
    count: int
    overdue_minor: int = 0
    overdue_count: int = 0


# All but drafts, which may still change.
COLUMNS: Final = (
    "id, stripe_id, number, purchase_order, status, billing_reason, currency, total_minor, tax_minor, amount_remaining_minor, "
    "refunded_minor, credited_minor, "
    "CASE WHEN status = 'paid' AND amount_paid_minor = 0 AND total_minor > 0 "
    "THEN GREATEST(GREATEST(ending_balance_minor,0) - GREATEST(starting_balance_minor,0),0) ELSE 0 END, "
    "issued_at, paid_at, next_attempt_at, due_at, "
    "(overdue_at IS NOT NULL AND status = 'open'), debited_at, debit_arrives_on, external_id, "
    "(SELECT s.stripe_id FROM billing_subscription s WHERE s.id = billing_invoice.subscription_id), "
    "COALESCE((SELECT o.number FROM billing_invoice o WHERE o.id = billing_invoice.replaces_id), ''), "
    "COALESCE((SELECT n.number FROM billing_invoice n WHERE n.replaces_id = billing_invoice.id), ''), "
    "(taxes @> '[{\"is_reverse\": true}]'), discounts::json, "
    "(SELECT json_build_object('status', d.status, 'amount_minor', d.amount_minor, 'opened_at', d.opened_at) "
    "FROM billing_dispute d WHERE d.invoice_id = billing_invoice.id ORDER BY d.id DESC LIMIT 1), "
    "CASE WHEN status = 'open' THEN (SELECT json_build_object('public_id', w.public_id, 'expires_at', w.expires_at, "
    "'is_declined', w.message <> '') FROM billing_seatchange w WHERE w.subscription_id = billing_invoice.subscription_id "
    "AND w.state = 'waiting' AND w.stripe_invoice_id = billing_invoice.stripe_id) END"
)
# Nor those of nothing at all, as a trial makes them: nobody owes or has paid anything by them.
SHOWN: Final = (
    f"SELECT {COLUMNS} FROM billing_invoice WHERE organization_id = %s AND status <> 'draft'"  # noqa: S608 - our own
    " AND (subtotal_minor <> 0 OR total_minor <> 0)"
)
OF_STATUS: Final = " AND status = %s"
OF_SUBSCRIPTION: Final = " AND subscription_id = %s"
NEWEST_FIRST: Final = " ORDER BY issued_at DESC, id DESC LIMIT %s"
OLDER: Final = " AND issued_at <= %s AND (issued_at, id) < (%s, %s)"
LINES: Final = """
SELECT invoice_id, quantity, amount_minor, starts_at, ends_at, is_proration, addon::json, tiers::json
FROM billing_invoiceline
WHERE invoice_id = ANY (%s) ORDER BY invoice_id, position
"""
OWED: Final = """
SELECT currency, sum(amount_remaining_minor)::bigint, count(*),
    COALESCE(sum(amount_remaining_minor) FILTER (WHERE is_overdue), 0)::bigint, count(*) FILTER (WHERE is_overdue)
FROM billing_invoice i CROSS JOIN LATERAL (SELECT (i.attempt_count > 0 OR i.overdue_at IS NOT NULL) AND NOT EXISTS (
    SELECT 1 FROM billing_seatchange w WHERE w.stripe_invoice_id = i.stripe_id AND w.state IN ('sending', 'waiting')
) AS is_overdue) late
WHERE organization_id = %s AND status = 'open' AND amount_remaining_minor > 0 AND debited_at IS NULL
GROUP BY currency ORDER BY currency
"""


def page(
    organization: Organization, *, before: str = "", limit: int = A_PAGE, status: str = "", subscription: int | None = None
) -> Page:
    """Invoices from the newest, or those older than the place `before` (from an earlier page). Two queries, of any page.

    Only those of a `status`, or of one `subscription` (the row's id), if they are given.
    """
    place = _place(before)
    before_place = (place[0], *place) if place else ()
    narrowed: tuple[tuple[str, tuple[Any, ...]], ...] = (
        (OF_STATUS, (status,) if status else ()),
        (OF_SUBSCRIPTION, () if subscription is None else (subscription,)),
        (OLDER, before_place),
    )
    conditions = "".join(condition for condition, wanted in narrowed if wanted)
    values = [value for _condition, wanted in narrowed for value in wanted]
    found = rows.fetch(SHOWN + conditions + NEWEST_FIRST, (organization.pk, *values, limit + 1))
    shown = found[:limit]
    older = ""
    if len(found) > limit:
        pk, issued_at = shown[-1][0], shown[-1][COLUMNS.split(", ").index("issued_at")]
        older = f"{(issued_at - EPOCH) // MICROSECOND}-{pk}"
    lines = _lines([row[0] for row in shown])
    return Page(invoices=tuple(_listed(row, lines.get(row[0], ())) for row in shown), older=older, is_first=place is None)


def newest(organization: Organization, limit: int) -> tuple[Listed, ...]:
    """The newest few, without their lines. One query."""
    return tuple(_listed(row, ()) for row in rows.fetch(SHOWN + NEWEST_FIRST, (organization.pk, limit)))


def owed(organization: Organization) -> list[Owed]:
    """What is open, but for what is on its way from a bank. One query."""
    return [
        Owed(currency=code, amount_minor=sum_minor, count=count, overdue_minor=late_minor, overdue_count=late)
        for code, sum_minor, count, late_minor, late in rows.fetch(OWED, (organization.pk,))
    ]


def debited(row: Subscription) -> Invoice | None:
    """The newest invoice of a subscription that a bank is at work on. One query."""
    return row.invoices.exclude(debited_at=None).order_by("-issued_at", "-pk").first()


def find(organization: Organization, stripe_id: str) -> Invoice | None:
    """One invoice of this organization. One query."""
    return Invoice.objects.select_related("replaced_by").filter(organization=organization, stripe_id=stripe_id).first()


def next_attempt_at(invoice: Invoice) -> datetime | None:
    """When the card is tried again; None for the invoice of a change that waits, which is dropped before. One query at most."""
    if invoice.next_attempt_at is None:
        return None
    waiting = SeatChange.objects.filter(state=ChangeState.WAITING, stripe_invoice_id=invoice.stripe_id)
    return None if waiting.filter(subscription=invoice.subscription_id).exists() else invoice.next_attempt_at


def all_of(organization: Organization) -> Iterator[Invoice]:
    """Every invoice but drafts, the newest first, read from the database as they are asked for."""
    rows = Invoice.objects.filter(organization=organization).exclude(status=InvoiceStatus.DRAFT)
    return rows.select_related("replaced_by").order_by("-issued_at", "-id").iterator(chunk_size=1_000)


def credit_notes(invoice: Invoice) -> list[CreditNote]:
    """What came back of an invoice, the newest first; notes taken back are left out. One query."""
    return list(invoice.credit_notes.filter(status="issued").order_by("-issued_at", "-id"))


def credit_note(organization: Organization, invoice_id: str, stripe_id: str) -> CreditNote | None:
    """One credit note of this organization's invoice. One query."""
    rows = CreditNote.objects.filter(invoice__organization=organization, invoice__stripe_id=invoice_id)
    return rows.filter(stripe_id=stripe_id).first()


def _place(text: str) -> tuple[datetime, int] | None:
    micros, _dash, pk = text.partition("-")
    if not (micros.isascii() and micros.isdigit() and pk.isascii() and pk.isdigit() and len(text) < 40):
        return None
    try:
        return EPOCH + int(micros) * MICROSECOND, int(pk)
    except OverflowError:
        return None


def _lines(invoices: list[int]) -> dict[int, list[Line]]:
    lines: dict[int, list[Line]] = {}
    names = [field.name for field in fields(Line)]
    for invoice, *said in rows.fetch(LINES, (invoices,)):
        lines.setdefault(invoice, []).append(Line(**dict(zip(names, said, strict=True))))
    return lines


def _listed(row: tuple[Any, ...], lines: Iterable[Line]) -> Listed:
    """Of a row of COLUMNS."""
    names = [field.name for field in fields(Listed)][:-3]
    *plain, dispute, waits = row[1:]
    return Listed(
        **dict(zip(names, plain, strict=True)),
        dispute=Disputed(**dispute | {"opened_at": _instant(dispute["opened_at"])}) if dispute else None,
        waits=Waiting(**waits | {"expires_at": _instant(waits["expires_at"])}) if waits else None,
        lines=tuple(lines),
    )


def _instant(said: str) -> datetime:
    return datetime.fromisoformat(said).astimezone(UTC)
