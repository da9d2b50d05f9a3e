"""What a preview of a change says of itself: a signed token that names the change to be, its price, and what it rests on."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core import signing

from accounts.queries import policies
from billing.models import Subscription
from billing.queries import addons
from billing.rules import preview

SALT: Final = "billing.seats.preview"


def sign(row: Subscription, shown: preview.Preview, *, nonce: str, shown_at: datetime | None = None, **wanted: Any) -> str:
    """The token that confirms exactly `shown`; `nonce` names the change to be, one of our own where it is empty.

    `shown_at`: when it is shown, where that is later than the instant it counts from.
    """
    said = {"s": row.pk, "n": nonce or secrets.token_urlsafe(16), "f": fingerprint(row), "p": shown.as_json()}
    later = {"t": int(shown_at.timestamp())} if shown_at is not None else {}
    return signing.dumps(said | later | wanted, salt=SALT, compress=True)


def read(token: str, max_age: timedelta | None = None) -> dict[str, Any] | None:
    """What a token says; None for what is none, or is older than `max_age`."""
    try:
        body: dict[str, Any] = signing.loads(token, salt=SALT, max_age=max_age)
    except signing.BadSignature:
        return None
    return body


def fingerprint(row: Subscription) -> str:
    """Dies with whatever would change the price: seats, price, add-ons, period, scheduled changes, a pending update."""
    held = (f"{item.stripe_price_id}*{item.number}" for item in addons.of(row))
    parts = (
        *held,
        row.quantity,
        row.unbilled,
        row.price_id,
        row.period_ends_at.timestamp(),
        row.projection_wanted,
        row.pending_quantity,
        row.status,
    )
    return ":".join(str(part) for part in parts)


def holds(at: datetime) -> timedelta:
    """How long a price can be confirmed."""
    return timedelta(minutes=policies.value("billing.preview_minutes", at=at))


def holds_until(body: dict[str, Any], at: datetime) -> datetime:
    """Until when what a token shows can be confirmed; what a window bills when it closes, until it does."""
    agreed: dict[str, Any] = body["p"]
    asked_at = datetime.fromtimestamp(body.get("t", agreed["proration_at"]), UTC)
    return asked_at if agreed["charged_at"] is not None else asked_at + holds(at)
