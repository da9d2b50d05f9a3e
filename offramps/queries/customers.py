"""What rules and qualification know of a customer, many at once: size, segment, domain, and whom to answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import EmployeeBracket, Membership, Organization, Role, User
from accounts.queries import policies
from accounts.rules import domains
from billing.models import Subscription
from billing.queries import catalog, giving_back
from billing.rules.giving_back import NoRate
from billing.rules.pricing import MONTHS


@dataclass(frozen=True, kw_only=True)
class Customer:
    """An organization with the owner who answers for it; or a signed-in person who is in none."""

    organization: Organization | None
    person: User | None
    is_customer: bool = False

    @property
    def domain(self) -> str:
        """The company's own; else that of the person's mail address, a mail provider's or not."""
        own = self.organization.domain if self.organization else ""
        return own or (self.person.email.rpartition("@")[2].lower() if self.person else "")

    def facts(self, at: datetime) -> dict[str, int | bool | str | None]:
        """What offramps.rules.detecting asks of every customer; None is what nobody knows."""
        organization, domain = self.organization, self.domain
        bracket = organization.employee_bracket if organization else ""
        return {
            "employees": EmployeeBracket(bracket).at_least if bracket in EmployeeBracket.values else None,
            "segment": organization.profile.segment if organization else None,
            "region": organization.region or None if organization else None,
            "is_named_account": domain in _named("accounts.enterprise_domains", at) if domain else None,
            "is_free_mail": domain in domains.PUBLIC_MAIL if domain else None,
            "is_competitor": is_competitor(domain, at) if domain else None,
            "is_customer": self.is_customer,
        }


def of(organizations: Collection[int]) -> dict[int, Customer]:
    """The customers of these organizations that are open, by id. Two queries, or none."""
    if not organizations:
        return {}
    live = Subscription.objects.live().filter(organization=OuterRef("pk"))
    rows = Organization.objects.filter(pk__in=organizations, closed_at=None).select_related("profile")
    owners = Membership.objects.live().filter(organization__in=organizations, role=Role.OWNER, user__is_active=True)
    found: dict[int, User] = {}
    for membership in owners.select_related("user").order_by("pk"):
        found.setdefault(membership.organization_id, membership.user)
    return {
        row.pk: Customer(organization=row, person=found.get(row.pk), is_customer=row.is_served)
        for row in rows.annotate(is_served=Exists(live))
    }


def is_competitor(domain: str, at: datetime) -> bool:
    """Whether the domain, or one it is below, is on the list (offramps.competitor_domains)."""
    named = _named("offramps.competitor_domains", at)
    return any(domain == one or domain.endswith(f".{one}") for one in named)


def year_us_cents(
    *, plan: str, seats: int, interval: str, currency: str, addons: Mapping[str, Any], at: datetime
) -> int | None:
    """What a cart costs in a year by the catalog in memory, with its add-ons, in US cents: for limits only. No query.

    None: it is not on sale, or the register knows no rate of its currency.
    """
    on_sale = catalog.on_sale().plan(plan)
    price = on_sale.price(interval, currency) if on_sale else None
    if on_sale is None or price is None:
        return None
    line = catalog.on_sale().line(on_sale.path.partition("/")[0])
    total = price.total(seats)
    for code, number in addons.items():
        addon = line.addon(code) if line else None
        cost = addon.price(interval, currency) if addon else None
        if addon is not None and cost is not None:
            total += cost.total(seats if addon.is_per_seat else number or addon.quantity_min)
    try:
        return giving_back.us_cents(total * 12 // MONTHS[interval], currency, at)
    except NoRate:
        return None


def _named(policy: str, at: datetime) -> set[str]:
    return {str(one).strip().lower() for one in policies.value(policy, at)}
