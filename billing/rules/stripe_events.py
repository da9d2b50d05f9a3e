"""Which of Stripe's events the store listens to, and which object each of them is about.

The event itself is only a knock on the door: what is true is read from Stripe afterwards (see billing.services.inbox).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec


class Kind(StrEnum):
    """The objects that are mirrored."""

    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    CUSTOMER = "customer"
    SESSION = "checkout.session"
    TAX_RATE = "tax_rate"
    CREDIT_NOTE = "credit_note"
    CHARGE = "charge"
    DISPUTE = "dispute"


class NoEventError(ValueError):
    """The text is no event of Stripe's."""


class About(msgspec.Struct):
    """Of the object in an event, what leads to the one to be read again."""

    id: Any = None
    customer: Any = None
    subscription: Any = None
    released_subscription: Any = None
    charge: Any = None


class Data(msgspec.Struct):
    object: About = msgspec.field(default_factory=About)


class Event(msgspec.Struct):
    """Of an event, what is understood at once; `created` is Stripe's time in epoch seconds."""

    id: str
    type: str
    created: int
    data: Data = msgspec.field(default_factory=Data)


@dataclass(frozen=True)
class Subject:
    """The object to be read again; `key` is its Stripe id."""

    kind: Kind
    key: str


# type -> (kind, paths to the id inside data.object; the first that leads to one is taken)
ALLOWED: Final[Mapping[str, tuple[Kind, tuple[str, ...]]]] = {
    "checkout.session.completed": (Kind.SESSION, ("id",)),
    "checkout.session.expired": (Kind.SESSION, ("id",)),
    "checkout.session.async_payment_succeeded": (Kind.SESSION, ("id",)),
    "checkout.session.async_payment_failed": (Kind.SESSION, ("id",)),
    "customer.updated": (Kind.CUSTOMER, ("id",)),
    "customer.deleted": (Kind.CUSTOMER, ("id",)),
    "customer.tax_id.created": (Kind.CUSTOMER, ("customer",)),
    "customer.tax_id.updated": (Kind.CUSTOMER, ("customer",)),
    "customer.tax_id.deleted": (Kind.CUSTOMER, ("customer",)),
    "tax_rate.created": (Kind.TAX_RATE, ("id",)),
    "tax_rate.updated": (Kind.TAX_RATE, ("id",)),
    "customer.discount.created": (Kind.SUBSCRIPTION, ("subscription",)),
    "customer.discount.updated": (Kind.SUBSCRIPTION, ("subscription",)),
    "customer.discount.deleted": (Kind.SUBSCRIPTION, ("subscription",)),
    "payment_method.attached": (Kind.CUSTOMER, ("customer",)),
    "payment_method.updated": (Kind.CUSTOMER, ("customer",)),
    "payment_method.automatically_updated": (Kind.CUSTOMER, ("customer",)),
    "customer.subscription.created": (Kind.SUBSCRIPTION, ("id",)),
    "customer.subscription.updated": (Kind.SUBSCRIPTION, ("id",)),
    "customer.subscription.deleted": (Kind.SUBSCRIPTION, ("id",)),
    "customer.subscription.paused": (Kind.SUBSCRIPTION, ("id",)),
    "customer.subscription.resumed": (Kind.SUBSCRIPTION, ("id",)),
    "customer.subscription.trial_will_end": (Kind.SUBSCRIPTION, ("id",)),
    "customer.subscription.pending_update_applied": (Kind.SUBSCRIPTION, ("id",)),
    "customer.subscription.pending_update_expired": (Kind.SUBSCRIPTION, ("id",)),
    "subscription_schedule.updated": (Kind.SUBSCRIPTION, ("subscription", "released_subscription")),
    "subscription_schedule.released": (Kind.SUBSCRIPTION, ("released_subscription", "subscription")),
    "subscription_schedule.canceled": (Kind.SUBSCRIPTION, ("subscription", "released_subscription")),
    "subscription_schedule.completed": (Kind.SUBSCRIPTION, ("subscription", "released_subscription")),
    "invoice.created": (Kind.INVOICE, ("id",)),
    "invoice.updated": (Kind.INVOICE, ("id",)),
    "invoice.finalized": (Kind.INVOICE, ("id",)),
    "invoice.finalization_failed": (Kind.INVOICE, ("id",)),
    "invoice.paid": (Kind.INVOICE, ("id",)),
    "invoice.overdue": (Kind.INVOICE, ("id",)),
    "invoice.payment_failed": (Kind.INVOICE, ("id",)),
    "invoice.payment_action_required": (Kind.INVOICE, ("id",)),
    "invoice.voided": (Kind.INVOICE, ("id",)),
    "invoice.marked_uncollectible": (Kind.INVOICE, ("id",)),
    "credit_note.created": (Kind.CREDIT_NOTE, ("id",)),
    "credit_note.updated": (Kind.CREDIT_NOTE, ("id",)),
    "credit_note.voided": (Kind.CREDIT_NOTE, ("id",)),
    "charge.refunded": (Kind.CHARGE, ("id",)),
    "charge.dispute.created": (Kind.DISPUTE, ("id",)),
    "charge.dispute.updated": (Kind.DISPUTE, ("id",)),
    "charge.dispute.closed": (Kind.DISPUTE, ("id",)),
    "charge.dispute.funds_withdrawn": (Kind.DISPUTE, ("id",)),
    "charge.dispute.funds_reinstated": (Kind.DISPUTE, ("id",)),
    "refund.updated": (Kind.CHARGE, ("charge",)),
    "refund.failed": (Kind.CHARGE, ("charge",)),
}


_decoder: Final = msgspec.json.Decoder(Event)


def read(body: bytes | str) -> Event:
    """An event's JSON text, without building what is not looked at. Raises NoEventError."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoEventError(f"the body is no event: {error}") from error


def subject(event: Event) -> Subject | None:
    """What the event is about, or None when the store does not listen to it (another type, or an object without an owner)."""
    allowed = ALLOWED.get(event.type)
    if allowed is None:
        return None
    kind, paths = allowed
    for path in paths:
        found = getattr(event.data.object, path)
        if isinstance(found, str) and found:
            return Subject(kind, found)
    return None
