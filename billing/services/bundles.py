"""Bundles through their life: the lines they occupy, and the revenue that each part has of an invoice.

Everything here runs in the caller's transaction.
"""

from datetime import datetime

from billing.models import Invoice, OccupiedLine, ProductLine, RevenueShare, Subscription
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


def share(invoice: Invoice) -> None:
    """Split what an invoice of a bundle earned among the parts; of anything else nothing is written.

    By largest remainder, so that the shares sum to the invoice without tax, to the cent. Safe to repeat.
    """
    row = invoice.subscription
    parts = row.price.parts if row is not None else []
    if not parts:
        return
    amounts = rounding.split(queries.earned_minor(invoice), [part["weight"] for part in parts])
    for part, amount in zip(parts, amounts, strict=True):
        values = {"plan": part["plan"], "weight": part["weight"], "amount_minor": amount, "currency": invoice.currency}
        RevenueShare.objects.update_or_create(invoice=invoice, line=part["line"], defaults=values)
