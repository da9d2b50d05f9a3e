"""Changing the card: Stripe's page in setup mode, then the new card becomes the customer's and the subscriptions' default."""

import contextlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies, profiles
from accounts.services import journal
from billing import gateway
from billing.models import Customer, Invoice, StripeCommand, Subscription
from billing.queries import unpaid
from billing.rules import debits
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox, notices
from billing.services.leaving import resuming
from billing.services.mirroring import mirror, mirror_customers
from config import clock


class NoCustomer(Exception):
    """Nothing was ever bought, so there is nothing to pay with a card yet."""


def start_setup(
    organization: Organization, *, origin: Origin, at: datetime, agreed: resuming.Agreed | None = None, back: str = ""
) -> StripeCommand:
    """Open Stripe's page for a new card. The command's `result["url"]` leads there; open means Stripe does not answer yet.

    `back` is where it leads afterwards; empty: to the store's own page. With `agreed` the paused subscription it is about goes
    on as soon as the card is there, for that amount. A second click while the first is being answered finds the first. Raises
    NoCustomer.
    """
    customer = Customer.objects.filter(organization=organization).first()
    if customer is None:
        raise NoCustomer("Buy a plan first; the card is asked for there.")
    target = f"card:{organization.pk}"
    try:
        with transaction.atomic(durable=True):
            command = commands.open_command(
                kind="card.setup",
                target=target,
                organization=organization,
                payload=_payload(organization, customer, agreed, back, at),
                origin=origin,
                at=at,
            )
    except commands.Busy:
        command = StripeCommand.objects.filter(target=target).latest("pk")
    return commands.execute(command.pk)


def look_up(session_id: str, organization: Organization) -> bool:
    """Ask Stripe how the session went, when the buyer comes back before the event does. Whether the card is in use now."""
    session = gateway.session(session_id)
    if gateway.metadata(session, "organization") != organization.public_id:
        return False
    with transaction.atomic(durable=True):
        apply_setup(session, clock.now())
    command = StripeCommand.objects.filter(idempotency_key=_use_key(session.id)).first()
    if command is None or commands.execute(command.pk).state != "done":
        return False
    going_on = resumption(session_id)
    if going_on is not None:
        commands.execute(going_on.pk)
    elif command.payload["invoices"]:
        inbox.read_now(*command.payload["invoices"], *command.payload["subscriptions"])
    return True


def resumption(session_id: str) -> StripeCommand | None:
    """What became of the agreement that a card page was opened with; None if it was opened for the card alone."""
    command = StripeCommand.objects.filter(idempotency_key=_use_key(session_id)).first()
    return StripeCommand.objects.filter(idempotency_key=_resume_key(command)).first() if command else None


def apply_setup(session: gateway.Session, at: datetime) -> None:
    """Write down that a session's card is to be used, once. Call inside a transaction."""
    organization = Organization.objects.filter(public_id=gateway.metadata(session, "organization")).first()
    intent = session.setup_intent
    if organization is None or session.status != "complete" or intent is None or isinstance(intent, str):
        return
    if StripeCommand.objects.filter(idempotency_key=_use_key(session.id)).exists():
        return
    live = Subscription.objects.live().filter(organization=organization)
    commands.open_command(
        kind="card.use",
        target=f"card.use:{session.id}",
        organization=organization,
        payload={
            "customer": mirror.stripe_id(session.customer),
            "payment_method": mirror.stripe_id(intent.payment_method),
            "subscriptions": list(live.values_list("stripe_id", flat=True)),
            "invoices": list(overdue(organization).values_list("stripe_id", flat=True)),
            "resume": asdict(wanted) if (wanted := resuming.of_metadata(session)) else None,
        },
        origin=Origin.stripe(),
        at=at,
        idempotency_key=_use_key(session.id),
        for_the_pulse=True,
    )


def use_bought(organization: Organization, bought: gateway.Subscription, at: datetime) -> None:
    """Have Stripe make what a purchase was paid with the customer's own, once. Call inside a transaction."""
    commands.open_command(
        kind="card.use",
        target=f"card.use:{bought.id}",
        organization=organization,
        payload={
            "customer": mirror.stripe_id(bought.customer),
            "payment_method": mirror.stripe_id(bought.default_payment_method),
            "subscriptions": [],
            "is_bought": True,
        },
        origin=Origin.stripe(),
        at=at,
        idempotency_key=_use_key(bought.id),
        for_the_pulse=True,
    )


def overdue(organization: Organization) -> QuerySet[Invoice]:
    """What is overdue: what pays from now on is tried on it at once. A change that waits is the buyer's to finish."""
    return unpaid.overdue_of(organization)


def offered(organization: Organization, at: datetime) -> tuple[str, ...]:
    """What may pay from now on: a card, and the bank debit of the organization's currency where the policy has it."""
    lines = policies.value("billing.payment_methods", at, profiles.segment_of(organization))
    return debits.offered(lines, _currency(organization))


def _currency(organization: Organization) -> str:
    known: Customer | None = getattr(organization, "customer", None)
    return organization.currency or (known.balance_currency if known else "") or "usd"


def _resume_key(command: StripeCommand) -> str:
    return f"{resuming.KIND}:card:{command.pk}"


def _use_key(session_id: str) -> str:
    return f"card.use:{session_id}"[:100]


def _payload(
    organization: Organization, customer: Customer, agreed: resuming.Agreed | None, back: str, at: datetime
) -> dict[str, Any]:
    back = back or f"{settings.STORE_URL}/payment-method/"
    currency = _currency(organization)
    return {
        "mode": "setup",
        "ui_mode": "hosted_page",
        "customer": customer.stripe_id,
        "currency": currency,
        "metadata": {"organization": organization.public_id, **(agreed.metadata if agreed else {})},
        "success_url": back + "?session={CHECKOUT_SESSION_ID}",
        "cancel_url": back,
        "locale": organization.locale[:2] or "auto",
        "allowed_payment_method_types": list(offered(organization, at)),
    }


class OpenCardSetup(commands.Handler):
    def send(self, command: StripeCommand) -> gateway.Session:
        return gateway.create_session(command.payload, key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: gateway.Session, at: datetime) -> dict[str, Any]:
        return {"session": answer.id, "url": answer.url}

    def decline(self, command: StripeCommand, decline: gateway.Declined, at: datetime) -> None:
        """Cannot happen: nothing is charged here. The command's own state says enough."""

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Nothing was promised: the page says that the card page could not be opened."""

    def read_back(self, command: StripeCommand) -> None:
        return None


class UseCard(commands.Handler):
    """Make the card the default of the customer and of every live subscription (Checkout had set one on those)."""

    def send(self, command: StripeCommand) -> gateway.Customer:
        asked, key = command.payload, command.idempotency_key
        params = {"invoice_settings": {"default_payment_method": asked["payment_method"]}}
        gateway.update_customer(asked["customer"], params, key=f"{key}:customer")
        for stripe_id in asked["subscriptions"]:
            gateway.update_subscription(
                stripe_id, {"default_payment_method": asked["payment_method"]}, key=f"{key}:{stripe_id}"
            )
        for stripe_id in asked.get("invoices", []):
            # A refusal of this one charge leaves the card in place: the invoice stays open, and its own retries go on.
            with contextlib.suppress(gateway.Declined, gateway.Refused):
                gateway.pay_invoice(stripe_id, {"payment_method": asked["payment_method"]}, key=f"{key}:{stripe_id}")
        return gateway.customer(asked["customer"])

    def conclude(self, command: StripeCommand, answer: gateway.Customer, at: datetime) -> dict[str, Any]:
        mirror_customers.take(answer, at)
        Subscription.objects.filter(stripe_id__in=command.payload["subscriptions"]).update(own_method={})
        for stripe_id in command.payload.get("invoices", []):
            inbox.touch(Kind.INVOICE, stripe_id)
        for stripe_id in command.payload["subscriptions"]:
            inbox.touch(Kind.SUBSCRIPTION, stripe_id)
        journal.append(
            kind="billing.card.changed",
            organization=command.organization,
            at=at,
            origin=Origin.stripe(),
            data={"command": command.pk},
        )
        if command.organization is not None and not command.payload.get("is_bought"):  # who has just paid knows
            notices.card_changed(command.organization, command, at=at)
        if command.payload.get("resume"):
            resuming.open_after_card(command.payload["resume"], key=_resume_key(command), at=at)
        return {}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        inbox.touch(Kind.CUSTOMER, command.payload["customer"])

    def read_back(self, command: StripeCommand) -> gateway.Customer | None:
        now = gateway.customer(command.payload["customer"])
        used = now.invoice_settings.default_payment_method if now.invoice_settings else None
        return now if mirror.stripe_id(used) == command.payload["payment_method"] else None
