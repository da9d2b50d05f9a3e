"""Unused time that is given back at once: priced by Stripe, agreed to, and then given back as exactly that.

Ending and pausing take no `proration_date`: what is given back shrinks by the second. So what was shown is signed, and what
Stripe's own proration is short of it by then is put on the balance under the same command (docs/decisions/ending-now.md).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core import signing

from accounts.queries import policies
from billing import gateway, gateway_refunds
from billing.models import Customer, Subscription
from billing.queries import addons as addon_queries
from billing.queries import tax as tax_queries
from billing.rules.preview import Line
from billing.rules.tax import TaxLine
from billing.services.changes import seats
from billing.services.mirroring import mirror

SALT: Final = "billing.unused_time"
# What Stripe says where there is nothing to invoice.
NOTHING: Final = "invoice_upcoming_none"
OF_ENDING: Final[dict[str, Any]] = {"cancel_now": True, "proration_behavior": "always_invoice"}


@dataclass(frozen=True, kw_only=True)
class Credit:
    """What goes on the customer's balance: minor units of `currency`, tax included. Lines below 0 are given back.

    `charge_minor` is what would be collected instead, where more waits to be billed than is given back.
    """

    currency: str
    lines: tuple[Line, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    tax_minor: int = 0
    credit_minor: int = 0
    charge_minor: int = 0


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What a token stands for. `nonce` names the one change that it may become."""

    nonce: str
    credit_minor: int
    charge_minor: int
    more: dict[str, Any]


def ask(row: Subscription, details: dict[str, Any]) -> Credit:
    """Price the end or the pause that `details` (subscription_details) stand for. One call. Raises the gateway's errors."""
    customer: Customer | None = getattr(row.organization, "customer", None)
    if customer is None:  # nothing was ever paid
        return Credit(currency=row.currency)
    try:
        answer = gateway.preview_invoice(
            {
                "customer": customer.stripe_id,
                "subscription": row.stripe_id,
                "subscription_details": details,
            }
        )
    except gateway.Refused as refused:
        if refused.code == NOTHING:
            return Credit(currency=row.currency)
        raise
    return Credit(
        currency=answer.currency,
        lines=tuple(_line(line) for line in answer.lines.data),
        taxes=tax_queries.lines(answer.total_taxes or [], exempt=answer.customer_tax_exempt or ""),
        tax_minor=sum(one.amount for one in answer.total_taxes or []),
        credit_minor=max(-answer.total, 0),
        charge_minor=max(answer.amount_due, 0),
    )


def _line(line: Any) -> Line:
    return Line(
        description=line.description or "",
        quantity=int(line.quantity or 0),
        amount_minor=line.amount,
        starts_at=mirror.at_instant(line.period.start),
        ends_at=mirror.at_instant(line.period.end),
        discount_minor=sum(part.amount for part in line.discount_amounts or []),
    )


def sign(row: Subscription, what: str, credit: Credit, **more: Any) -> str:
    """The token of a price: dies with whatever would change it but time."""
    body = {
        "s": row.pk,
        "w": what,
        "n": secrets.token_urlsafe(16),
        "f": fingerprint(row),
        "c": credit.credit_minor,
        "d": credit.charge_minor,
        "m": more,
    }
    return signing.dumps(body, salt=SALT, compress=True)


def agreed(row: Subscription, what: str, token: str, at: datetime) -> Agreed:
    """Raises seats.Stale for a token that is none, is old, or is of another subscription or another thing."""
    try:
        body: dict[str, Any] = signing.loads(token, salt=SALT, max_age=holds(at))
    except signing.BadSignature as error:
        raise seats.Stale from error
    if (body["s"], body["w"]) != (row.pk, what):
        raise seats.Stale
    return Agreed(nonce=body["n"], credit_minor=body["c"], charge_minor=body["d"], more=body["m"] | {"f": body["f"]})


def subscription_of(token: str) -> int:
    """The row that a token is about, in any state; 0 for what is no token."""
    try:
        body: dict[str, Any] = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return 0
    return int(body["s"])


def check_same(row: Subscription, wanted: Agreed) -> None:
    """Raises seats.Stale when something but the time has changed since the price was shown."""
    if wanted.more["f"] != fingerprint(row):
        raise seats.Stale


def check_price(wanted: Agreed, now: Credit) -> None:
    """Raises seats.Stale unless the price is what was agreed to, or less is given back only because time has passed."""
    if now.credit_minor > wanted.credit_minor or now.charge_minor != wanted.charge_minor:
        raise seats.Stale


def holds(at: datetime) -> timedelta:
    """How long a price can be confirmed."""
    return timedelta(minutes=policies.value("billing.preview_minutes", at=at))


def fingerprint(row: Subscription) -> str:
    held = (f"{item.stripe_price_id}*{item.number}" for item in addon_queries.of(row))
    period = (row.period_starts_at.timestamp(), row.period_ends_at.timestamp())
    parts = (*held, row.status, row.quantity, row.price_id, *period, row.projection_wanted, row.pending_quantity)
    return ":".join(str(part) for part in parts)


def make_up(answer: gateway.Subscription, *, agreed_minor: int, before: str, key: str) -> int:
    """Put what Stripe's proration is short of the agreed amount on the balance. Returns what was given back in all.

    `before`: the invoice that was the latest when it was agreed to; a later one is the proration's.
    """
    invoice = answer.latest_invoice
    given = -invoice.total if isinstance(invoice, gateway.Invoice) and invoice.id != before and invoice.total < 0 else 0
    short = agreed_minor - given
    customer = mirror.stripe_id(answer.customer)
    if short > 0 and not _is_made_up(customer, key):
        params = {
            "amount": -short,
            "currency": answer.currency,
            "description": "To the amount that was shown and agreed to",
            "metadata": {"command": key},
        }
        gateway_refunds.credit(customer, params, key=f"{key}:rest")
    return max(agreed_minor, given)


def _is_made_up(customer: str, key: str) -> bool:
    """Whether an earlier try got that far: Stripe forgets keys after a day."""
    return any(gateway.metadata(one, "command") == key for one in gateway_refunds.balance_transactions(customer))
