"""Disputed charges as Stripe says they are: a case each, what it means for access and retries, and how it ended.

Won, nothing is booked. Lost, the invoice says what the bank took back, and a bundle's parts give back their shares of it; the
subscription, its seats and MRR stay as they are (docs/decisions/refunds-and-credits.md).
"""

from datetime import datetime
from typing import Any

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies, profiles
from accounts.services import journal
from billing.gateway_disputes import Disputed
from billing.models import Access, Customer, Dispute, Invoice, Subscription
from billing.rules import disputes as rules
from billing.services.books import access, bundles, dispute_holds
from billing.services.mirroring import mirror
from billing.services.recovery import dispute_mails


def take(answer: Disputed, at: datetime) -> None:
    """Take over a dispute. One of a customer we do not know is left alone. Safe to repeat."""
    known = Customer.objects.select_related("organization").filter(stripe_id=answer.customer).first()
    if known is None:
        return
    invoice = Invoice.objects.filter(organization=known.organization, stripe_id__in=answer.invoices).order_by("pk").first()
    subscription = _locked(invoice)
    row = Dispute.objects.select_for_update().filter(stripe_id=answer.dispute.id).first()
    was_over = row is not None and row.closed_at is not None
    row = row or _begin(answer, known.organization, at)
    row.invoice, row.subscription = invoice, subscription
    _copy(row, answer, at)
    # Stripe may tell of it before what it is about is booked here, which asks for another look (dispute_holds.look_again).
    is_news = row.told_at is None and (subscription is not None or not answer.invoices)
    row.told_at = at if is_news else row.told_at
    row.save()
    if is_news:
        _tell("billing.dispute.opened", row, at)
    if row.is_open:
        _go_on(row, subscription, is_news=is_news, at=at)
    elif not was_over:
        _end(row, subscription, at)


def _locked(invoice: Invoice | None) -> Subscription | None:
    """Its subscription, locked before anything of the dispute is: as everywhere."""
    if invoice is None or invoice.subscription_id is None:
        return None
    return Subscription.objects.locked().select_related("organization", "plan").get(pk=invoice.subscription_id)


def _begin(answer: Disputed, organization: Organization, at: datetime) -> Dispute:
    reads = policies.value("billing.dispute_read_only", at, profiles.segment_of(organization))
    return Dispute(
        organization=organization,
        stripe_id=answer.dispute.id,
        opened_at=mirror.at_instant(answer.dispute.created),
        access=Access.READ_ONLY if reads else Access.FULL,
    )


def _copy(row: Dispute, answer: Disputed, at: datetime) -> None:
    said = answer.dispute
    row.charge_id, row.reason, row.status = mirror.stripe_id(said.charge), said.reason, said.status
    row.amount_minor, row.currency = said.amount, said.currency
    row.due_at, row.mirrored_at = mirror.instant(said.evidence_details.due_by), at
    row.closed_at = None if rules.is_open(said.status) else (row.closed_at or at)


def _go_on(row: Dispute, subscription: Subscription | None, *, is_news: bool, at: datetime) -> None:
    """While the bank decides: access by the policy, nothing is tried again, and the customer knows."""
    if subscription is not None:
        access.settle(subscription)
        dispute_holds.hold(row, at=at)
    if is_news:
        dispute_mails.opened(row, at=at)


def _end(row: Dispute, subscription: Subscription | None, at: datetime) -> None:
    lost = row.status == rules.LOST
    if lost and row.invoice is not None:
        _book(row.invoice)
    if subscription is not None:
        access.settle(subscription)
        dispute_holds.let_go(row, at=at)
    _tell("billing.dispute.lost" if lost else "billing.dispute.won", row, at)
    dispute_mails.closed(row, at=at)


def _book(invoice: Invoice) -> None:
    """What the bank took back of it, all lost disputes together."""
    locked = Invoice.objects.select_for_update().get(pk=invoice.pk)
    lost = locked.disputes.filter(status=rules.LOST).values_list("amount_minor", flat=True)
    locked.charged_back_minor = sum(lost)
    locked.save(update_fields=["charged_back_minor"])
    bundles.share_back(locked)


def _tell(kind: str, row: Dispute, at: datetime) -> None:
    data: dict[str, Any] = {
        "dispute": row.pk,
        "subscription": row.subscription_id,
        "invoice": row.invoice_id,
        "number": row.invoice.number if row.invoice else "",
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "reason": row.reason,
        "due_at": row.due_at if row.is_open else None,
    }
    journal.append(kind=kind, organization=row.organization, at=at, origin=Origin.stripe(), data=data)
