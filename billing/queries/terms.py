"""The exceptions that hold for a customer on a day, for whatever asks: seats, payment, entitlements, pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import Organization
from billing.models import Plan, Subscription, Terms, TermsKind, TermsState
from billing.queries import catalog
from billing.queries.catalog import PlanOnSale


@dataclass(frozen=True, kw_only=True)
class Money:
    amount_minor: int
    currency: str


def payment_days(organization_id: int, at: datetime) -> int | None:
    """How many days an approved exception gives to pay an invoice; None: there is none. One query."""
    found = _said(organization_id, TermsKind.PAYMENT_TERMS, at)
    return int(found["net_days"]) if found else None


def credit_limit(organization_id: int, at: datetime) -> Money | None:
    """Up to what open invoices may come together, by an approved exception; None: there is none. One query."""
    found = _said(organization_id, TermsKind.CREDIT_LIMIT, at)
    return Money(amount_minor=found["amount_minor"], currency=found["currency"]) if found else None


def most_seats(organization_id: int, plan: Plan, wanted: int) -> int:
    """How many seats of a plan self-service sells to the organization: an exception raises it, and never lowers it.

    Asked for the sake of `wanted` seats: one query, and only where the plan itself is not sold with so many.
    """
    return _most(organization_id, plan.line_id, plan.seats_max, wanted)


def most_of(organization: Organization | None, plan: PlanOnSale, wanted: int) -> int:
    """The same for a plan as it is on sale, and a buyer who may not be known yet. One query at most."""
    line = catalog.on_sale().line(plan.line)
    if organization is None or line is None:
        return plan.seats_max
    return _most(organization.pk, line.id, plan.seats_max, wanted)


def _most(organization_id: int, line_id: int, sold: int, wanted: int) -> int:
    if wanted <= sold:
        return sold
    held = Terms.objects.filter(organization=organization_id, line=line_id, kind=TermsKind.SEAT_CEILING)
    begun = held.filter(state=TermsState.APPROVED, began_at__isnull=False).values_list("value", flat=True)
    return max([sold, *(int(said["seats"]) for said in begun)])


def agreed_ceilings(organization_id: int) -> list[tuple[str, int]]:
    """Up to how many seats were agreed, more than anybody buys: a line's code and the number, of each. One query."""
    held = Terms.objects.filter(organization=organization_id, kind=TermsKind.SEAT_CEILING)
    begun = held.filter(state=TermsState.APPROVED, began_at__isnull=False).order_by("line_id", "pk")
    return [(code, int(said["seats"])) for code, said in begun.values_list("line__code", "value")]


def committed_until(row: Subscription) -> tuple[date, datetime] | None:
    """Until when a committed term of the subscription's line lasts: the day and its instant, or None. One query."""
    found = Terms.objects.filter(organization=row.organization_id, line=row.line_id, kind=TermsKind.TERM)
    begun = found.filter(state=TermsState.APPROVED, began_at__isnull=False)
    return begun.order_by("-ends_at").values_list("ends_on", "ends_at").first()


@dataclass(frozen=True, kw_only=True)
class Committed:
    """A committed term: until which day and instant, and, where they were agreed, the least seats and plan (its rank)."""

    until: date
    at: datetime
    seats: int | None
    rank: int | None


def committed(row: Subscription) -> Committed | None:
    """The committed term of the subscription's line that holds; None: there is none. One query, two with a plan."""
    found = Terms.objects.filter(organization=row.organization_id, line=row.line_id, kind=TermsKind.TERM)
    begun = found.filter(state=TermsState.APPROVED, began_at__isnull=False)
    held = begun.order_by("-ends_at").values_list("ends_on", "ends_at", "value").first()
    if held is None:
        return None
    until, at, said = held
    code = said.get("plan")
    rank = Plan.objects.filter(line=row.line_id, code=code).values_list("rank", flat=True).first() if code else None
    return Committed(until=until, at=at, seats=said.get("seats"), rank=rank)


def features() -> dict[str, dict[str, Any]]:
    """Every feature on sale, by code and without a number, as an exception keeps it. No query."""
    found: dict[str, dict[str, Any]] = {}
    for line in catalog.on_sale().lines:
        planned = (feature for plan in line.plans for feature in plan.features)
        added = (feature for addon in line.addons for feature in addon.features)
        for feature in (*planned, *added):
            unit = dict(feature.unit) if feature.unit else None
            plain = {"name": dict(feature.name), "unit": unit, "group": dict(feature.group), "resets": feature.resets}
            found.setdefault(feature.code, plain)
    return found


def _rows(organization_id: int, kind: TermsKind, at: datetime) -> Any:
    return Terms.objects.in_force(at).filter(organization=organization_id, kind=kind)


def _said(organization_id: int, kind: TermsKind, at: datetime) -> Mapping[str, Any] | None:
    """What the newest says: two of a kind never hold on the same day, but nothing breaks if they did."""
    said: Mapping[str, Any] | None = _rows(organization_id, kind, at).order_by("-pk").values_list("value", flat=True).first()
    return said
