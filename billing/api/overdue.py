"""What programs are told of invoices that are overdue: with the missing payment, and with a refusal that asks to pay first."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from billing.models import Invoice
from billing.queries.overview import Standing
from billing.queries.standing_facts import OpenInvoice


class OverdueInvoiceOutput(serializers.Serializer[Any]):
    """An invoice that could not be charged, or was not paid by the end of the day it was due."""

    id = serializers.CharField()
    number = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="Left to pay.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="Of one that was sent. Null: a card or account is charged.")
    payment_url = serializers.URLField(help_text="Where somebody who signs in pays it.")


def payment_url(stripe_id: str) -> str:
    """Where an invoice is paid, after signing in."""
    return f"{settings.STORE_URL}{reverse('storefront:invoice_hosted', args=[stripe_id])}"


def of_rows(rows: Iterable[Invoice]) -> list[dict[str, Any]]:
    """What is overdue, as OverdueInvoiceOutput has it."""
    return [
        {
            "id": row.stripe_id,
            "number": row.number,
            "amount_minor": row.amount_remaining_minor,
            "due_at": row.due_at,
            "payment_url": payment_url(row.stripe_id),
        }
        for row in rows
    ]


def of_standing(standing: Standing) -> list[dict[str, Any]]:
    return [_invoice(one) for one in standing.overdue]


def _invoice(one: OpenInvoice) -> dict[str, Any]:
    told = {"number": one.number, "amount_minor": one.remaining_minor, "due_at": one.due_at}
    return {"id": one.stripe_id, **told, "payment_url": payment_url(one.stripe_id)}
