"""How a subscription is paid: by what is on file (a card, a bank account), or on invoice.

What is billed from then on follows; open invoices stay as they are.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from billing import gateway
from billing.models import Collection, Customer, ScheduledState, StripeCommand, Subscription
from billing.queries import payment_terms, pilots
from billing.rules import debits, stripe_events
from billing.rules import payment_terms as rules
from billing.services import commands, inbox
from billing.services.books import days_mails, projection
from billing.services.mirroring import mirror
from billing.services.selling import invoiced


class CollectingError(Exception):
    """A change of how a subscription is paid that can't be made."""


class NotPossible(CollectingError):
    """It has ended, is paused, in a trial or a pilot, or a payment is missing: that comes first."""


class NotAllowed(CollectingError):
    """Who may pay on invoice is agreed with a person."""


class NoCard(CollectingError):
    """There is neither a card nor a bank account to charge: add one first."""


class NoAddress(CollectingError):
    """An invoice is made out to an address: `fields` of the billing details are empty."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(f"Billing details are missing: {', '.join(fields)}.")
        self.fields = fields


def check(row: Subscription, method: Collection, at: datetime) -> None:
    """Whether it may be paid so from now on. Raises the CollectingErrors."""
    if row.status != "active" or row.is_in_trial or pilots.running(row) is not None:
        raise NotPossible("It is not active.")
    if method == Collection.CHARGED:
        if not getattr(row.organization, "customer", Customer()).payment_method_id:
            raise NoCard("Add a card first.")
        return
    if not payment_terms.days(row.organization, at):
        raise NotAllowed("Paying on invoice is agreed with a person.")
    missing = invoiced.missing_details(row.organization)
    if missing:
        raise NoAddress(missing)


def switch(row: Subscription, method: Collection, *, origin: Origin, at: datetime) -> StripeCommand | None:
    """Have it paid so from now on. None: it is already. The command may still be open: Stripe does not answer yet.

    Raises the CollectingErrors, and commands.Busy while another change is being made.
    """
    if row.collection_method == method:
        return None
    check(row, method, at)
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization__customer").get(pk=row.pk)
        check(locked, method, at)
        command = commands.open_command(
            kind="subscription.collect",
            target=mirror.target(locked),
            organization=locked.organization,
            payload=_payload(locked, method, at),
            origin=origin,
            at=at,
        )
    done = commands.execute(command.pk)
    projection.follow(row.pk)
    return done


def set_days(row: Subscription, days: int, *, origin: Origin, at: datetime) -> StripeCommand:
    """Have the next invoices of a subscription that is paid on invoice due after `days`. Raises commands.Busy.

    Who pays hears of it by mail, as nobody of theirs asked for it.
    """
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization__customer").get(pk=row.pk)
        command = commands.open_command(
            kind="subscription.collect",
            target=mirror.target(locked),
            organization=locked.organization,
            payload=_payload(locked, Collection.INVOICED, at) | {"days": days, "days_before": locked.days_until_due},
            origin=origin,
            at=at,
        )
    done = commands.execute(command.pk)
    projection.follow(row.pk)
    return done


def _payload(row: Subscription, method: Collection, at: datetime) -> dict[str, Any]:
    organization = row.organization
    bank = organization.customer.method_kind
    takes = policies.value("billing.bank_transfers", at) and method == Collection.INVOICED
    return {
        "subscription": row.stripe_id,
        "method": method.value,
        "days": payment_terms.days(organization, at) if method == Collection.INVOICED else None,
        "customer": organization.customer.stripe_id,
        "currency": row.currency,
        "charged_by": ["card", *([bank] if bank in debits.DEBITS else [])],
        "bank_transfer": rules.transfer(row.currency, organization.country) if takes else None,
    }


class Switch(commands.Handler):
    """The account for transfers, then the update: nothing is billed by it."""

    def send(self, command: StripeCommand) -> tuple[dict[str, str], gateway.Subscription]:
        asked = command.payload
        account = invoiced.account_of(asked["customer"], asked["currency"], asked["bank_transfer"])
        params: dict[str, Any] = {"collection_method": asked["method"]}
        if asked["method"] == Collection.INVOICED:
            params["days_until_due"] = asked["days"]
            params["payment_settings"] = rules.payment_settings(asked["bank_transfer"] if account else None)
        else:
            # What pays by itself may be a bank account: Stripe would not debit it where cards alone are named.
            params["payment_settings"] = {"payment_method_types": asked.get("charged_by", ["card"])}
        return account, gateway.update_subscription(asked["subscription"], params, key=command.idempotency_key)

    def conclude(
        self, command: StripeCommand, answer: tuple[dict[str, str], gateway.Subscription], at: datetime
    ) -> dict[str, Any]:
        account, made = answer
        row = Subscription.objects.locked().select_related("organization", "price", "plan", "line").get(stripe_id=made.id)
        mirror.copy_fields(row, made, at)
        if account:
            Customer.objects.filter(organization=row.organization).update(bank_account=account)
        if row.schedule_id or row.scheduled.filter(state=ScheduledState.PENDING).exists():
            projection.want(row)  # its phases say how they are paid
        journal.append(
            kind="billing.subscription.collected",
            organization=row.organization,
            at=at,
            origin=command.origin,
            data={"subscription": row.pk, "method": row.collection_method, "days": row.days_until_due},
        )
        if before := command.payload.get("days_before"):
            days_mails.changed(row, command, before=before, at=at)
        return {"method": row.collection_method}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        inbox.touch(stripe_events.Kind.SUBSCRIPTION, command.payload["subscription"])

    def read_back(self, command: StripeCommand) -> tuple[dict[str, str], gateway.Subscription] | None:
        asked = command.payload
        now = gateway.subscription(asked["subscription"])
        if now.collection_method != asked["method"] or (asked["days"] and now.days_until_due != asked["days"]):
            return None
        return invoiced.account_of(asked["customer"], asked["currency"], asked["bank_transfer"]), now
