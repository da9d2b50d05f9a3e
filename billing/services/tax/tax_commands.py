"""The commands behind taxes: telling Stripe how a customer is taxed, and keeping and removing its ids."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.services import journal
from billing import gateway, gateway_invoices, gateway_tax
from billing.models import StripeCommand, Subscription, TaxId, TaxIdState, TaxStanding
from billing.rules import purchase_orders
from billing.services import commands
from billing.services.books import projection, tax_standings
from billing.services.mirroring import mirror, tax_ids
from config import clock

# After a refusal a person may have to complete the address first; nothing else of the subscription waits for it.
AFTER_REFUSAL = timedelta(hours=6)
# Of an increase that nobody here began, and that waits for its payment at Stripe.
WHILE_WAITING = timedelta(minutes=10)
# The ends of subscriptions that no setting reaches any more.
ENDED = {"canceled", "incomplete_expired"}


@dataclass(frozen=True)
class Applied:
    """The subscriptions that were set, and those left alone because an increase waits there for its payment."""

    done: list[str]
    left: list[str]


class Apply(commands.Handler):
    """The customer's name, address, purchase order and exemption, then rate or Stripe Tax on each live subscription.

    Nothing is prorated. What was billed keeps the tax of its day; the next charge and what is given back later follow from
    Stripe's own books.
    """

    def send(self, command: StripeCommand) -> Applied:
        asked, key = command.payload, command.idempotency_key
        gateway.update_customer(asked["customer"], asked["params"], key=f"{key}:customer")
        for draft in asked.get("drafts", []):
            with contextlib.suppress(gateway.Refused):  # finalized meanwhile: it stays as it is
                gateway_invoices.update_invoice(draft, asked["params"]["invoice_settings"], key=f"{key}:{draft}")
        done, left = [], []
        for stripe_id in asked["subscriptions"]:
            now = gateway.subscription_terms(stripe_id)
            if now.status in ENDED or _agrees(now, asked):
                continue
            if now.pending_update is not None:
                left.append(stripe_id)
                continue
            gateway.update_subscription(stripe_id, _settings(asked), key=f"{key}:{stripe_id}")
            done.append(stripe_id)
        return Applied(done, left)

    def conclude(self, command: StripeCommand, answer: Applied, at: datetime) -> dict[str, Any]:
        row = TaxStanding.objects.select_for_update(of=("self",)).get(pk=command.payload["standing"])
        if answer.left:
            row.due_at = clock.wall() + WHILE_WAITING
        else:
            row.done = max(row.done, command.payload["wanted"])
        row.message = ""
        row.save(update_fields=["done", "due_at", "message"])
        for held in Subscription.objects.locked().filter(stripe_id__in=answer.done).exclude(schedule_id=""):
            # The phases that wait name the old settings.
            projection.want(held)
        return {"subscriptions": answer.done, "left": answer.left}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Stripe Tax needs an address that it knows: the page says so; a changed address is sent at once."""
        TaxStanding.objects.filter(pk=command.payload["standing"]).update(
            due_at=clock.wall() + AFTER_REFUSAL, message=refusal.message[:300]
        )
        journal.append(
            kind="billing.tax.refused",
            organization=command.organization,
            at=at,
            data={"command": command.pk, "why": refusal.code},
        )

    def read_back(self, command: StripeCommand) -> Applied | None:
        """Every step may be repeated under a new command: done only if all of it is so."""
        asked = command.payload
        customer = gateway.customer(asked["customer"])
        if not _is_told(customer, asked["params"]):
            return None
        found = [gateway.subscription_terms(stripe_id) for stripe_id in asked["subscriptions"]]
        is_done = all(now.status in ENDED or _agrees(now, asked) for now in found)
        return Applied(asked["subscriptions"], []) if is_done else None


def _is_told(customer: gateway.Customer, wanted: dict[str, Any]) -> bool:
    held = customer.invoice_settings.custom_fields if customer.invoice_settings else None
    order = purchase_orders.read(held)
    fields = wanted["invoice_settings"]["custom_fields"] if "invoice_settings" in wanted else None
    is_order = fields is None or order == next((field["value"] for field in fields), "")
    is_exempt = customer.tax_exempt == wanted.get("tax_exempt", customer.tax_exempt)
    return bool(customer.name == wanted["name"] and is_exempt and is_order)


def _agrees(now: gateway.Subscription, asked: dict[str, Any]) -> bool:
    rates = [mirror.stripe_id(rate) for rate in now.default_tax_rates or []]
    return bool(rates == asked["rates"] and now.automatic_tax.enabled == asked["is_automatic"])


def _settings(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "default_tax_rates": asked["rates"] or "",
        "automatic_tax": {"enabled": asked["is_automatic"]},
        "proration_behavior": "none",
    }


class AddId(commands.Handler):
    def send(self, command: StripeCommand) -> gateway.TaxId:
        asked = command.payload
        params = {"type": asked["type"], "value": asked["value"]}
        return gateway_tax.create_tax_id(asked["customer"], params, key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: gateway.TaxId, at: datetime) -> dict[str, Any]:
        row = TaxId.objects.select_for_update(of=("self",)).select_related("organization").get(pk=command.payload["tax_id"])
        tax_ids.copy(row, answer)
        tax_standings.settle(row.organization, at)
        return {"tax_id": answer.id}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        row = TaxId.objects.select_for_update(of=("self",)).select_related("organization").get(pk=command.payload["tax_id"])
        row.state, row.message = TaxIdState.REFUSED, refusal.message[:300]
        row.save(update_fields=["state", "message"])
        tax_standings.settle(row.organization, at)

    def read_back(self, command: StripeCommand) -> gateway.TaxId | None:
        asked = command.payload
        found = gateway_tax.tax_ids(asked["customer"])
        return next((one for one in found if (one.type, one.value) == (asked["type"], asked["value"])), None)


class RemoveId(commands.Handler):
    def send(self, command: StripeCommand) -> str:
        asked = command.payload
        with contextlib.suppress(gateway.NotFound):
            gateway_tax.delete_tax_id(asked["customer"], asked["stripe_id"], key=command.idempotency_key)
        return str(asked["stripe_id"])

    def conclude(self, command: StripeCommand, answer: str, at: datetime) -> dict[str, Any]:
        row = TaxId.objects.select_for_update(of=("self",)).select_related("organization").get(pk=command.payload["tax_id"])
        if row.removed_at is None:
            tax_ids.forget(row, at)
        return {"tax_id": answer}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """It stays, and the page shows it: whoever wanted it gone can try again."""

    def read_back(self, command: StripeCommand) -> str | None:
        asked = command.payload
        is_there = any(one.id == asked["stripe_id"] for one in gateway_tax.tax_ids(asked["customer"]))
        return None if is_there else str(asked["stripe_id"])
