"""Paying on invoice: when it is due, and where to by bank transfer. No I/O."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from billing.rules import dunning

# Stripe's account for bank transfers in a currency, and where one of the euro's may be (docs.stripe.com, bank transfers).
TRANSFERS: Final[Mapping[str, str]] = {
    "usd": "us_bank_transfer",
    "eur": "eu_bank_transfer",
    "gbp": "gb_bank_transfer",
    "jpy": "jp_bank_transfer",
    "mxn": "mx_bank_transfer",
}
EURO_ACCOUNTS: Final = ("DE", "FR", "IE", "NL")
EURO_ACCOUNT: Final = "IE"


def due_at(issued_at: datetime, days: int) -> datetime:
    """By when an invoice of `issued_at` is to be paid: Stripe counts whole days of 24 hours, so where clocks change too."""
    return issued_at.astimezone(UTC) + timedelta(days=days)


def overdue_at(due_at: datetime, zone: str) -> datetime:
    """From when an invoice is overdue that was to be paid by `due_at`: once that day is over, in the customer's `zone`."""
    place = dunning.zone_named(zone)
    day_after = due_at.astimezone(place).date() + timedelta(days=1)
    return datetime.combine(day_after, time.min, place).astimezone(UTC)


def transfer(currency: str, country: str) -> dict[str, Any] | None:
    """How Stripe is told of bank transfers in a currency, to a customer in `country`; None: there are none."""
    kind = TRANSFERS.get(currency)
    if kind is None:
        return None
    if kind != "eu_bank_transfer":
        return {"type": kind}
    return {"type": kind, "eu_bank_transfer": {"country": country if country in EURO_ACCOUNTS else EURO_ACCOUNT}}


def payment_settings(bank_transfer: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of a subscription whose invoices are sent: by card on the invoice's page, and by bank transfer where there is one."""
    if bank_transfer is None:
        return {"payment_method_types": ["card"]}
    how = {"funding_type": "bank_transfer", "bank_transfer": dict(bank_transfer)}
    return {"payment_method_types": ["card", "customer_balance"], "payment_method_options": {"customer_balance": how}}


# Of each kind of address that Stripe gives, what one types into one's bank, in order.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "iban": ("account_holder_name", "iban", "bic"),
    "sort_code": ("account_holder_name", "account_number", "sort_code"),
    "aba": ("account_holder_name", "account_number", "routing_number", "bank_name"),
    "swift": ("account_holder_name", "account_number", "swift_code", "bank_name"),
    "spei": ("account_holder_name", "clabe", "bank_name"),
    "zengin": ("account_holder_name", "account_number", "bank_name", "branch_name"),
}


def account(bank_transfer: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of Stripe's funding instructions: {kind, and of FIELDS what is said} of the first address we know."""
    for address in bank_transfer.get("financial_addresses") or []:
        kind = address.get("type", "")
        said = address.get(kind) or {}
        if kind in FIELDS and said:
            return {"kind": kind, **{name: str(said[name]) for name in FIELDS[kind] if said.get(name)}}
    return {}
