"""Invoices as Stripe says they are, with their lines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import AddonPrice, ChangeState, Customer, Invoice, InvoiceLine, PilotFee, Price, SeatChange, Subscription
from billing.queries import catalog
from billing.queries import tax as queries
from billing.rules import pricing, purchase_orders
from billing.rules.stripe_events import Kind
from billing.services import inbox, notices
from billing.services.books import (
    bundles,
    debits,
    dispute_holds,
    dunning,
    first_payments,
    mirror_discounts,
    sent_invoices,
    tax_rates,
)
from billing.services.mirroring import mirror

OVER = ("paid", "void", "uncollectible")


def take(answer: gateway.Invoice, at: datetime) -> None:
    """Take over an invoice with its lines. One of a customer we do not know is left alone."""
    known = Customer.objects.select_related("organization").filter(stripe_id=mirror.stripe_id(answer.customer)).first()
    if known is None or answer.id is None:
        return
    row = Invoice.objects.select_for_update().filter(stripe_id=answer.id).first()
    was_paid = row is not None and row.status == "paid"
    was_receipted = row is not None and was_paid and row.subscription_id is not None
    was_placed = row is not None and row.subscription_id is not None
    row = row or Invoice(stripe_id=answer.id, organization=known.organization)
    is_of_one = bool(answer.parent and answer.parent.subscription_details)
    is_told_of = row.debited_at is not None and (was_placed or not is_of_one)
    before = _Before(row.attempt_count, row.status, is_told_of)
    _copy_invoice(row, answer, at)
    _copy_lines(row, answer)
    bundles.share(row, was_final=before.status not in ("", "draft"))
    if not was_placed and row.subscription_id is not None:
        dispute_holds.look_again(row)
    if row.replaces is not None and before.status not in ("open", "paid") and row.status in ("open", "paid"):
        sent_invoices.replaced(row, at=at)
    if row.status == "paid":
        if not was_paid and (row.subtotal_minor or row.total_minor):  # a trial's invoice of nothing is no news
            _tell_invoice("billing.invoice.paid", row, row.paid_at or at)
    elif row.status == "open":
        _follow_open(row, before, at, is_of_one=is_of_one)
    is_back = False
    if row.status in OVER and (before.attempts or row.attempt_count > 1 or row.overdue_at is not None):
        is_back = dunning.invoice_settled(row, at=at)
    # Stripe may tell of the invoice before its subscription is booked, which asks for another look at it.
    is_told = row.amount_paid_minor > 0 or row.carried_minor > 0
    if row.status == "paid" and not was_receipted and row.subscription_id is not None and is_told:
        notices.receipt(row, at=at, is_back=is_back)
    if row.status == "void" and SeatChange.objects.filter(stripe_invoice_id=row.stripe_id, state=ChangeState.WAITING).exists():
        inbox.touch(Kind.SUBSCRIPTION, row.subscription.stripe_id if row.subscription else "")


@dataclass(frozen=True)
class _Before:
    """What was known of an invoice: its attempts, its status, and whether a bank was at work on it."""

    attempts: int
    status: str
    is_debited: bool


def _follow_open(row: Invoice, before: _Before, at: datetime, *, is_of_one: bool) -> None:
    """What is not paid: with a bank, sent to be paid by a date, or tried in vain once more.

    A card says no at its attempt; a bank days later, without another one.
    """
    if row.debited_at is not None:
        # Before its subscription is booked nobody knows yet which account it is.
        if not before.is_debited and (row.subscription_id is not None or not is_of_one):
            debits.begun(row, at=at)
        return
    if row.is_sent:
        sent_invoices.follow(row, at=at, is_new=before.status != "open")
        return
    if row.attempt_count <= before.attempts and not before.is_debited:
        return
    _tell_invoice("billing.invoice.payment_failed", row, at)
    # What its episode says of it is said on the ladder; of what nobody has any more, here.
    if not _waits_for_the_buyer(row) and dunning.failed(row, at=at) is None:
        notices.payment_failed(row, at=at)
    dispute_holds.of_invoice(row, at=at)


def _copy_invoice(row: Invoice, answer: gateway.Invoice, at: datetime) -> None:
    parent = answer.parent.subscription_details if answer.parent else None
    subscriptions = Subscription.objects.select_related("price")
    row.subscription = subscriptions.filter(stripe_id=mirror.stripe_id(parent.subscription)).first() if parent else None
    if (replaced := gateway.metadata(answer, "replaces")) and row.replaces_id is None:
        row.replaces = Invoice.objects.filter(stripe_id=replaced, organization=row.organization).first()
    if row.replaces is not None:  # made by hand at Stripe, of the same sale
        row.subscription = row.replaces.subscription
    row.number, row.status = answer.number or "", answer.status or "draft"
    row.billing_reason, row.currency = answer.billing_reason or "", answer.currency
    row.purchase_order = purchase_orders.read(answer.custom_fields)
    row.subtotal_minor, row.total_minor = answer.subtotal, answer.total
    row.discount_minor = sum(part.amount for part in answer.total_discount_amounts or [])
    row.discounts = mirror_discounts.of_invoice(answer, row.discounts)
    row.tax_minor = sum(tax.amount for tax in answer.total_taxes or [])
    taxes = queries.lines(answer.total_taxes or [], exempt=answer.customer_tax_exempt or "")
    row.taxes = queries.plain(taxes)
    if any(not tax.name for tax in taxes):
        tax_rates.ask(queries.rate_ids(answer.total_taxes or []))
    row.amount_due_minor, row.amount_paid_minor = answer.amount_due, answer.amount_paid
    row.amount_remaining_minor = answer.amount_remaining
    row.starting_balance_minor, row.ending_balance_minor = answer.starting_balance, answer.ending_balance
    row.attempt_count, row.next_attempt_at = answer.attempt_count, mirror.instant(answer.next_payment_attempt)
    row.due_at = mirror.instant(answer.due_date)
    debits.note(row, answer, at)
    stamps = answer.status_transitions
    row.issued_at = mirror.instant(stamps.finalized_at) or mirror.at_instant(answer.created)
    row.paid_at, row.mirrored_at = mirror.instant(stamps.paid_at), at
    row.save()


def _copy_lines(row: Invoice, answer: gateway.Invoice) -> None:
    prices = _prices(row, answer)
    lines = [
        InvoiceLine(
            invoice=row,
            stripe_id=line.id,
            position=position,
            description=line.description or "",
            quantity=line.quantity,
            amount_minor=line.amount,
            discount_minor=sum(part.amount for part in line.discount_amounts or []),
            is_proration=is_proration(line),
            addon=_name(line, prices),
            tiers=_tiers(line, prices),
            starts_at=mirror.at_instant(line.period.start),
            ends_at=mirror.at_instant(line.period.end),
        )
        for position, line in enumerate(answer.lines.data)
    ]
    _as_replaced(row, lines)
    InvoiceLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["invoice", "stripe_id"],
        update_fields=[
            *("position", "description", "quantity", "amount_minor", "discount_minor", "is_proration"),
            *("addon", "tiers", "starts_at", "ends_at"),
        ],
    )
    row.lines.exclude(stripe_id__in=[line.stripe_id for line in lines]).delete()


def _as_replaced(row: Invoice, lines: list[InvoiceLine]) -> None:
    """Lines that were made out anew are sums by hand at Stripe: how many seats each is for, the old ones say."""
    if row.replaces is None:
        return
    known = {(one.description, one.amount_minor - one.discount_minor): one for one in row.replaces.lines.all()}
    for line in lines:
        old = known.get((line.description, line.amount_minor))
        if old is not None:
            line.quantity, line.is_proration, line.addon, line.tiers = old.quantity, old.is_proration, old.addon, old.tiers


def _prices(row: Invoice, answer: gateway.Invoice) -> dict[str, Price | AddonPrice | PilotFee]:
    """Its lines' prices by their id at Stripe, as far as they are ours: a query where add-ons are charged, two for a fee."""
    price = row.subscription.price if row.subscription else None
    found: dict[str, Price | AddonPrice | PilotFee] = {price.stripe_price_id: price} if price else {}
    others = {_price_id(line) for line in answer.lines.data} - set(found) - {""}
    if others:
        addons = AddonPrice.objects.filter(stripe_price_id__in=others).select_related("addon")
        found |= {addon.stripe_price_id: addon for addon in addons}
    if others - set(found):
        fees = PilotFee.objects.filter(stripe_price_id__in=others).select_related("pilot")
        found |= {fee.stripe_price_id: fee for fee in fees}
    return found


def _name(line: Any, prices: Mapping[str, Price | AddonPrice | PilotFee]) -> dict[str, str]:
    """Of what is no seats: an add-on, or a pilot's fee."""
    price = prices.get(_price_id(line))
    name: dict[str, str] = {}
    if isinstance(price, PilotFee):
        name = price.pilot.name
    elif isinstance(price, AddonPrice):
        name = price.addon.name
    return name


def _tiers(line: Any, prices: Mapping[str, Price | AddonPrice | PilotFee]) -> list[dict[str, int | None]]:
    """What each graduated tier has of a whole period's amount; nothing of a proration, or where Stripe has a line for each."""
    price = prices.get(_price_id(line))
    if price is None or isinstance(price, PilotFee) or is_proration(line) or not line.quantity:
        return []
    shares = pricing.shares(catalog.tiers_of(price), price.scheme, int(line.quantity))
    return [asdict(share) for share in shares] if sum(share.amount_minor for share in shares) == line.amount else []


def _price_id(line: Any) -> str:
    details = line.pricing.price_details if line.pricing else None
    return str(details.price) if details else ""


def is_proration(line: object) -> bool:
    """Whether an invoice line is a proration: said under `parent`, by the kind of its source (API of 2025 and later)."""
    parent = getattr(line, "parent", None)
    for kind in ("subscription_item_details", "invoice_item_details"):
        details = getattr(parent, kind, None)
        if details is not None:
            return bool(details.proration)
    return False


def _waits_for_the_buyer(row: Invoice) -> bool:
    """Whether it is an increase's or a first charge's: whoever asked for it is told by a mail of its own, with a way out.

    Stripe may tell of the invoice before the change knows its number.
    """
    mine = Q(stripe_invoice_id=row.stripe_id)
    if row.billing_reason == "subscription_update":
        mine |= Q(state=ChangeState.SENDING)
    known = SeatChange.objects.filter(mine, subscription=row.subscription).exists()
    return known or first_payments.is_being_made(row.subscription)


def _tell_invoice(kind: str, row: Invoice, at: datetime) -> None:
    journal.append(
        kind=kind,
        organization=row.organization,
        at=at,
        origin=Origin.stripe(),
        data={
            "invoice": row.pk,
            "number": row.number,
            "amount_minor": row.total_minor,
            "credit_minor": row.credit_used_minor,
            "currency": row.currency,
            "attempt": row.attempt_count,
        },
    )
