"""Customers that live on a test clock: how a demo or a benchmark gets a company with a past."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import Organization
from billing import gateway, sandbox_control
from billing.models import Customer, Invoice, Subscription, TaxStanding
from billing.services.books import projection, tax_standings
from billing.services.mirroring import mirror, mirror_customers, mirror_invoices

# Stripe keeps a renewal's invoice as a draft for about an hour before it charges.
AFTER_RENEWAL = timedelta(hours=2)
SETTLED = ("paid", "void", "uncollectible")


def make(organization: Organization, *, test_clock: str, email: str, at: datetime) -> Customer:
    """Make the organization's customer on a test clock, before its first Checkout. Raises NotASandbox with Stripe itself."""
    if not sandbox_control.is_there():
        raise sandbox_control.NotASandbox("Customers with a past are made in the sandbox only.")
    params = {
        "name": organization.name,
        "email": email,
        "address": {"country": organization.country},
        "preferred_locales": [organization.locale],
        "metadata": {"organization": organization.public_id},
        "test_clock": test_clock,
    }
    made = gateway.create_customer(params, key=f"customer:{organization.public_id}:past:{test_clock}")
    return mirror_customers.ensure(organization, made.id, at)


def hear(organization: Organization, at: datetime) -> datetime | None:
    """Take over what Stripe did since the last time: every subscription that goes on, every invoice that may have changed.

    As the inbox does when events come, one object after the other; call outside a transaction. Returns when Stripe will have
    done something by itself again: renewed, ended, or tried a payment once more.
    """
    lasting = Subscription.objects.filter(organization=organization, ended_at=None).order_by("pk")
    latest = set()
    for key in lasting.values_list("stripe_id", flat=True):
        bought = gateway.subscription(key)
        latest.add(mirror.stripe_id(bought.latest_invoice))
        with transaction.atomic(durable=True):
            mirror.subscription(bought, at)
    for pk in lasting.filter(projection_done__lt=F("projection_wanted")).values_list("pk", flat=True):
        projection.follow(pk)
    _follow_tax(organization)
    _hear_of_invoices(organization, latest, at)
    return _next_due_at(organization)


def _hear_of_invoices(organization: Organization, latest: set[str], at: datetime) -> None:
    known = dict(Invoice.objects.filter(organization=organization).values_list("stripe_id", "status"))
    for key in sorted(latest | known.keys()):
        if key and known.get(key) not in SETTLED:
            invoice = gateway.invoice(key)
            with transaction.atomic(durable=True):
                mirror_invoices.take(invoice, at)


def _next_due_at(organization: Organization) -> datetime | None:
    rows = Subscription.objects.filter(organization=organization, ended_at=None).values_list("cancel_at", "period_ends_at")
    unpaid = Invoice.objects.filter(organization=organization, status="open").exclude(next_attempt_at=None)
    ends = [cancel_at or period_ends_at for cancel_at, period_ends_at in rows]
    tries = unpaid.values_list("next_attempt_at", flat=True)
    return min((instant + AFTER_RENEWAL for instant in [*ends, *tries] if instant), default=None)


def _follow_tax(organization: Organization) -> None:
    """Tell Stripe how the organization is taxed, if it has not been told: as a lane of the pulse does."""
    for pk in TaxStanding.objects.filter(organization=organization, done__lt=F("wanted")).values_list("pk", flat=True):
        tax_standings.follow(pk)


def hear_of_customer(organization: Organization, at: datetime) -> None:
    """Take over the customer's card, balance, address and tax ids, and what follows for its tax."""
    known = gateway.customer(Customer.objects.get(organization=organization).stripe_id)
    with transaction.atomic(durable=True):
        mirror_customers.take(known, at)
    _follow_tax(organization)
