"""The columns of billing's lists as files: amounts as minor units and as numbers, each beside its currency."""

from typing import Any

from accounts.exports import Column, field
from billing.rules import money
from billing.services.books import ledger
from config import csv_rows

ORGANIZATION = (field("organization_id", "organization__public_id"), field("organization", "organization__name"))
OF_SUBSCRIPTION = (
    field("organization_id", "subscription__organization__public_id"),
    field("organization", "subscription__organization__name"),
    field("subscription", "subscription__stripe_id"),
)


def amount(name: str) -> tuple[Column, Column]:
    """`<name>_minor` as it is kept, and `<name>` as a number."""
    minor = f"{name}_minor"

    def value(row: Any) -> Any:
        return csv_rows.decimal(getattr(row, minor), money.exponent(row.currency))

    return field(minor), (name, value)


def _mrr(row: Any) -> int:
    return ledger.listed_mrr_minor(row)


def _mrr_decimal(row: Any) -> Any:
    return csv_rows.decimal(_mrr(row), money.exponent(row.currency))


def _by(row: Any) -> str:
    return str(row.actor) if row.actor else row.source


SUBSCRIPTIONS: tuple[Column, ...] = (
    *ORGANIZATION,
    *(field("subscription", "stripe_id"), field("line", "line__code"), field("plan", "plan__code")),
    *(field("interval", "price__interval"), field("seats", "quantity"), field("status")),
    *(("mrr_minor", _mrr), ("mrr", _mrr_decimal), field("currency")),
    *(field("started_at"), field("period_starts_at"), field("period_ends_at"), field("cancel_at"), field("ended_at")),
)
INVOICES: tuple[Column, ...] = (
    *ORGANIZATION,
    *(field("number"), field("invoice", "stripe_id"), field("status"), field("billing_reason"), field("currency")),
    field("purchase_order"),
    *(*amount("subtotal"), *amount("discount"), *amount("tax"), *amount("total"), *amount("amount_paid")),
    *(*amount("amount_remaining"), *amount("refunded"), *amount("credited")),
    *(field("issued_at"), field("due_at"), field("paid_at")),
)
LEDGER: tuple[Column, ...] = (
    *(field("occurred_at"), *OF_SUBSCRIPTION, field("kind"), field("seats", "delta"), field("seats_after", "quantity_after")),
    *(
        *amount("mrr_delta"),
        field("currency"),
        ("by", _by),
        field("source"),
        field("reason"),
        field("invoice", "stripe_invoice_id"),
    ),
)
REVENUE_SHARES: tuple[Column, ...] = (
    *(field("issued_at", "invoice__issued_at"), field("organization_id", "invoice__organization__public_id")),
    *(field("organization", "invoice__organization__name"), field("number", "invoice__number")),
    *(field("invoice", "invoice__stripe_id"), field("status", "invoice__status")),
    *(field("kind"), field("credit_note", "credit_note__number"), field("credited_at", "credit_note__issued_at")),
    *(field("line"), field("plan"), field("weight"), *amount("amount"), field("currency")),
)
SEAT_CHANGES: tuple[Column, ...] = (
    *(field("created_at"), *OF_SUBSCRIPTION, field("kind")),
    *(field("seats_before", "quantity_before"), field("seats_after", "quantity_after")),
    *(*amount("due_now"), field("currency"), field("state"), ("by", _by), field("source"), field("expires_at")),
    *(field("concluded_at"), field("invoice", "stripe_invoice_id"), field("message")),
)
