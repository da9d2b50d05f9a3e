"""What programs are told of buying on invoice: the amount, by when, and whether it may be."""

from typing import Any

from rest_framework import serializers

from billing.api import charges, outputs
from billing.services.selling import invoiced

OFFER: dict[str, Any] = {
    "charge": charges.EXAMPLE,
    "currency": "eur",
    "days_until_due": 30,
    "payable_at": "2026-04-11T09:30:00Z",
    "has_room": True,
    "limit_us_cents": 5_000_000,
    "open_us_cents": 120_000,
    "seats_that_fit": None,
    "missing_details": [],
}


class InvoiceOfferOutput(outputs.Output):
    """What a cart comes to on invoice. Buy it for exactly `charge.due_now_minor`."""

    charge = charges.ChargeOutput(help_text="`due_now_minor` is what the invoice asks for.")
    currency = serializers.CharField()
    days_until_due = serializers.IntegerField()
    payable_at = serializers.DateTimeField(help_text="By when it is to be paid, if it is bought now.")
    has_room = serializers.BooleanField(help_text="Whether it is within what may be open; else it is paid by card.")
    limit_us_cents = serializers.IntegerField(help_text="What may be open at once.")
    open_us_cents = serializers.IntegerField(
        allow_null=True, help_text="What is open. Null: in a currency without a rate, so there is no room."
    )
    seats_that_fit = serializers.IntegerField(
        allow_null=True, help_text="Where there is no room: with so many seats there would be. Null: there is, or with none."
    )
    missing_details = serializers.ListField(
        child=serializers.CharField(), help_text="Billing details that are to be completed first; empty: it can be bought."
    )


def offer(found: invoiced.Offer, missing: list[str] | None = None) -> dict[str, Any]:
    return {
        "charge": charges.plain(found.charge),
        "currency": found.currency,
        "days_until_due": found.days,
        "payable_at": found.due_at,
        "has_room": found.has_room,
        "limit_us_cents": found.credit.limit,
        "open_us_cents": found.credit.used,
        "seats_that_fit": found.fits or None,
        "missing_details": missing or [],
    }
