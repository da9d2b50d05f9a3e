"""Bundles through their life: the lines they occupy, and the revenue that each part has of an invoice.

Everything here runs in the caller's transaction.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q

from billing.models import CreditNote, Invoice, OccupiedLine, ProductLine, RevenueShare, ShareKind, Subscription
from billing.queries import bundles as queries
from billing.rules import rounding


def occupy(row: Subscription) -> None:
    """The subscription stands for its line, a bundle's for those of its parts too. The caller holds the organization's lock."""
    codes = [row.line.code, *(part["line"] for part in row.price.parts)]
    lines = ProductLine.objects.filter(code__in=codes)
    OccupiedLine.objects.bulk_create(
        OccupiedLine(organization_id=row.organization_id, line=line, subscription=row) for line in lines
    )


def leave(row: Subscription, *, at: datetime) -> None:
    """It is over: its lines can be bought again."""
    OccupiedLine.objects.filter(subscription=row, ended_at=None).update(ended_at=at)


def share(invoice: Invoice, *, was_final: bool) -> None:
    """Split what an invoice of a bundle earned among the parts; of anything else nothing is written.

    By largest remainder, so that the shares sum to the invoice without tax, to the cent. What was final before (`was_final`)
    keeps its weights, and one made out anew has the old one's, whatever the subscription's price is by now. Safe to repeat.
    """
    before = (invoice if was_final else invoice.replaces) if invoice.subscription is not None else None
    parts: list[dict[str, Any]] = [{"line": one.line, "plan": one.plan, "weight": one.weight} for one in _earned(before)]
    parts = parts or (invoice.subscription.price.parts if invoice.subscription is not None else [])
    if not parts:
        return
    amounts = rounding.split(queries.earned_minor(invoice), [part["weight"] for part in parts])
    for part, amount in zip(parts, amounts, strict=True):
        values = {"plan": part["plan"], "weight": part["weight"], "amount_minor": amount, "currency": invoice.currency}
        RevenueShare.objects.update_or_create(invoice=invoice, line=part["line"], kind=ShareKind.EARNED, defaults=values)


def _earned(invoice: Invoice | None) -> list[RevenueShare]:
    """No query of what is no bundle's."""
    if invoice is None or invoice.subscription is None or not invoice.subscription.price.parts:
        return []
    return list(invoice.shares.filter(kind=ShareKind.EARNED).order_by("pk"))


def share_back(invoice: Invoice) -> None:
    """Split what came back of a bundle's invoice as it was shared; of anything else nothing is written.

    Each amount is split by what is left of each part, so that a part never gives back more than it earned, and an invoice
    given back whole leaves nothing of any. A credit note is split once, one withdrawn no more; refunds beyond the notes, which
    Stripe may tell of before their note, anew each time. Safe to repeat. The caller holds the invoice's lock.
    """
    notes = list(invoice.credit_notes.filter(status="issued").order_by("issued_at", "pk"))
    gone = Q(kind=ShareKind.REFUND) | Q(kind=ShareKind.NOTE) & ~Q(credit_note__in=notes)
    invoice.shares.filter(gone).delete()
    rows = list(invoice.shares.order_by("pk"))
    earned = [row for row in rows if row.kind == ShareKind.EARNED]
    if not earned:
        return
    split = {row.credit_note_id for row in rows}
    for note in notes:
        if note.pk not in split:
            rows += _give_back(earned, rows, note.total_minor - note.tax_minor, kind=ShareKind.NOTE, note=note)
    # Refunds that no note explains, and what the bank took back in a dispute.
    bare = invoice.refunded_minor + invoice.charged_back_minor - sum(note.refunded_minor for note in notes)
    if bare > 0 and invoice.total_minor > 0:  # no note says which of it is tax: as much as of the invoice
        net = rounding.divide(bare * queries.earned_minor(invoice), invoice.total_minor)
        _give_back(earned, rows, net, kind=ShareKind.REFUND)


def _give_back(
    earned: list[RevenueShare], rows: list[RevenueShare], amount_minor: int, *, kind: ShareKind, note: CreditNote | None = None
) -> list[RevenueShare]:
    left = [sum(row.amount_minor for row in rows if row.line == part.line) for part in earned]
    amount_minor = min(amount_minor, sum(left))
    if amount_minor <= 0:
        return []
    parts = rounding.split(amount_minor, left)
    return RevenueShare.objects.bulk_create(
        RevenueShare(
            invoice_id=part.invoice_id,
            kind=kind,
            credit_note=note,
            line=part.line,
            plan=part.plan,
            weight=part.weight,
            amount_minor=-amount,
            currency=part.currency,
        )
        for part, amount in zip(earned, parts, strict=True)
        if amount
    )
