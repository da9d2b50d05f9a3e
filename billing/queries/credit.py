"""How much a customer may owe, and how much of that is used: by invoices that are open, overdue, or on their way from a bank.

One limit for all that is had before it is paid (bank debits, invoices with terms), over all open invoices. What a change has
just billed counts before its invoice is heard of.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, Sum

from accounts.models import Organization
from accounts.queries import policies, profiles
from billing.models import ChangeState, Collection, Invoice, InvoiceStatus, SeatChange
from billing.queries import giving_back, terms
from billing.rules import debits
from billing.rules.giving_back import NoRate
from config import words

# So long at most Stripe's word of an invoice takes; a change that is older has one, or had nothing to pay.
HEARD_WITHIN: Final = timedelta(days=3)


@dataclass(frozen=True)
class Credit:
    """In US cents: what may be open, and what is. `used` None: in a currency that has no rate, so nothing more is had."""

    limit: int
    used: int | None

    @property
    def left(self) -> int:
        return 0 if self.used is None else max(self.limit - self.used, 0)


def limit(organization: Organization, at: datetime) -> int:
    """What may be open at once, in US cents: by an approved exception, else by its segment's policy. At most three queries."""
    agreed = terms.credit_limit(organization.pk, words.day_of(at))
    if agreed is not None:
        try:
            return giving_back.us_cents(agreed.amount_minor, agreed.currency, at)
        except NoRate:
            return 0
    found: int = policies.value("billing.credit_limit", at, profiles.segment(organization.pk))
    return found


def of(organization: Organization, at: datetime) -> Credit:
    """The limit, and what is open: of all its subscriptions, whatever the reason. At most four queries.

    What a change waits for is not owed: unpaid, it is just not had.
    """
    waiting = SeatChange.objects.filter(stripe_invoice_id=OuterRef("stripe_id"), state=ChangeState.WAITING)
    rows = Invoice.objects.filter(organization=organization, status=InvoiceStatus.OPEN, amount_remaining_minor__gt=0)
    sums = rows.filter(~Exists(waiting)).values_list("currency").annotate(minor=Sum("amount_remaining_minor"))
    try:
        used: int | None = sum(
            giving_back.us_cents(minor, currency, at)
            for currency, minor in [*sums.order_by("currency"), *_unheard(organization, at)]
        )
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


def _unheard(organization: Organization, at: datetime) -> list[tuple[str, int]]:
    """Of each currency what changes that are paid later have just billed, of whose invoices Stripe has not told yet."""
    heard = Invoice.objects.filter(stripe_id=OuterRef("stripe_invoice_id"))
    made = SeatChange.objects.filter(
        ~Exists(heard),
        Q(state=ChangeState.SENDING) | Q(state=ChangeState.DONE) & ~Q(stripe_invoice_id=""),
        Q(subscription__collection_method=Collection.INVOICED)
        | Q(subscription__organization__customer__method_kind__in=debits.DEBITS),
        subscription__organization=organization,
        due_now_minor__gt=0,
        created_at__gt=at - HEARD_WITHIN,
    )
    return list(made.order_by("currency").values_list("currency").annotate(minor=Sum("due_now_minor")))
