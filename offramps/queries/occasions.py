"""What has happened, with the facts that rules ask for: read for many at once, never one by one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import Organization, User
from accounts.queries import rows
from billing.models import Cart, CartState, Invoice, Subscription
from billing.queries import giving_back
from billing.rules.giving_back import NoRate
from offramps.models import HandRaise, LeadTrigger
from offramps.queries import customers, hand_raises
from offramps.queries.customers import Customer
from offramps.rules.detecting import Occasion

AT_ONCE: Final = 500
# People are counted by account, else by browser; a domain is that of a verified address.
LOOKED: Final = """
    SELECT mail_domain, count(DISTINCT COALESCE(user_id::text, visitor)), max(organization_id),
        (array_agg(user_id ORDER BY at DESC) FILTER (WHERE user_id IS NOT NULL))[1]
    FROM telemetry_visit
    WHERE page = 'pricing' AND mail_domain <> '' AND at > %(since)s AND at <= %(until)s
    GROUP BY mail_domain HAVING count(DISTINCT COALESCE(user_id::text, visitor)) >= %(least)s
    ORDER BY 2 DESC LIMIT %(most)s
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing that happened to one customer. `subject` names it, so that a rule counts it once."""

    occasion: Occasion
    subject: str
    customer: Customer
    facts: Mapping[str, "int | bool | str | None"]
    at: datetime
    cart: Cart | None = None
    basket: Mapping[str, Any] = field(default_factory=dict)


def of_carts(public_ids: Collection[str], at: datetime) -> list[Seen]:
    """Open carts of organizations, as they are now. Three queries."""
    return _of_carts(list(_open_carts().filter(public_id__in=public_ids)), Occasion.CART, at)


def of_abandoned(*, rule: int, hours: int, seats: int, longest: timedelta, at: datetime) -> Iterator[list[Seen]]:
    """Open carts of at least so many seats that nobody touched for `hours`, and not for so long that they are history.

    Of organizations without a subscription of their line; without those that the rule has counted. Three queries a batch.
    """
    untouched = _open_carts().filter(updated_at__lte=at - timedelta(hours=hours), updated_at__gt=at - longest, seats__gte=seats)
    served = Subscription.objects.live().filter(organization=OuterRef("organization"), line=OuterRef("plan__line"))
    named = Concat(Value("abandoned:"), OuterRef("public_id"))
    counted = LeadTrigger.objects.filter(rule=rule, subject=named)
    fresh = untouched.filter(~Exists(served), ~Exists(counted)).order_by("pk")
    after = 0
    while batch := list(fresh.filter(pk__gt=after)[:AT_ONCE]):
        yield _of_carts(batch, Occasion.ABANDONED, at)
        after = batch[-1].pk


def of_declined(invoice_ids: Collection[int], at: datetime) -> list[Seen]:
    """Invoices whose payment was just declined. Three queries."""
    invoices = list(Invoice.objects.filter(pk__in=invoice_ids))
    known = customers.of({row.organization_id for row in invoices})
    found = []
    for row in invoices:
        customer, cents = known.get(row.organization_id), _us_cents(row.amount_due_minor, row.currency, at)
        if customer is not None:
            facts = {**customer.facts(at), "declined_minor": cents}
            subject = f"invoice:{row.pk}"
            found.append(Seen(occasion=Occasion.DECLINED, subject=subject, customer=customer, facts=facts, at=at))
    return found


def of_asked(public_ids: Collection[str], at: datetime) -> list[Seen]:
    """Hand-raises of organizations that say a number of seats. Three queries."""
    raises = HandRaise.objects.filter(public_id__in=public_ids, organization__isnull=False)
    asked = list(raises.select_related("cart"))
    known = customers.of({row.organization_id for row in asked if row.organization_id})
    found = []
    for row in asked:
        customer = known.get(row.organization_id or 0)
        if customer is not None:
            seats = row.answers.get("seats")
            facts = {**customer.facts(at), "seats_asked": seats if isinstance(seats, int) else None}
            subject, cart = f"hand_raise:{row.public_id}", row.cart
            made = Seen(
                occasion=Occasion.ASKED,
                subject=subject,
                customer=customer,
                facts=facts,
                cart=cart,
                basket=row.basket,
                at=at,
            )
            found.append(made)
    return found


def of_visits(*, days: int, least: int, at: datetime) -> list[Seen]:
    """Domains of which at least so many people looked at the prices in as many days. Four queries."""
    asked = {"since": at - timedelta(days=days), "until": at, "least": max(least, 1), "most": AT_ONCE}
    found = rows.fetch(LOOKED, asked)
    named = Organization.objects.filter(domain__in=[one[0] for one in found], closed_at=None)
    by_domain = dict(named.values_list("domain", "pk"))
    known = customers.of({pk for one in found if (pk := one[2] or by_domain.get(one[0]))})
    people = {row.pk: row for row in User.objects.filter(pk__in=[one[3] for one in found if one[3]], is_active=True)}
    seen = []
    for domain, count, organization_id, user_id in found:
        customer = known.get(organization_id or by_domain.get(domain) or 0)
        if customer is None and user_id in people:
            customer = Customer(organization=None, person=people[user_id])
        if customer is not None:
            facts = {**customer.facts(at), f"pricing_people:{days}": int(count)}
            subject = f"visits:{domain}:{at:%Y-%m-%d}"
            seen.append(Seen(occasion=Occasion.VISITS, subject=subject, customer=customer, facts=facts, at=at))
    return seen


def cart_facts(cart: Cart, at: datetime) -> dict[str, int | None]:
    """What a cart says of itself. No query: by the catalog in memory."""
    plan = f"{cart.plan.line.code}/{cart.plan.code}"
    year = customers.year_us_cents(
        plan=plan, seats=cart.seats, interval=cart.interval, currency=cart.currency, addons=cart.addons, at=at
    )
    return {"cart_seats": cart.seats, "cart_year_minor": year}


def _open_carts() -> QuerySet[Cart]:
    ours = Cart.objects.filter(state=CartState.OPEN, organization__isnull=False, pilot=None)
    return ours.select_related("plan__line", "user")


def _of_carts(carts: Sequence[Cart], occasion: Occasion, at: datetime) -> list[Seen]:
    known = customers.of({cart.organization_id for cart in carts if cart.organization_id})
    seen = []
    for cart in carts:
        customer = known.get(cart.organization_id or 0)
        if customer is None:
            continue
        facts = {**customer.facts(at), **cart_facts(cart, at)}
        if occasion is Occasion.ABANDONED:
            facts["abandoned_hours"] = int((at - cart.updated_at).total_seconds()) // 3600
        plan = f"{cart.plan.line.code}/{cart.plan.code}"
        basket = hand_raises.basket_for(plan, cart.seats, cart.interval, cart.currency)
        subject = f"{'cart' if occasion is Occasion.CART else 'abandoned'}:{cart.public_id}"
        seen.append(Seen(occasion=occasion, subject=subject, customer=customer, facts=facts, cart=cart, basket=basket, at=at))
    return seen


def _us_cents(amount_minor: int, currency: str, at: datetime) -> int | None:
    try:
        return giving_back.us_cents(amount_minor, currency, at)
    except NoRate:
        return None
