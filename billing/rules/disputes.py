"""Disputed charges: what their states mean, and the evidence that is put together from what is known. No I/O.

Source: docs.stripe.com/disputes (states, evidence fields), docs/decisions/dunning.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

# Stripe's words. An inquiry ("warning_...") asks before any money is taken.
ANSWERABLE: Final = ("needs_response", "warning_needs_response", "appeal_needs_response")
REVIEWED: Final = ("under_review", "warning_under_review", "appeal_under_review")
OPEN: Final = (*ANSWERABLE, *REVIEWED)
LOST: Final = "lost"
# What a field of evidence may hold at most; Stripe allows 20,000 in each and 150,000 in all.
LONGEST: Final = 20_000
# The fields that staff may send, in the order of the form. Stripe's names.
FIELDS: Final = (
    "product_description",
    "customer_name",
    "customer_email_address",
    "service_date",
    "access_activity_log",
    "refund_policy_disclosure",
    "uncategorized_text",
)


def is_open(status: str) -> bool:
    return status in OPEN


def can_answer(status: str, due_at: datetime | None, now: datetime) -> bool:
    """Whether evidence can still be sent: once, before its day has passed."""
    return status in ANSWERABLE and (due_at is None or now < due_at)


def is_urgent(status: str, due_at: datetime | None, now: datetime) -> bool:
    """Whether somebody should answer within three days."""
    return can_answer(status, due_at, now) and due_at is not None and due_at - now < timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the store knows of a disputed charge, in plain values."""

    product: str
    plan: str
    seats: int
    customer: str
    email: str
    invoice: str
    amount: str
    charged_on: date
    period: tuple[date, date] | None = None
    terms: Sequence[tuple[str, date, date]] = ()
    """Document, its version's day, and the day it was accepted."""
    seats_in_use: int = 0
    last_seen_on: date | None = None
    used: Mapping[str, int] | None = None
    """Of metered features in the period: code to how much."""
    paid_before: int = 0
    """Invoices of the same customer that were paid and never disputed."""


def compose(known: Known) -> dict[str, str]:
    """Stripe's evidence fields, in English as banks read them; what is not known is left out."""
    period = f" for {known.period[0].isoformat()} to {known.period[1].isoformat()}" if known.period else ""
    seats = "1 person" if known.seats == 1 else f"{known.seats} people"
    found = {
        "product_description": f"{known.product}, plan {known.plan}: an online subscription for {seats}{period}.",
        "customer_name": known.customer,
        "customer_email_address": known.email,
        "service_date": known.period[0].isoformat() if known.period else known.charged_on.isoformat(),
        "access_activity_log": _use(known),
        "refund_policy_disclosure": _terms(known),
        "uncategorized_text": _story(known),
    }
    return {name: text[:LONGEST] for name, text in found.items() if text}


def _use(known: Known) -> str:
    lines = []
    if known.seats_in_use:
        lines.append(f"{known.seats_in_use} of {known.seats} seats are given to named people of the customer.")
    if known.last_seen_on is not None:
        lines.append(f"The service was last used on {known.last_seen_on.isoformat()}.")
    lines += [f"Used in this period: {count} of {code}." for code, count in sorted((known.used or {}).items())]
    return "\n".join(lines)


def _terms(known: Known) -> str:
    said = (f"{name} of {version.isoformat()}, accepted on {on.isoformat()}." for name, version, on in known.terms)
    return "\n".join(("Accepted in the store before buying:", *said)) if known.terms else ""


def _story(known: Known) -> str:
    charged = (
        f"Invoice {known.invoice} of {known.amount} was charged on {known.charged_on.isoformat()} to the card that the "
        "customer entered on the payment page, for a subscription that the customer ordered, sees in the store at any time "
        "and can cancel there in two clicks."
    )
    lines = [charged]
    if known.paid_before:
        count = "One earlier invoice" if known.paid_before == 1 else f"{known.paid_before} earlier invoices"
        lines.append(f"{count} of the same subscription, charged to the same customer, were paid and not disputed.")
    return "\n".join(lines)
