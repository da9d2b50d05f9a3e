"""How much a customer may owe, and how much of that is used: by invoices that are open, overdue, or on their way from a bank.

One limit for all that is had before it is paid (bank debits, invoices with terms), over all open invoices. What a change or
an order has just billed counts before its invoice is heard of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, Sum

from accounts.models import Organization
from accounts.queries import policies, profiles
from billing.models import (
    ChangeState,
    CheckoutAttempt,
    CheckoutState,
    Collection,
    Invoice,
    InvoiceStatus,
    ProductLine,
    SeatChange,
)
from billing.queries import charges, giving_back, terms
from billing.rules import debits
from billing.rules.giving_back import NoRate

# So long at most Stripe's word of an invoice takes; a change that is older has one, or had nothing to pay.
HEARD_WITHIN: Final = timedelta(days=3)


@dataclass(frozen=True)
class Credit:
    """In US cents: what may be open, and what is. `used` None: in a currency that has no rate, so nothing more is had."""

    limit: int
    used: int | None
    currency: str = "usd"
    limit_minor: int | None = None
    """The limit as the customer is told it, in `currency`, and what is open: None, where the currency has no rate."""
    open_minor: int | None = None

    @property
    def left(self) -> int:
        return 0 if self.used is None else max(self.limit - self.used, 0)


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """What would go beyond the credit: `order_minor` of `currency`; `fits` seats would not (0: none is known)."""

    credit: Credit
    order_minor: int
    currency: str
    fits: int = 0


def largest(seats: int, least: int, fits: Callable[[int], bool]) -> int:
    """The largest number from `least` to below `seats` that fits, found by halves; 0: none does."""
    low, high, found = least, seats - 1, 0
    while low <= high:
        middle = (low + high) // 2
        if fits(middle):
            found, low = middle, middle + 1
        else:
            high = middle - 1
    return found


def _limit(organization: Organization, agreed: terms.Money | None, at: datetime) -> int:
    """What may be open at once, in US cents: by an approved exception, else by its segment's policy. One query at most."""
    if agreed is not None:
        try:
            return giving_back.us_cents(agreed.amount_minor, agreed.currency, at)
        except NoRate:
            return 0
    found: int = policies.value("billing.credit_limit", at, profiles.segment_of(organization))
    return found


def of(organization: Organization, at: datetime, *, ordering: ProductLine | None = None, currency: str = "") -> Credit:
    """The limit, and what is open: of all its subscriptions, whatever the reason. At most five queries, without orders.

    What a change waits for is not owed: unpaid, it is just not had. Who orders of a line does not stand in their own way.
    `currency` is what the customer is told it in; empty: the one they pay in.
    """
    waiting = SeatChange.objects.filter(stripe_invoice_id=OuterRef("stripe_id"), state=ChangeState.WAITING)
    rows = Invoice.objects.filter(organization=organization, status=InvoiceStatus.OPEN, amount_remaining_minor__gt=0)
    sums = rows.filter(~Exists(waiting)).values_list("currency").annotate(minor=Sum("amount_remaining_minor"))
    parts = [*sums.order_by("currency"), *_unheard(organization, at), *_ordered(organization, at, ordering)]
    agreed, told = terms.credit_limit(organization.pk, at), currency or organization.currency or "usd"
    cents = _limit(organization, agreed, at)
    try:
        used: int | None = sum(giving_back.us_cents(minor, code, at) for code, minor in parts)
    except NoRate:
        used = None
    try:
        is_told = agreed is not None and agreed.currency == told
        limit_minor = agreed.amount_minor if agreed is not None and is_told else giving_back.of_us_cents(cents, told, at)
        open_minor = sum(_told(minor, code, told, at) for code, minor in parts)
    except NoRate:
        return Credit(limit=cents, used=used, currency=told)
    return Credit(limit=cents, used=used, currency=told, limit_minor=limit_minor, open_minor=open_minor)


def _told(minor: int, code: str, currency: str, at: datetime) -> int:
    """An amount as the customer is told it: mostly as it is billed, as an organization pays in one currency."""
    return minor if code == currency else giving_back.of_us_cents(giving_back.us_cents(minor, code, at), currency, at)


def covers(
    organization: Organization, amount_minor: int, currency: str, at: datetime, *, ordering: ProductLine | None = None
) -> bool:
    """Whether `amount_minor` more may be owed. What costs nothing always may."""
    if amount_minor <= 0:
        return True
    try:
        asked = giving_back.us_cents(amount_minor, currency, at)
    except NoRate:
        return False
    found = of(organization, at, ordering=ordering)
    return found.used is not None and asked <= found.left


def _unheard(organization: Organization, at: datetime) -> list[tuple[str, int]]:
    """Of each currency what changes that are paid later have just billed, of whose invoices Stripe has not told yet."""
    heard = Invoice.objects.filter(stripe_id=OuterRef("stripe_invoice_id"))
    made = SeatChange.objects.filter(
        ~Exists(heard),
        Q(state=ChangeState.SENDING) | Q(state=ChangeState.DONE) & ~Q(stripe_invoice_id=""),
        Q(subscription__collection_method=Collection.INVOICED)
        | Q(subscription__own_method__method_kind__in=debits.DEBITS)
        | Q(subscription__organization__customer__method_kind__in=debits.DEBITS)
        & ~Q(subscription__own_method__method_kind="card"),
        subscription__organization=organization,
        due_now_minor__gt=0,
        created_at__gt=at - HEARD_WITHIN,
    )
    return list(made.order_by("currency").values_list("currency").annotate(minor=Sum("due_now_minor")))


def _ordered(organization: Organization, at: datetime, but: ProductLine | None) -> list[tuple[str, int]]:
    """What was just bought on invoice, each with its currency, of which Stripe has not told yet."""
    heard = Invoice.objects.filter(stripe_id=OuterRef("subscription__latest_invoice_id"))
    made = CheckoutAttempt.objects.filter(
        ~Exists(heard),
        organization=organization,
        state__in=(CheckoutState.OPENING, CheckoutState.APPLIED),
        payment_days__gt=0,
        created_at__gt=at - HEARD_WITHIN,
    ).select_related("organization", "price__plan", "promotion", "agreed", "pilot_fee")
    under_way = made.exclude(line=but, state=CheckoutState.OPENING) if but else made
    return [(one.price.currency, charges.of_attempt(one).due_now_minor) for one in under_way.order_by("pk")]
