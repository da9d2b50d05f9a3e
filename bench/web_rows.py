"""What the pages of the bench show: a customer with 10 seats, one with 1,000 seats and 10,000 invoices, and a key."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import Membership, Organization, Policy, Role, User
from accounts.queries import policies
from billing.models import Invoice, Price, SeatAssignment, SeatLedgerEntry, Subscription
from config import clock
from tests import factories, shelf


@dataclass(frozen=True)
class Customer:
    """Session cookie of an owner, key of the organization."""

    session: str
    key: str


def write() -> tuple[Customer, Customer]:
    """Fill an empty database; the small customer and the large one."""
    shelf.put_on_sale()
    name = "accounts.api_calls_per_minute"
    most = policies.definition(name).maximum
    now = clock.now()
    Policy.objects.create(name=name, value=most, reason="bench", effective_at=now - timedelta(days=1), created_at=now)
    return _customer("small", seats=10, invoices=12), _customer("large", seats=1_000, invoices=10_000)


def _customer(name: str, *, seats: int, invoices: int) -> Customer:
    organization = factories.OrganizationFactory(name=name, domain=f"{name}.example", currency="usd")
    owner = factories.UserFactory(email=f"owner@{name}.example", name="Olive Owner")
    factories.MembershipFactory(organization=organization, user=owner, role=Role.OWNER)
    subscription = _subscription(organization, seats)
    _people(organization, subscription, name, seats)
    _invoices(organization, subscription, name, invoices)
    return Customer(_session(owner), factories.ApiKeyFactory(organization=organization).text)


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
    SeatLedgerEntry.objects.create(
        subscription=subscription,
        kind="started",
        delta=seats,
        quantity_after=seats,
        mrr_delta_minor=seats * 1200,
        currency="usd",
        source="page",
        occurred_at=now,
    )
    return subscription


def _people(organization: Organization, subscription: Subscription, name: str, seats: int) -> None:
    now = clock.now()
    people = User.objects.bulk_create(
        User(email=f"person{number}@{name}.example", name=f"Person {number}") for number in range(seats - 1)
    )
    members = Membership.objects.bulk_create(
        Membership(organization=organization, user=person, role=Role.MEMBER, joined_at=now) for person in people
    )
    SeatAssignment.objects.bulk_create(
        SeatAssignment(subscription=subscription, membership=member, assigned_at=now) for member in members
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


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
