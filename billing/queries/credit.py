"""How much a customer may owe, and how much of that is used: by invoices that are open, overdue, or on their way from a bank.

One limit for all that is had before it is paid (bank debits, invoices with terms), over all open invoices.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from accounts.models import Organization
from accounts.queries import policies, profiles
from billing.models import Invoice, InvoiceStatus
from billing.queries import giving_back
from billing.rules.giving_back import NoRate


@dataclass(frozen=True)
class Credit:
    """In US cents: what may be open, and what is. `used` None: in a currency that has no rate, so nothing more is had."""

    limit: int
    used: int | None

    @property
    def left(self) -> int:
        return 0 if self.used is None else max(self.limit - self.used, 0)


def limit(organization: Organization, at: datetime) -> int:
    """What may be open at once, in US cents, by the policy of its segment. At most two queries."""
    found: int = policies.value("billing.credit_limit", at, profiles.segment(organization.pk))
    return found


def of(organization: Organization, at: datetime) -> Credit:
    """The limit, and what is open: of all its subscriptions, whatever the reason. At most three queries."""
    rows = Invoice.objects.filter(organization=organization, status=InvoiceStatus.OPEN, amount_remaining_minor__gt=0)
    sums = rows.values_list("currency").annotate(minor=Sum("amount_remaining_minor")).order_by("currency")
    try:
        used: int | None = sum(giving_back.us_cents(minor, currency, at) for currency, minor in sums)
    except NoRate:
        used = None
    return Credit(limit=limit(organization, at), used=used)


def covers(organization: Organization, amount_minor: int, currency: str, at: datetime) -> bool:
    """Whether `amount_minor` more may be owed. What costs nothing always may."""
    if amount_minor <= 0:
        return True
    try:
        asked = giving_back.us_cents(amount_minor, currency, at)
    except NoRate:
        return False
    found = of(organization, at)
    return found.used is not None and asked <= found.left
