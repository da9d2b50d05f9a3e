"""Customers as Stripe says they are: balance and default card."""

from datetime import datetime

from accounts.models import Organization
from billing import gateway
from billing.models import Customer
from billing.services.mirroring import methods, mirror, tax_ids


def take(answer: gateway.Customer, at: datetime) -> None:
    """Take over the balance, what pays by default, the address and the tax ids."""
    row = Customer.objects.select_for_update().filter(stripe_id=answer.id).first()
    if row is None or getattr(answer, "deleted", False):
        return
    row.balance_minor = answer.balance or 0
    row.balance_currency = answer.currency or ""
    settings = answer.invoice_settings
    method = settings.default_payment_method if settings else None
    methods.copy(row, method, mirror.stripe_id(method))
    row.is_tax_exempt = answer.tax_exempt == "exempt"
    row.mirrored_at = at
    row.save()
    tax_ids.take(row, answer, at)


def bought_with(organization: Organization, method: object, at: datetime) -> bool:
    """What pays a purchase pays from now on: known at once, as all that is said of it is said by that.

    `method` is an expanded payment method; anything else says nothing. Whether Stripe has to be told, as the customer had
    another one before.
    """
    row = Customer.objects.select_for_update().filter(organization=organization).first()
    if row is None or not getattr(method, "type", None):
        return False
    before = row.payment_method_id
    methods.copy(row, method, mirror.stripe_id(method))
    row.mirrored_at = at
    row.save()
    return before not in ("", row.payment_method_id)


def ensure(organization: Organization, stripe_id: str, at: datetime) -> Customer:
    """Our row for a customer Stripe has just made (or had made already)."""
    row, _created = Customer.objects.get_or_create(
        organization=organization, defaults={"stripe_id": stripe_id, "mirrored_at": at}
    )
    return row
