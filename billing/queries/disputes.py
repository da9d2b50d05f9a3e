"""Disputed charges as pages show them, and what the store knows that speaks for a charge."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max

from accounts.models import Acceptance, Organization
from billing.models import BillingDetails, Dispute, FeatureUsage, Invoice, SeatAssignment
from billing.rules import disputes as rules
from config import words


def open_of(organization: Organization) -> list[Dispute]:
    """Those that go on, with their invoices, the newest first. One query."""
    rows = Dispute.objects.filter(organization=organization, closed_at=None).select_related("invoice")
    return list(rows.order_by("-opened_at", "-pk"))


def known(dispute: Dispute) -> rules.Known:
    """What speaks for the charge: seven queries, for a form that is opened a few times a year."""
    invoice, row = dispute.invoice, dispute.subscription
    line = invoice.lines.filter(amount_minor__gt=0).order_by("position").last() if invoice else None
    details = BillingDetails.objects.filter(organization=dispute.organization).first()
    facts: dict[str, Any] = {}
    if row is not None:
        seats = SeatAssignment.objects.filter(subscription=row, ended_at=None, membership__isnull=False)
        facts |= {"seats_in_use": seats.count(), "last_seen_on": seats.aggregate(on=Max("last_seen_on"))["on"]}
    if line is not None:
        facts["period"] = (line.starts_at.date(), (line.ends_at - timedelta(days=1)).date())
        used = FeatureUsage.objects.filter(organization=dispute.organization, starts_at__lt=line.ends_at, used__gt=0)
        facts["used"] = dict(used.filter(starts_at__gte=line.starts_at).values_list("feature", "used"))
    return rules.Known(
        product=settings.BRAND["product"],
        plan=row.plan.name if row else "",
        seats=(line.quantity if line and line.quantity else row.quantity if row else 0),
        customer=details.legal_name if details and details.legal_name else dispute.organization.name,
        email=_owner(dispute.organization),
        invoice=invoice.number if invoice else dispute.charge_id,
        amount=words.money(dispute.amount_minor, dispute.currency),
        charged_on=(invoice.paid_at or invoice.issued_at if invoice else dispute.opened_at).date(),
        terms=_terms(dispute.organization),
        paid_before=_paid_before(dispute, invoice),
        **facts,
    )


def _owner(organization: Organization) -> str:
    owner = organization.memberships.live().filter(role="owner").select_related("user").order_by("pk").first()
    return owner.user.email if owner else ""


def _terms(organization: Organization) -> tuple[tuple[str, Any, Any], ...]:
    rows = Acceptance.objects.filter(organization=organization).select_related("document").order_by("accepted_at", "pk")
    return tuple((str(one.document.get_kind_display()), one.document.effective_on, one.accepted_at.date()) for one in rows)


def _paid_before(dispute: Dispute, invoice: Invoice | None) -> int:
    if invoice is None:
        return 0
    paid = Invoice.objects.filter(organization=dispute.organization, status="paid", amount_paid_minor__gt=0, disputes=None)
    return paid.filter(issued_at__lt=invoice.issued_at).count()
