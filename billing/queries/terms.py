"""The exceptions that hold for a customer on a day, for whatever asks: seats, payment, entitlements, pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing.models import Plan, Subscription, Terms, TermsKind


@dataclass(frozen=True, kw_only=True)
class Money:
    amount_minor: int
    currency: str


def payment_days(organization_id: int, on: date) -> int | None:
    """How many days an approved exception gives to pay an invoice; None: there is none. One query."""
    found = _said(organization_id, TermsKind.PAYMENT_TERMS, on)
    return int(found["net_days"]) if found else None


def credit_limit(organization_id: int, on: date) -> Money | None:
    """Up to what open invoices may come together, by an approved exception; None: there is none. One query."""
    found = _said(organization_id, TermsKind.CREDIT_LIMIT, on)
    return Money(amount_minor=found["amount_minor"], currency=found["currency"]) if found else None


def seat_ceiling(organization_id: int, line_id: int, on: date) -> int | None:
    """How many seats of a line self-service sells to it at most, by an approved exception; None: as many as the plan says."""
    found = _said(organization_id, TermsKind.SEAT_CEILING, on, line_id)
    return int(found["seats"]) if found else None


def seats_max(organization_id: int, plan: Plan, on: date) -> int:
    """How many seats of a plan self-service sells to the organization: an exception raises it, and never lowers it."""
    return max(plan.seats_max, seat_ceiling(organization_id, plan.line_id, on) or 0)


def committed_until(row: Subscription, on: date) -> date | None:
    """Until when a committed term of the subscription's line lasts; None: there is none."""
    found = _rows(row.organization_id, TermsKind.TERM, on).filter(line=row.line_id)
    return found.order_by("-ends_on").values_list("ends_on", flat=True).first()


def _rows(organization_id: int, kind: TermsKind, on: date) -> Any:
    return Terms.objects.in_force(on).filter(organization=organization_id, kind=kind)


def _said(organization_id: int, kind: TermsKind, on: date, line_id: int | None = None) -> Mapping[str, Any] | None:
    """What the newest says: two of a kind never hold on the same day, but nothing breaks if they did."""
    found = _rows(organization_id, kind, on)
    if line_id is not None:
        found = found.filter(line=line_id)
    said: Mapping[str, Any] | None = found.order_by("-pk").values_list("value", flat=True).first()
    return said
