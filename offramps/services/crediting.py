"""The credit ledger: what accounts' owners are credited with, read off the books of billing, so that no way of ordering counts
for more than another.

A lane reads the journal: each entry of the seat ledger that adds revenue is an order, each that takes some away gives back what
is still open, and a credit note gives back the refunded share of the orders on its invoice. Accounts without an owner book
nothing. A pause is no giving back and no new order. All of it is repeatable: a cause is booked once (unique constraints).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db.models import QuerySet, Sum

from accounts.models import Journal
from accounts.queries import policies, profiles
from accounts.services import journal
from billing.models import CreditNote, LedgerKind, SeatLedgerEntry
from billing.rules import intervals, pricing, rounding
from config import pulse
from offramps.models import AccountOwnership, CreditCause, CreditEntry, OwnerKind
from offramps.rules import credit as rules

READER: Final = "credit"
LEDGER, NOTE = "billing.seats.", "billing.credit_note.issued"
# Whose the account is, for its credit: whoever sells to it comes before whoever looks after it.
NEARNESS: Final = {OwnerKind.STRATEGIC: 0, OwnerKind.REP: 1, OwnerKind.POOL: 2, OwnerKind.CSM: 3}
FROZEN: Final = (*("rep", "pool", "currency", "rate_bps", "family", "is_growth", "margin_bps", "starts_at", "ends_at"),)
RESTS: Final = (LedgerKind.PAUSED, LedgerKind.RESUMED)


def drain(now: datetime) -> pulse.Drained:
    """The lane. One statement while nothing is new."""
    return pulse.Drained(handled=journal.read(READER, book) if journal.has_news(READER) else 0)


def book(facts: Sequence[Journal]) -> None:
    """Book what the facts tell, in their order. Repeatable; call inside a transaction that nobody else books in."""
    told = [fact for fact in facts if (fact.kind.startswith(LEDGER) and fact.data.get("entry")) or fact.kind == NOTE]
    entries = SeatLedgerEntry.objects.select_related("subscription__organization__profile", "subscription__line")
    found = entries.select_related("subscription__price", "price_after").in_bulk(
        [fact.data["entry"] for fact in told if fact.kind != NOTE]
    )
    for fact in told:
        if fact.kind == NOTE:
            _give_back_refunded(fact)
        elif entry := found.get(fact.data["entry"]):
            _book_entry(entry)


def _book_entry(entry: SeatLedgerEntry) -> None:
    if entry.kind in RESTS or CreditEntry.objects.filter(ledger_entry=entry).exists():
        return
    if entry.kind == LedgerKind.ENDED:  # in a pause it counted for nothing, and takes back what was credited all the same
        _give_back(entry, None)
    elif entry.mrr_delta_minor < 0:
        _give_back(entry, -entry.mrr_delta_minor)
    elif entry.mrr_delta_minor > 0:
        _book_order(entry)


def _book_order(entry: SeatLedgerEntry) -> None:
    row, at = entry.subscription, entry.occurred_at
    owner = _owner(row.organization_id, at)
    if owner is None:
        return
    rate: int = policies.value("offramps.credit_rate", at, profiles.segment_of(row.organization))
    CreditEntry.objects.create(
        cause=CreditCause.ORDER,
        rep=owner.rep,
        pool=owner.pool,
        ledger_entry=entry,
        mrr_minor=entry.mrr_delta_minor,
        amount_minor=rules.of_order(entry.mrr_delta_minor, rate),
        currency=entry.currency,
        rate_bps=rate,
        family=row.line.family,
        is_growth=row.line.is_growth,
        margin_bps=_margin_bps(entry),
        source=entry.source,
        starts_at=at,
        ends_at=intervals.months_after(at, policies.value("offramps.credit_term_months", at)),
        occurred_at=at,
    )


def _give_back(entry: SeatLedgerEntry, mrr_minor: int | None) -> None:
    """What an entry takes away, of the subscription's orders; None: all that is open."""
    at = entry.occurred_at
    held = _orders(CreditEntry.objects.filter(ledger_entry__subscription=entry.subscription_id, ledger_entry__lt=entry.pk))
    orders = [order for _row, order in held.values()]
    taken = sum(order.open_mrr_minor for order in orders) if mrr_minor is None else mrr_minor
    contras = rules.of_decrease(orders, taken, at)
    _write(held, contras, cause=CreditCause.DECREASE, at=at, source=entry.source, ledger_entry=entry)


def _give_back_refunded(fact: Journal) -> None:
    """The refunded share of the orders on a credit note's invoice; none of an invoice that was only made out anew."""
    note = CreditNote.objects.filter(invoice=fact.data.get("invoice"), number=fact.data.get("number")).first()
    if note is None or hasattr(note.invoice, "replaced_by"):
        return
    held = _orders(CreditEntry.objects.filter(ledger_entry__stripe_invoice_id=note.invoice.stripe_id))
    notes = CreditNote.objects.filter(invoice=note.invoice, issued_at__lte=note.issued_at)
    refunded = notes.aggregate(sum=Sum("total_minor"))["sum"] or 0
    contras = [rules.of_refund(order, refunded, note.invoice.total_minor) for _row, order in held.values()]
    _write(held, contras, cause=CreditCause.REFUND, at=note.issued_at, source=fact.source, credit_note=note)


def _orders(rows: QuerySet[CreditEntry]) -> dict[int, tuple[CreditEntry, rules.Order]]:
    """Those of `rows` that are orders, with what went back of each. Two queries."""
    found = rows.filter(cause=CreditCause.ORDER).select_related("ledger_entry").prefetch_related("reversals")
    return {
        row.pk: (
            row,
            rules.Order(
                id=row.pk,
                mrr_minor=row.mrr_minor,
                amount_minor=row.amount_minor,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                reversals=[
                    rules.Reversed(mrr_minor=one.mrr_minor, due_minor=one.due_minor, amount_minor=one.amount_minor)
                    for one in row.reversals.all()
                ],
            ),
        )
        for row in found
    }


def _write(
    orders: Mapping[int, tuple[CreditEntry, rules.Order]],
    contras: Iterable[rules.Contra],
    *,
    cause: CreditCause,
    at: datetime,
    source: str,
    **of: object,
) -> None:
    """The contra entries, each as its order was booked: rate, rep, product and term are frozen."""
    made = []
    for contra in contras:
        order, _plain = orders[contra.id]
        values = {"ledger_entry": order.ledger_entry, **{name: getattr(order, name) for name in FROZEN}, **of}
        made.append(
            CreditEntry(
                **values,
                cause=cause,
                reverses=order,
                mrr_minor=contra.mrr_minor,
                due_minor=contra.due_minor,
                amount_minor=contra.amount_minor,
                source=source,
                occurred_at=at,
            )
        )
    CreditEntry.objects.bulk_create(made, ignore_conflicts=True)


def _owner(organization_id: int, at: datetime) -> AccountOwnership | None:
    """Who has the account at `at`, the nearest to selling."""
    held = AccountOwnership.objects.in_force(at).filter(organization=organization_id).select_related("rep", "pool")
    return min(held, key=lambda one: NEARNESS[OwnerKind(one.kind)], default=None)


def _margin_bps(entry: SeatLedgerEntry) -> int:
    """The margin of what was ordered: of an add-on by its own price, else of the plan with all its seats."""
    if entry.addon_id is not None:
        held = entry.subscription.addons.filter(addon=entry.addon_id).select_related("price").order_by("-pk").first()
        return held.price.margin_bps if held else 0
    price = entry.price_after or entry.subscription.price
    total = pricing.total([pricing.Tier(**tier) for tier in price.tiers], price.scheme, entry.quantity_after)
    if total <= 0:
        return price.margin_bps
    left = pricing.margin(total, entry.quantity_after, margin_bps=price.margin_bps, unit_cost_minor=price.unit_cost_minor)
    return rounding.divide(left * rules.FULL_BPS, total)
