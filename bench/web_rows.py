"""What the pages of the bench show: a customer with 10 seats, one with 1,000 seats and 10,000 invoices, and a key."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from accounts.models import Membership, Organization, Policy, Role, User
from accounts.queries import policies
from billing.models import Customer, Invoice, InvoiceLine, Price, SeatAssignment, SeatLedgerEntry, Subscription
from config import clock
from tests import factories, shelf

LEDGER = 30
ENTITLEMENTS = "/api/v1/entitlements"


@dataclass(frozen=True)
class Caller:
    """Session cookie of an owner, key of the organization."""

    session: str
    key: str


def write() -> tuple[Caller, Caller]:
    """Fill an empty database; the small customer and the large one."""
    shelf.put_on_sale()
    name = "accounts.api_calls_per_minute"
    most = policies.definition(name).maximum
    now = clock.now()
    Policy.objects.create(name=name, value=most, reason="bench", effective_at=now - timedelta(days=1), created_at=now)
    return _customer("small", seats=10, invoices=12), _customer("large", seats=1_000, invoices=10_000)


def known(caller: Caller) -> dict[str, str]:
    """The header of somebody who has the answer about all features already."""
    headers = {"Authorization": f"Bearer {caller.key}"}
    return {"If-None-Match": Client().get(ENTITLEMENTS, headers=headers).headers["ETag"]}


def _customer(name: str, *, seats: int, invoices: int) -> Caller:
    organization = factories.OrganizationFactory(name=name, domain=f"{name}.example", currency="usd")
    owner = factories.UserFactory(email=f"owner@{name}.example", name="Olive Owner")
    factories.MembershipFactory(organization=organization, user=owner, role=Role.OWNER)
    subscription = _subscription(organization, seats)
    _people(organization, subscription, name, seats)
    _invoices(organization, subscription, name, invoices)
    return Caller(_session(owner), factories.ApiKeyFactory(organization=organization).text)


def _subscription(organization: Organization, seats: int) -> Subscription:
    price = Price.objects.get(plan__code="team", interval="month", currency="usd")
    now = clock.now()
    subscription = Subscription.objects.create(
        organization=organization,
        line=price.plan.line,
        plan=price.plan,
        price=price,
        stripe_id=f"sub_{organization.pk}",
        stripe_item_id=f"si_{organization.pk}",
        status="active",
        quantity=seats,
        currency="usd",
        period_starts_at=now - timedelta(days=10),
        period_ends_at=now + timedelta(days=20),
        started_at=now - timedelta(days=300),
        mirrored_at=now,
    )
    Customer.objects.create(
        organization=organization,
        stripe_id=f"cus_{organization.pk}",
        card_brand="visa",
        card_last4="4242",
        card_exp_month=12,
        card_exp_year=now.year + 2,
        mirrored_at=now,
    )
    _ledger(subscription, seats)
    return subscription


def _ledger(subscription: Subscription, seats: int) -> None:
    """The purchase, and LEDGER changes since that come to nothing: more than a page of history."""
    now = clock.now()
    deltas = [seats, *([1, -1] * (LEDGER // 2))]
    SeatLedgerEntry.objects.bulk_create(
        SeatLedgerEntry(
            subscription=subscription,
            kind="started" if number == 0 else "added" if delta > 0 else "removed",
            delta=delta,
            quantity_after=sum(deltas[: number + 1]),
            mrr_delta_minor=delta * 1200,
            currency="usd",
            source="page",
            occurred_at=now - timedelta(days=300 - number),
        )
        for number, delta in enumerate(deltas)
    )


def _people(organization: Organization, subscription: Subscription, name: str, seats: int) -> None:
    now = clock.now()
    people = User.objects.bulk_create(
        User(email=f"person{number}@{name}.example", name=f"Person {number}") for number in range(seats - 1)
    )
    members = Membership.objects.bulk_create(
        Membership(organization=organization, user=person, role=Role.MEMBER, joined_at=now) for person in people
    )
    SeatAssignment.objects.bulk_create(
        SeatAssignment(
            subscription=subscription,
            membership=member,
            assigned_at=now - timedelta(days=number % 290),
            last_seen_on=(now - timedelta(days=number % 40)).date(),
        )
        for number, member in enumerate(members)
    )


def _invoices(organization: Organization, subscription: Subscription, name: str, count: int) -> None:
    now = clock.now()
    Invoice.objects.bulk_create(
        (
            Invoice(
                organization=organization,
                subscription=subscription,
                stripe_id=f"in_{name}_{number}",
                number=f"{name.upper()}-{number:05}",
                status="paid",
                currency="usd",
                subtotal_minor=12000,
                total_minor=12000,
                amount_due_minor=12000,
                amount_paid_minor=12000,
                amount_remaining_minor=0,
                issued_at=now - timedelta(hours=number),
                paid_at=now - timedelta(hours=number),
                mirrored_at=now,
            )
            for number in range(count)
        ),
        batch_size=1000,
    )
    _lines(organization)


def _lines(organization: Organization) -> None:
    """Two lines an invoice: a credit, then what it is for."""
    InvoiceLine.objects.bulk_create(
        (
            InvoiceLine(
                invoice=invoice,
                stripe_id=f"il_{invoice.pk}_{position}",
                position=position,
                description="Seats",
                quantity=10,
                amount_minor=amount,
                is_proration=amount < 0,
                starts_at=invoice.issued_at,
                ends_at=invoice.issued_at + timedelta(days=30),
            )
            for invoice in Invoice.objects.filter(organization=organization)
            for position, amount in enumerate((-4000, 16000))
        ),
        batch_size=1000,
    )


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
