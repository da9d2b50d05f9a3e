"""What stands in the way of a purchase across lines, and what a bundle's parts share."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q

from accounts.models import Organization
from billing.models import Invoice, Plan, Subscription
from billing.queries import catalog


def in_the_way(organization: Organization, *, line_id: int, parts: Sequence[Mapping[str, Any]]) -> Subscription | None:
    """A live subscription that stands for one of these lines already. One query."""
    codes = [part["line"] for part in parts]
    mine = Q(line=line_id) | Q(line__code__in=codes)
    held = Q(occupied__ended_at=None) & (Q(occupied__line=line_id) | Q(occupied__line__code__in=codes))
    rows = Subscription.objects.live().filter(mine | held, organization=organization)
    return rows.select_related("plan", "line", "price").order_by("pk").first()


def shared_lines(row: Subscription, plan: Plan) -> list[str]:
    """The names of the lines that a subscription and a plan (a bundle, or one of a line of its own) both stand for."""
    had = {row.line.code, *(part["line"] for part in row.price.parts)}
    wanted = [plan.line.code, *(part["line"] for part in parts_of(plan))]
    lines = (catalog.on_sale().line(code) for code in wanted if code in had)
    return [catalog.text(line.name) for line in lines if line is not None]


def parts_of(plan: Plan) -> list[dict[str, Any]]:
    """The parts of a bundle's plan as it is on sale, from memory; empty for any other plan."""
    on_sale = catalog.on_sale().plan(f"{plan.line.code}/{plan.code}")
    return [part.said() for part in on_sale.parts] if on_sale else []


def earned_minor(invoice: Invoice) -> int:
    """An invoice without tax and after discounts: what it earned, in minor units of its currency."""
    return invoice.total_minor - invoice.tax_minor
