"""Everything that happened to a subscription, and what is to come, in one order: ledger, changes, invoices, journal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from accounts.models import Journal
from billing.models import (
    FIRST_PAYMENTS,
    Invoice,
    Price,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatChange,
    SeatLedgerEntry,
    Subscription,
)
from billing.queries import catalog
from config import words

# The most rows of each kind: a page is read by a person.
MOST = 100
# Facts about the organization that belong to its subscription's story.
OF_THE_ORGANIZATION = ("billing.checkout.", "billing.card.", "billing.command.", "billing.terms.")
# Told by rows of their own already.
TOLD = ("billing.seats.", "billing.change.", "billing.cancellation.", "billing.invoice.")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One line. `source` names the table it is from, `row` the row itself; `amount_minor` is money charged, `mrr_delta_minor`
    what MRR changed by; `facts` are a journal entry's own.
    """

    at: datetime
    source: str
    kind: str
    row: Model
    facts: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    by: str = ""
    amount_minor: int | None = None
    mrr_delta_minor: int | None = None
    currency: str = ""
    is_coming: bool = False


def of(subscription: Subscription) -> list[Moment]:
    """The newest first, with what is to come before it. Five queries, whatever the length."""
    found = [
        *_ledger(subscription),
        *_changes(subscription),
        *_scheduled(subscription),
        *_invoices(subscription),
        *_journal(subscription),
    ]
    return sorted(found, key=lambda moment: (moment.is_coming, moment.at), reverse=True)


def _ledger(subscription: Subscription) -> Iterator[Moment]:
    booked = SeatLedgerEntry.objects.filter(subscription=subscription)
    rows = booked.select_related("actor", "addon", "price_after__plan").order_by("-id")[:MOST]
    for row in rows:
        yield Moment(
            at=row.occurred_at,
            source="ledger",
            kind=row.get_kind_display(),
            row=row,
            detail=_with(_booked(row), row.reason),
            by=_by(row),
            mrr_delta_minor=row.mrr_delta_minor,
            currency=row.currency,
        )


def _changes(subscription: Subscription) -> Iterator[Moment]:
    rows = (
        SeatChange.objects.filter(subscription=subscription)
        .select_related("actor", "addon_price__addon", "price_after__plan")
        .order_by("-id")[:MOST]
    )
    for row in rows:
        yield Moment(
            at=row.created_at,
            source="change",
            kind=row.get_state_display(),
            row=row,
            detail=_with(_asked(row), row.message),
            by=_by(row),
            amount_minor=row.due_now_minor,
            currency=row.currency,
        )


def _scheduled(subscription: Subscription) -> Iterator[Moment]:
    asked = ScheduledChange.objects.filter(subscription=subscription)
    rows = asked.select_related("actor", "addon", "price_after__plan").order_by("-id")[:MOST]
    for row in rows:
        is_coming = row.state in (ScheduledState.PENDING, ScheduledState.BOOKED)
        yield Moment(
            at=row.effective_at if is_coming else row.created_at,
            source="scheduled",
            kind=row.get_state_display(),
            row=row,
            detail=_with(_coming(row), row.get_reason_code_display() or row.reason),
            by=_by(row),
            is_coming=is_coming,
        )


def _invoices(subscription: Subscription) -> Iterator[Moment]:
    for row in Invoice.objects.filter(subscription=subscription).order_by("-issued_at", "-id")[:MOST]:
        yield Moment(
            at=row.paid_at or row.issued_at,
            source="invoice",
            kind=row.get_status_display(),
            row=row,
            detail=_with(row.number or row.stripe_id, _("carried to the next invoice") if row.carried_minor else ""),
            amount_minor=row.total_minor,
            currency=row.currency,
        )


def _journal(subscription: Subscription) -> Iterator[Moment]:
    about = (
        Q(data__subscription=subscription.pk)
        | Q(kind__startswith="billing.checkout.")
        | Q(kind__startswith="billing.card.")
        | Q(kind__startswith="billing.terms.")
    )
    rows = Journal.objects.filter(about, organization_id=subscription.organization_id).select_related("actor")
    for told in TOLD:
        rows = rows.exclude(kind__startswith=told)
    for row in rows.order_by("-occurred_at", "-id")[:MOST]:
        yield Moment(at=row.occurred_at, source="journal", kind=row.kind, row=row, facts=row.data, by=_by(row))


def _booked(row: SeatLedgerEntry) -> str:
    if row.addon is not None:
        return f"{catalog.text(row.addon.name)} = {words.number(row.addon_after or 0)}"
    if row.price_after is not None:
        return f"{_priced(row.price_after)}, {row.delta:+d} = {words.seats(row.quantity_after)}"
    return f"{row.delta:+d} = {words.seats(row.quantity_after)}"


def _priced(price: Price) -> str:
    return f"{price.plan.name}, {price.get_interval_display()}"


def _asked(row: SeatChange) -> str:
    if row.price_after is not None:
        return f"{_priced(row.price_after)}, {words.seats(row.quantity_after)}"
    if row.addon_price is not None:
        number = "" if row.addon_after is None else f" = {words.number(row.addon_after)}"
        return f"{catalog.text(row.addon_price.addon.name)}{number}"
    seats = f"{row.quantity_before} → {words.seats(row.quantity_after)}"
    return _with(seats, row.get_kind_display() if row.kind in FIRST_PAYMENTS else "")


def _coming(row: ScheduledChange) -> str:
    if row.price_after is not None:
        return _("%(seats)s on %(day)s") % {"seats": _priced(row.price_after), "day": words.day(row.effective_at)}
    if row.addon is not None:
        said = f"{catalog.text(row.addon.name)} = {words.number(row.addon_after or 0)}"
        return _("%(seats)s on %(day)s") % {"seats": said, "day": words.day(row.effective_at)}
    when = {"day": words.day(row.effective_at), "seats": f"{row.delta:+d}"}
    return (_("ends on %(day)s") if row.kind == ScheduledKind.END else _("%(seats)s on %(day)s")) % when


def _with(text: str, aside: str) -> str:
    return f"{text} ({aside})" if aside else text


def _by(row: Any) -> str:
    return str(row.actor) if row.actor else str(row.source)
