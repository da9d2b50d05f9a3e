"""Merging two organizations that are one customer: looked at first, then done in one transaction, and never undone.

Stripe is kept whole: subscriptions, invoices and credit cannot change their customer there, so both customers stay as they are,
and the one that goes is quiet before: nothing live, open, disputed or owed. Its invoices are read in the other from then on.
Source: docs/decisions/merging-organizations.md.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organization, OrganizationMerge
from accounts.origin import Origin
from accounts.services import journal, merging
from billing import gateway
from billing.models import (
    Cart,
    CartState,
    CheckoutAttempt,
    CheckoutState,
    CommandState,
    Customer,
    DunningEpisode,
    Invoice,
    InvoiceStatus,
    Quote,
    QuoteState,
    StripeCommand,
    Subscription,
)
from billing.queries import disputes
from billing.services import commands


class Obstacle(StrEnum):
    """What has to be done first, with the one that goes."""

    SAME = "same"
    CLOSED = "closed"
    LIVE = "live"
    INVOICES = "invoices"
    CHECKOUT = "checkout"
    COMMAND = "command"
    CREDIT = "credit"
    DISPUTE = "dispute"


class InTheWay(Exception):
    def __init__(self, obstacles: tuple[Obstacle, ...]) -> None:
        super().__init__(", ".join(obstacles))
        self.obstacles = obstacles


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What merging would do: counts by name, what is in the way, and which subscriptions go on in either."""

    moved: dict[str, int]
    obstacles: tuple[Obstacle, ...]
    live: tuple[Subscription, ...]
    live_there: tuple[Subscription, ...]


def outlook(source: Organization, target: Organization) -> Outlook:
    """Reads only."""
    live = Subscription.objects.live().select_related("plan", "organization")
    return Outlook(
        moved=merging.counts(source, target) | _counts(source),
        obstacles=tuple(_obstacles(source, target)),
        live=tuple(live.filter(organization=source)),
        live_there=tuple(live.filter(organization=target)),
    )


def merge(
    source: Organization, target: Organization, *, typed_name: str, reason: str, origin: Origin, at: datetime
) -> OrganizationMerge:
    """Merge `source` into `target`. Doing it twice finds the first.

    Raises ValidationError without a reason or for another name than the source's, and InTheWay.
    """
    if typed_name.strip().casefold() != source.name.strip().casefold():
        raise ValidationError({"typed_name": _("This is not the name of the one that goes. Type it as it stands above.")})
    if not reason.strip():
        raise ValidationError({"reason": _("Say who asked, and how you made sure.")})
    with transaction.atomic(durable=True):
        rows = Organization.objects.select_for_update(no_key=True).filter(pk__in=(source.pk, target.pk)).order_by("pk")
        held = {row.pk: row for row in rows}
        known = OrganizationMerge.objects.filter(source=source, target=target).first()
        if known is not None:
            return known
        goes, stays = held[source.pk], held[target.pk]
        if found := tuple(_obstacles(goes, stays)):
            raise InTheWay(found)
        moved = _counts(goes) | merging.move(goes, stays, origin=origin, at=at)
        _move(goes, stays, at)
        made = merging.close(goes, stays, reason=reason.strip(), moved=moved, origin=origin, at=at)
        command = _tell_stripe(goes, stays, origin, at)
    if command is not None:
        commands.execute(command.pk)
    return made


def _obstacles(source: Organization, target: Organization) -> list[Obstacle]:
    of_source: dict[str, Any] = {"organization": source}
    customer = Customer.objects.filter(**of_source).first()
    opening = CheckoutAttempt.objects.filter(**of_source, state__in=(CheckoutState.OPENING, CheckoutState.OPEN))
    owed = Invoice.objects.filter(**of_source, status__in=(InvoiceStatus.OPEN, InvoiceStatus.DRAFT))
    found = {
        Obstacle.SAME: source.pk == target.pk,
        Obstacle.CLOSED: source.closed_at is not None or target.closed_at is not None,
        Obstacle.LIVE: Subscription.objects.live().filter(**of_source).exists(),
        Obstacle.INVOICES: owed.exists() or DunningEpisode.objects.filter(**of_source, closed_at=None).exists(),
        Obstacle.CHECKOUT: opening.exists(),
        Obstacle.COMMAND: StripeCommand.objects.filter(**of_source, state=CommandState.OPEN).exists(),
        Obstacle.CREDIT: customer is not None and customer.balance_minor != 0,
        Obstacle.DISPUTE: bool(disputes.open_of(source)),
    }
    return [obstacle for obstacle, is_there in found.items() if is_there]


def _counts(source: Organization) -> dict[str, int]:
    return {
        "invoices": Invoice.objects.filter(organization=source).count(),
        "quotes_withdrawn": Quote.objects.filter(organization=source, state=QuoteState.OPEN).count(),
        "carts_closed": Cart.objects.filter(organization=source, state=CartState.OPEN).count(),
    }


def _move(source: Organization, target: Organization, at: datetime) -> None:
    """Invoices are read in the one that stays; what was not bought is closed. Subscriptions of the past keep their ledger."""
    taken = Invoice.objects.filter(organization=target, external_id__isnull=False).values_list("external_id", flat=True)
    Invoice.objects.filter(organization=source, external_id__in=list(taken)).update(external_id=None)
    Invoice.objects.filter(organization=source).update(organization=target)
    Cart.objects.filter(organization=source, state=CartState.OPEN).update(state=CartState.REPLACED, updated_at=at)
    withdrawn = {"state": QuoteState.WITHDRAWN, "closed_at": at, "remind_at": None}
    Quote.objects.filter(organization=source, state=QuoteState.OPEN).update(**withdrawn)


def _tell_stripe(source: Organization, target: Organization, origin: Origin, at: datetime) -> StripeCommand | None:
    """The customer that goes says so at Stripe, for whoever looks there. The rest of it stays as it is."""
    customer = Customer.objects.filter(organization=source).first()
    if customer is None:
        return None
    payload = {"customer": customer.stripe_id, "merged_into": target.public_id}
    return commands.open_command(
        kind="customer.merged", target=f"customer:{customer.pk}", organization=target, payload=payload, origin=origin, at=at
    )


class Merged(commands.Handler):
    """The command: `merged_into` in the metadata of the customer that goes."""

    def send(self, command: StripeCommand) -> gateway.Customer:
        asked = command.payload
        params = {"metadata": {"merged_into": asked["merged_into"]}}
        return gateway.update_customer(asked["customer"], params, key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: gateway.Customer, at: datetime) -> dict[str, Any]:
        return {"customer": answer.id}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        data = {"customer": command.payload["customer"], "why": refusal.message}
        journal.append(kind="billing.customer.not_marked", organization=command.organization, at=at, data=data)

    def read_back(self, command: StripeCommand) -> gateway.Customer | None:
        found = gateway.customer(command.payload["customer"])
        return found if gateway.metadata(found, "merged_into") == command.payload["merged_into"] else None
