"""While a charge of a subscription is disputed, Stripe tries none of its open invoices: each try would be disputed, too."""

from datetime import datetime
from typing import Any

from accounts.origin import Origin
from billing import gateway, gateway_disputes
from billing.models import Dispute, Invoice, StripeCommand
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox

COMMAND = "dispute.hold"


def hold(row: Dispute, *, at: datetime) -> None:
    """Have Stripe leave alone what is open of its subscription and is still tried. Call inside a transaction."""
    tried = Invoice.objects.filter(subscription=row.subscription, status="open", next_attempt_at__isnull=False)
    found = tried.exclude(stripe_id__in=row.held).order_by("pk").values_list("stripe_id", flat=True)
    _ask(row, list(found), wanted=False, at=at)


def of_invoice(invoice: Invoice, *, at: datetime) -> None:
    """The same for an invoice that failed while a dispute goes on. One query where none does."""
    if invoice.subscription_id is None:
        return
    row = Dispute.objects.select_for_update().filter(subscription=invoice.subscription_id, closed_at=None).first()
    if row is not None:
        hold(row, at=at)


def look_again(invoice: Invoice) -> None:
    """Stripe told of a dispute before what it is about was booked here: now that an invoice is, look which it is. One query."""
    unplaced = Dispute.objects.filter(organization=invoice.organization_id, subscription=None, closed_at=None)
    for stripe_id in unplaced.order_by("pk").values_list("stripe_id", flat=True):
        inbox.touch(Kind.DISPUTE, stripe_id)


def let_go(row: Dispute, *, at: datetime) -> None:
    """Have it tried again, once no dispute of the subscription goes on."""
    others = Dispute.objects.filter(subscription=row.subscription, closed_at=None).exclude(pk=row.pk)
    if row.held and not others.exists():
        still_open = Invoice.objects.filter(stripe_id__in=row.held, status="open").order_by("pk")
        _ask(row, list(still_open.values_list("stripe_id", flat=True)), wanted=True, at=at)


def _ask(row: Dispute, invoices: list[str], *, wanted: bool, at: datetime) -> None:
    """One command for each set of invoices: Stripe's word comes more than once, and each time asks for the same."""
    if not invoices:
        return
    commands.open_command(
        kind=COMMAND,
        target=f"dispute.hold:{row.pk}:{'on' if wanted else 'off'}:{invoices[0]}",
        organization=row.organization,
        payload={"dispute": row.pk, "invoices": invoices, "wanted": wanted},
        origin=Origin.stripe(),
        at=at,
        idempotency_key=f"{COMMAND}:{row.pk}:{'on' if wanted else 'off'}:{'+'.join(invoices)}"[:200],
        for_the_pulse=True,
    )


class Hold(commands.Handler):
    def send(self, command: StripeCommand) -> list[gateway.Invoice]:
        asked, key = command.payload, command.idempotency_key
        return [
            gateway_disputes.collect_by_itself(one, wanted=asked["wanted"], key=f"{key}:{one}") for one in asked["invoices"]
        ]

    def conclude(self, command: StripeCommand, answer: list[gateway.Invoice], at: datetime) -> dict[str, Any]:
        row = Dispute.objects.select_for_update().get(pk=command.payload["dispute"])
        if not command.payload["wanted"]:
            row.held = [*row.held, *(one for one in command.payload["invoices"] if one not in row.held)]
            row.save(update_fields=["held"])
        for one in command.payload["invoices"]:
            inbox.touch(Kind.INVOICE, one)
        return {}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Paid or given up meanwhile: what is true is read from Stripe."""
        for one in command.payload["invoices"]:
            inbox.touch(Kind.INVOICE, one)

    def read_back(self, command: StripeCommand) -> list[gateway.Invoice] | None:
        found = [gateway.invoice(one) for one in command.payload["invoices"]]
        same = all(one.auto_advance == command.payload["wanted"] for one in found if one.status == "open")
        return found if same else None
