"""What a file of contracts comes to: each with its organization, price and exceptions, or with what is in the way.

Nothing is written. A handful of queries and, where lines name subscriptions of Stripe's, a page of Stripe for a hundred of
these: how many lines there are makes no difference otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import F

from accounts.models import EmployeeBracket, Industry, Organization
from accounts.rules import geography
from accounts.services import adopted_organizations
from accounts.services.organizations import Details
from billing import gateway
from billing.models import Adoption, Customer, Price, Subscription
from billing.rules import adoption as rules
from billing.rules import pricing
from billing.rules.adoption import Agreed, Contract, Problem, Sold

# Of Stripe's, those that can be taken over as they are.
TAKEN: Final = ("active", "past_due", "trialing")


@dataclass(frozen=True, kw_only=True)
class AtStripe:
    """A subscription there is, with one line, as Stripe says it."""

    status: str
    customer: str
    item: str
    price: str
    interval: str
    currency: str
    quantity: int
    unit_minor: int | None
    """What a seat costs an interval, where each costs the same."""
    starts_at: datetime
    period_starts_at: datetime
    period_ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Move:
    """One contract that can be taken over: to which price, with which exceptions, for which organization (None: a new one)."""

    contract: Contract
    price: Price
    list_minor: int
    agreed: tuple[Agreed, ...]
    organization: Organization | None
    at_stripe: AtStripe | None


@dataclass
class Plan:
    """What a run would do. `known` are references that were taken over before."""

    moves: list[Move] = field(default_factory=list)
    known: list[Contract] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def known(today: date) -> rules.Known:
    """What lines are checked against."""
    sold = Price.objects.filter(parts=[]).order_by("plan__line__rank", "plan__rank", "currency")
    rows = sold.values_list("plan__line__code", "plan__code", "currency")
    plans = dict.fromkeys(f"{line}/{plan}" for line, plan, _currency in rows)
    return rules.Known(
        countries=sorted(geography.REGION_OF),
        brackets=EmployeeBracket.values,
        industries=Industry.values,
        locales=[code for code, _name in settings.LANGUAGES],
        currencies=sorted({currency for _line, _plan, currency in rows}),
        plans=list(plans),
        today=today,
    )


def plan(text: str, *, at: datetime) -> Plan:
    """Read a file and work out what each line comes to. Raises gateway.GatewayError where Stripe has to be asked."""
    found, problems = rules.read(text, known(at.date()))
    done = set(Adoption.objects.filter(reference__in=[one.reference for one in found]).values_list("reference", flat=True))
    result = Plan(problems=problems, known=[one for one in found if one.reference in done])
    around = _Around.of([one for one in found if one.reference not in done])
    for contract in around.contracts:
        move = _move(contract, around, result.problems)
        if move is not None:
            result.moves.append(move)
    result.problems.sort()
    return result


@dataclass(frozen=True, kw_only=True)
class _Around:
    """What all lines are held against, read once."""

    contracts: Sequence[Contract]
    prices: Mapping[tuple[str, str, str], Price]
    by_id: Mapping[str, Organization]
    domains: Mapping[str, str]
    """Domain to the name of an organization that has no id of the vendor's, or another one."""
    taken: set[tuple[int, int]]
    """(organization, line) with a subscription that goes on."""
    customers: Mapping[int, str]
    ids: set[str]
    """Ids of Stripe's that are ours already."""
    at_stripe: Mapping[str, AtStripe]

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> "_Around":
        ids = {one.customer_id for one in contracts}
        organizations = {one.external_id: one for one in Organization.objects.filter(external_id__in=ids)}
        pks = [one.pk for one in organizations.values()]
        domains = {one.domain for one in contracts if one.domain}
        others = Organization.objects.filter(domain__in=domains).exclude(external_id__in=ids)
        wanted = {one.stripe_subscription for one in contracts if one.stripe_subscription}
        held = Customer.objects.filter(organization__in=pks).values_list("organization_id", "stripe_id")
        live = Subscription.objects.live().filter(organization__in=pks).values_list("organization_id", "line_id")
        return cls(
            contracts=contracts,
            prices=_prices(contracts),
            by_id={str(key): one for key, one in organizations.items()},
            domains=dict(others.values_list("domain", "name")),
            taken=set(live),
            customers=dict(held),
            ids=set(Subscription.objects.filter(stripe_id__in=wanted).values_list("stripe_id", flat=True)),
            at_stripe=_at_stripe(wanted) if wanted else {},
        )


def _prices(contracts: Iterable[Contract]) -> dict[tuple[str, str, str], Price]:
    """By plan ("line/plan"), interval and currency: the one on sale, else the newest that was; bundles are left out."""
    codes = {one.plan.partition("/")[2] for one in contracts}
    rows = Price.objects.filter(plan__code__in=codes, parts=[]).select_related("plan__line")
    newest_last = rows.order_by(F("retired_at").asc(nulls_last=True), "pk")
    return {(f"{row.plan.line.code}/{row.plan.code}", row.interval, row.currency): row for row in newest_last}


def _at_stripe(wanted: set[str]) -> dict[str, AtStripe]:
    """Those that are named, out of all that Stripe has: pages of a hundred, until each is found."""
    found: dict[str, AtStripe] = {}
    params: dict[str, Any] = {"status": "all", "limit": 100}
    while True:
        page, has_more = gateway.subscriptions(params)
        found |= {row.id: read for row in page if row.id in wanted and (read := of_stripe(row)) is not None}
        if not has_more or len(found) == len(wanted):
            return found
        params["starting_after"] = page[-1].id


def of_stripe(row: gateway.Subscription) -> AtStripe | None:
    """One with a single line, paid by the month or year; None of any other."""
    lines = row["items"].data
    recurring = lines[0].price.recurring if len(lines) == 1 else None
    if recurring is None or recurring.interval_count != 1 or recurring.interval not in rules.INTERVALS:
        return None
    item = lines[0]
    return AtStripe(
        status=row.status,
        customer=row.customer if isinstance(row.customer, str) else row.customer.id,
        item=item.id,
        price=item.price.id,
        interval=recurring.interval,
        currency=item.price.currency,
        quantity=int(item.quantity or 0),
        unit_minor=item.price.unit_amount,
        starts_at=datetime.fromtimestamp(row.start_date, UTC),
        period_starts_at=datetime.fromtimestamp(item.current_period_start, UTC),
        period_ends_at=datetime.fromtimestamp(item.current_period_end, UTC),
    )


def _move(contract: Contract, around: _Around, problems: list[Problem]) -> Move | None:
    wrong = [*_wrong_plan(contract, around), *_wrong_customer(contract, around), *_wrong_stripe(contract, around)]
    if wrong:
        problems += [Problem(contract.line, *one) for one in wrong]
        return None
    price = around.prices[contract.plan, contract.interval, contract.currency]
    sold = _sold(price)
    return Move(
        contract=contract,
        price=price,
        list_minor=sold.total(contract.seats),
        agreed=tuple(rules.exceptions(contract, sold)),
        organization=around.by_id.get(contract.customer_id),
        at_stripe=around.at_stripe.get(contract.stripe_subscription),
    )


def _sold(price: Price) -> Sold:
    tiers = [pricing.Tier(**tier) for tier in price.tiers]
    return Sold(
        total=lambda seats: pricing.total(tiers, price.scheme, seats),
        seats_min=price.plan.seats_min,
        seats_max=price.plan.seats_max,
        is_retired=price.retired_at is not None,
    )


Wrong = tuple[str, str, str]


def _wrong_plan(contract: Contract, around: _Around) -> Iterable[Wrong]:
    price = around.prices.get((contract.plan, contract.interval, contract.currency))
    if price is None:
        plans = sorted(
            path for path, interval, currency in around.prices if (interval, currency) == (contract.interval, contract.currency)
        )
        named = f"Write one of: {', '.join(plans)}." if plans else "Write it as line/plan, as catalog.toml has it."
        yield (
            "plan",
            f"is {contract.plan!r}, which is not sold for a {contract.interval} in {contract.currency.upper()}.",
            named,
        )
    elif contract.seats < price.plan.seats_min:
        yield "seats", f"is {contract.seats}.", f"{contract.plan} starts at {price.plan.seats_min}: choose a smaller plan."


def _wrong_customer(contract: Contract, around: _Around) -> Iterable[Wrong]:
    organization = around.by_id.get(contract.customer_id)
    price = around.prices.get((contract.plan, contract.interval, contract.currency))
    if organization is None:
        if contract.domain in around.domains:
            name = around.domains[contract.domain]
            yield "domain", f"is {name}'s already.", "Give that organization this customer_id first, or leave the domain empty."
        for column, text in adopted_organizations.check(details(contract)).items():
            yield {"name": "company", "employee_bracket": "people"}.get(column, column), "does not fit.", text
        return
    if price is not None and (organization.pk, price.plan.line_id) in around.taken:
        yield "customer_id", f"is {organization.name}, which has {price.plan.line.code} already.", "Take the line out."
    if organization.closed_at is not None:
        yield "customer_id", f"is {organization.name}, which is closed.", "Open it again first, or take the line out."
    held = around.customers.get(organization.pk)
    if contract.stripe_customer and held is not None and held != contract.stripe_customer:
        yield "stripe_customer", f"is another one than {organization.name} has.", f"Write {held}, or leave it empty."


def _wrong_stripe(contract: Contract, around: _Around) -> Iterable[Wrong]:
    name = contract.stripe_subscription
    if not name:
        return
    there = around.at_stripe.get(name)
    if name in around.ids:
        yield "stripe_subscription", f"is {name!r}, which is ours already.", "Take the line out."
    elif there is None:
        remedy = "Write a subscription of this account with one line, paid by the month or year."
        yield "stripe_subscription", f"is {name!r}, which Stripe does not have like that.", remedy
    else:
        yield from _other_at_stripe(contract, there)


def _other_at_stripe(contract: Contract, there: AtStripe) -> Iterable[Wrong]:
    if there.status not in TAKEN:
        yield "stripe_subscription", f"is {there.status} at Stripe.", "Write one that goes on, or leave it empty."
    pairs = (
        ("stripe_customer", contract.stripe_customer, there.customer),
        ("interval", contract.interval, there.interval),
        ("currency", contract.currency, there.currency),
        ("seats", str(contract.seats), str(there.quantity)),
        ("renews_on", contract.renews_on.isoformat(), there.period_ends_at.date().isoformat()),
    )
    for column, said, theirs in pairs:
        if said != theirs:
            yield column, f"is {said}, and {theirs} at Stripe.", f"Write {theirs}, or change it at Stripe first."


def details(contract: Contract) -> Details:
    return Details(
        name=contract.company,
        country=contract.country,
        employee_bracket=contract.people,
        domain=contract.domain,
        industry=contract.industry,
        locale=contract.locale,
    )
