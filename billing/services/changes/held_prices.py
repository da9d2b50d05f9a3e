"""Holding a price that moves by the second until it is confirmed, so that exactly what was shown is charged.

A period that begins now gives back what is left of the present one, and that becomes less while the buyer reads. Stripe takes
no instant for it (changes.change_prices.anchored), so what the charge grew by is taken off in the very update that
makes the change: a line of its own, which is there if the change is, and not if it is not.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from billing.models import Subscription
from billing.queries import payers
from billing.rules import preview
from billing.services.changes import change_prices
from billing.services.changes.change_prices import Wanted

# A second may pass between two calls, and take a cent along.
TRIES: Final = 3


def again(row: Subscription, wanted: Wanted, agreed: Mapping[str, Any], at: datetime) -> int | None:
    """What has to be taken off so that the price is the one agreed (`Preview.as_json`); None: it is another one.

    One Stripe call; a second one where a cent has to be taken off. Raises the gateway's errors.
    """
    found = kept(row, wanted, agreed, at)
    return None if found is None else found[1]


def kept(row: Subscription, wanted: Wanted, agreed: Mapping[str, Any], at: datetime) -> tuple[preview.Preview, int] | None:
    """The price as it was agreed, and what has to be taken off for it: calls and errors of `again`."""
    if not change_prices.starts_anew(row, wanted):
        instant, is_later = datetime.fromtimestamp(agreed["proration_at"], UTC), agreed["charged_at"] is not None
        shown = change_prices.ask(row, wanted, instant, is_later=is_later)
        return (shown, 0) if shown.as_json() == agreed else None
    held_minor = 0
    for _ in range(TRIES):
        shown = change_prices.ask(row, wanted, at.replace(microsecond=0), held_minor=held_minor)
        grown = preview.grown_minor(agreed, shown.as_json())
        if not grown:
            return None if grown is None else (shown, held_minor)
        held_minor = max(held_minor + grown, 0)
    return None


def update_of(row: Subscription, wanted: Wanted, agreed: Mapping[str, Any], held_minor: int) -> dict[str, Any]:
    """What the update says, as the command that makes the change keeps it."""
    instant = datetime.fromtimestamp(agreed["proration_at"], UTC)
    return {
        "subscription": row.stripe_id,
        "items": change_prices.update_of(row, wanted),
        **change_prices.anchored(row, wanted, instant),
        **({"add_invoice_items": [change_prices.taken_off(held_minor, row.currency)]} if held_minor > 0 else {}),
        **({"is_invoiced": True} if row.is_invoiced else {}),
        # A bank answers days later: then nothing can wait for its payment, and what is bought is had meanwhile.
        "is_debited": payers.is_debited(row),
        "is_free": agreed["first_charge"] is not None,
        "is_unbilled": bool(agreed["lines"]) and all(line["amount_minor"] == 0 for line in agreed["lines"]),
        **({} if row.is_in_trial else change_prices.discounts_of(row, wanted, instant)),
    }
