"""How a refund or credit by staff ends: its row, and the journal."""

from datetime import datetime
from typing import Any

from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import Adjustment, AdjustmentState, StripeCommand


def is_of(command: StripeCommand, made: gateway.CreditNote | gateway.BalanceTransaction) -> bool:
    """Whether an object at Stripe is what this command was to make."""
    wanted: str = command.payload["params"]["metadata"]["adjustment"]
    return gateway.metadata(made, "adjustment") == wanted


def done(command: StripeCommand, stripe_id: str, at: datetime) -> Adjustment:
    row = _of(command)
    row.state, row.stripe_id, row.concluded_at = AdjustmentState.DONE, stripe_id, at
    row.save(update_fields=["state", "stripe_id", "concluded_at"])
    tell("billing.adjustment.done", row, origin=command.origin, at=at)
    return row


def failed(command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
    row = _of(command)
    row.state, row.message, row.concluded_at = AdjustmentState.FAILED, refusal.message, at
    row.save(update_fields=["state", "message", "concluded_at"])
    tell("billing.adjustment.failed", row, origin=command.origin, at=at, why=refusal.message)


def tell(kind: str, row: Adjustment, *, origin: Origin, at: datetime, **more: Any) -> None:
    journal.append(
        kind=kind,
        organization=row.organization,
        at=at,
        origin=origin,
        data={
            "adjustment": row.pk,
            "invoice": row.invoice_id,
            "subscription": row.invoice.subscription_id if row.invoice else row.subscription_id,
            "how": row.kind,
            "amount_minor": row.amount_minor,
            "currency": row.currency,
            "reason": row.reason,
            "note": row.note,
            "api_key": row.api_key_id,
            **({"time": [row.time_count, row.time_unit]} if row.time_count else {}),
            **more,
        },
    )


def _of(command: StripeCommand) -> Adjustment:
    rows = Adjustment.objects.select_for_update(of=("self",)).select_related("organization", "invoice", "actor")
    return rows.get(pk=command.payload["adjustment"])
