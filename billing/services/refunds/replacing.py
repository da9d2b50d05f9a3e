"""A final invoice that names a wrong address or purchase order: a credit note and a new invoice, in one step.

Stripe revises no invoice of a subscription (docs.stripe.com, "Edit invoices"), so the new one is made by hand of the old one's
lines, for exactly its total; a credit note takes back the old one. Of an open invoice the note lowers what is owed to nothing,
and the new one is due when the old one was. Of a paid one the note's credit pays the new one at once. No money moves, neither
seats nor revenue: it is the same sale on another piece of paper. Of one that was lowered or credited in part, the rest of each
line is taken back and invoiced anew. Source: docs/decisions/paying-by-invoice.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from accounts.origin import Origin
from accounts.services import journal
from billing import gateway, gateway_invoices, gateway_refunds
from billing.models import AdjustmentKind, BillingDetails, Invoice, InvoiceStatus, StripeCommand
from billing.queries import tax as tax_queries
from billing.rules import purchase_orders, rounding
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.mirroring import mirror
from billing.services.refunds import giving_back
from billing.services.tax import tax_details

KIND: Final = "invoice.replace"
# What may be another: not the country, which decides on the tax.
CORRECTED: Final = ("legal_name", "line1", "line2", "postal_code", "city", "state", "purchase_order")


class ReplacingError(Exception):
    """An invoice that cannot be replaced here."""


class NotReplaceable(ReplacingError):
    """It is a draft, void or written off; replaced, given back whole or refunded already; or partly paid, from credit too."""


class OthersOnly(ReplacingError):
    """It is paid: one of the vendor's people replaces it."""


class NothingChanged(ReplacingError):
    """It would name just what the old one names."""


def check(invoice: Invoice, *, is_staff: bool) -> None:
    """Whether it may be replaced. Raises NotReplaceable and OthersOnly. One query."""
    is_refunded = invoice.refunded_minor or invoice.charged_back_minor
    is_plain = invoice.starting_balance_minor == (invoice.ending_balance_minor or 0) and invoice.total_minor > 0
    if is_refunded or not is_plain or invoice.subscription is None:
        raise NotReplaceable("It can't be replaced here.")
    if Invoice.objects.filter(replaces=invoice).exists():
        raise NotReplaceable("It was replaced already.")
    if invoice.status == InvoiceStatus.PAID:
        if not is_staff:
            raise OthersOnly("It is paid.")
    elif invoice.status != InvoiceStatus.OPEN or not invoice.is_sent or invoice.amount_paid_minor:
        raise NotReplaceable("It is not open as it was sent.")


def rest_minor(invoice: Invoice) -> int:
    """What the new one would come to: what was not lowered or credited yet. One query of a paid one."""
    if invoice.status == InvoiceStatus.OPEN:
        return invoice.amount_remaining_minor
    given = sum(invoice.credit_notes.filter(status="issued").values_list("total_minor", flat=True))
    return invoice.total_minor - given


def replace(
    invoice: Invoice, said: dict[str, str], *, nonce: str, origin: Origin, at: datetime, is_staff: bool = False
) -> StripeCommand:
    """Correct the billing details (`said`: of CORRECTED) and replace the invoice. The same nonce again is the same act.

    The details are kept for later invoices too. Returns the command: done with the new invoice's id in its result, failed with
    the reason, or still open while Stripe does not answer. Raises the ReplacingErrors, commands.Busy and the gateway's errors.
    """
    key = f"{KIND}:{nonce}"
    known = commands.known(key)
    if known is not None:
        return commands.execute(known.pk)
    check(invoice, is_staff=is_staff)
    wanted = {name: value for name, value in said.items() if name in CORRECTED}
    is_other_order = purchase_orders.clean(wanted.get("purchase_order", invoice.purchase_order)) != invoice.purchase_order
    changed = tax_details.save(invoice.organization, wanted, origin=origin, at=at)
    if not changed and not is_other_order and not _is_older(invoice):
        raise NothingChanged("Nothing would be another.")
    note = _rest(invoice)
    command = _open(invoice, wanted, note, key=key, origin=origin, at=at, is_staff=is_staff)
    done = commands.execute(command.pk)
    if done.state == "done":
        inbox.read_now(invoice.stripe_id, str(done.result["invoice"]), str(done.result["credit_note"]))
    return done


def _rest(invoice: Invoice) -> giving_back.Offer:
    """A credit note over all that is left of it. Raises NotReplaceable and the gateway's errors."""
    kind = AdjustmentKind.NOTE if invoice.status == InvoiceStatus.PAID else AdjustmentKind.LOWER
    try:
        note = giving_back.offer(invoice, kind=kind, amount_minor=None)
    except giving_back.NothingLeft as error:
        raise NotReplaceable("It was given back whole.") from error
    if note.total_minor != note.left_minor:
        raise NotReplaceable("A credit note would not take back all of it.")
    return note


def _is_older(invoice: Invoice) -> bool:
    """Whether the details were changed since it was made: it names what stood there then. Stripe tells whole seconds."""
    since = invoice.issued_at + timedelta(seconds=1)
    return BillingDetails.objects.filter(organization=invoice.organization, updated_at__gte=since).exists()


def _open(
    invoice: Invoice, wanted: dict[str, str], note: giving_back.Offer, *, key: str, origin: Origin, at: datetime, is_staff: bool
) -> StripeCommand:
    with transaction.atomic(durable=True):
        held = Invoice.objects.select_for_update(of=("self",)).select_related("subscription__price", "organization__customer")
        row = held.get(pk=invoice.pk)
        check(row, is_staff=is_staff)
        order = tax_queries.purchase_order(row.organization)
        return commands.open_command(
            kind=KIND,
            target=f"adjustment:invoice:{row.pk}",
            organization=row.organization,
            payload={
                "invoice": row.stripe_id,
                "number": row.number,
                "customer": row.organization.customer.stripe_id,
                "custom_fields": purchase_orders.fields(wanted.get("purchase_order", order), row.organization.locale),
                "due_at": int(row.due_at.timestamp()) if row.due_at and row.status == InvoiceStatus.OPEN else None,
                "total_minor": note.total_minor,
                "is_rest": note.total_minor != row.total_minor,
                "note": {**note.params, "metadata": {"replacement": row.stripe_id}},
            },
            origin=origin,
            at=at,
            idempotency_key=key,
        )


@dataclass(frozen=True, kw_only=True)
class Replaced:
    invoice: gateway.Invoice
    credit_note: gateway.CreditNote


class Replace(commands.Handler):
    """The new one as a draft; the note; then it is final. Before the note nothing has happened that could not be dropped."""

    def send(self, command: StripeCommand) -> Replaced:
        asked, key = command.payload, command.idempotency_key
        old = gateway.invoice(asked["invoice"])
        draft = gateway_invoices.create_invoice(_of_old(old, asked, command.first_sent_at), key=f"{key}:draft")
        assert draft.id is not None
        now = gateway.invoice(draft.id)
        if now.status == "draft":
            for line in gateway_refunds.invoice_lines(asked["invoice"]):
                if (item := _item(line, asked)) is not None:
                    gateway_invoices.add_item({**item, "invoice": draft.id}, key=f"{key}:{line.id}")
            now = gateway.invoice(draft.id)
            if now.total != asked["total_minor"]:
                gateway_invoices.delete_draft(draft.id, key=f"{key}:delete")
                raise gateway.Refused(f"The new invoice would come to {now.total} instead of {asked['total_minor']}.")
        note = gateway_refunds.create_credit_note(asked["note"], key=f"{key}:note")
        if now.status == "draft":
            now = gateway_invoices.finalize_invoice(draft.id, key=f"{key}:final")
        return Replaced(invoice=now, credit_note=note)

    def conclude(self, command: StripeCommand, answer: Replaced, at: datetime) -> dict[str, Any]:
        old = Invoice.objects.select_related("organization").get(stripe_id=command.payload["invoice"])
        for kind, key in (
            (Kind.INVOICE, str(answer.invoice.id)),
            (Kind.INVOICE, old.stripe_id),
            (Kind.CREDIT_NOTE, answer.credit_note.id),
            (Kind.CUSTOMER, command.payload["customer"]),
        ):
            inbox.touch(kind, key)
        journal.append(
            kind="billing.invoice.replaced",
            organization=old.organization,
            at=at,
            origin=command.origin,
            data={"invoice": old.pk, "number": old.number, "by": answer.invoice.number, "note": answer.credit_note.number},
        )
        return {"invoice": answer.invoice.id, "credit_note": answer.credit_note.id}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """The old one stands, unless the note was made: then a person looks at it (the admin lists failed commands)."""
        inbox.touch(Kind.INVOICE, command.payload["invoice"])

    def read_back(self, command: StripeCommand) -> Replaced | None:
        """The note and the invoice that name the old one in their metadata; a note without its invoice is a person's work."""
        asked = command.payload
        notes = gateway_refunds.credit_notes(asked["invoice"])
        note = next((one for one in notes if gateway.metadata(one, "replacement") == asked["invoice"]), None)
        found, _more = gateway.invoices({"customer": asked["customer"], "limit": 100})
        made = next((one for one in found if gateway.metadata(one, "replaces") == asked["invoice"]), None)
        is_whole = note is not None and made is not None and made.status != "draft"
        return Replaced(invoice=made, credit_note=note) if is_whole and made and note else None


def _of_old(old: gateway.Invoice, asked: dict[str, Any], sent_at: datetime | None) -> dict[str, Any]:
    """The draft: what Stripe takes over of the customer by itself (name, address, tax ids) is as it was corrected."""
    due_at = asked["due_at"]
    is_past = due_at is not None and sent_at is not None and due_at <= sent_at.timestamp()
    how: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 1}
    if due_at is not None and not is_past:
        how = {"collection_method": "send_invoice", "due_date": due_at}
    settings = old.payment_settings
    types = list(settings.payment_method_types or []) if settings else []
    options = settings.payment_method_options.to_dict() if settings and settings.payment_method_options else {}
    transfer = {name: value for name, value in options.items() if name == "customer_balance" and value}
    return {
        "customer": asked["customer"],
        "currency": old.currency,
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "automatic_tax": {"enabled": old.automatic_tax.enabled},
        "custom_fields": asked["custom_fields"],
        "description": f"Replaces invoice {asked['number']}.",
        "metadata": {"replaces": asked["invoice"]},
        **({"payment_settings": {"payment_method_types": types, "payment_method_options": transfer}} if transfer else {}),
        **how,
    }


def _item(line: gateway.InvoiceLine, asked: dict[str, Any]) -> dict[str, Any] | None:
    """A line as it was billed, after its discounts, with its own tax; None: nothing is left of it."""
    net = _net(line, asked)
    if net is None:
        return None
    rates = [mirror.stripe_id(tax.tax_rate_details.tax_rate) for tax in line.taxes or [] if tax.tax_rate_details]
    return {
        "customer": asked["customer"],
        **_sum(line, net),
        "currency": line.currency,
        "description": line.description or "",
        "period": {"start": line.period.start, "end": line.period.end},
        "discountable": False,
        **({"tax_rates": rates} if rates else {}),
    }


def _net(line: gateway.InvoiceLine, asked: dict[str, Any]) -> int | None:
    """What a line comes to without tax. Where a part was taken off before, what the note takes back (no lines of credit)."""
    discounts = [part.amount for part in line.discount_amounts or []]
    if not asked.get("is_rest"):
        return line.amount - sum(discounts)
    part = next((int(one["amount"]) for one in asked["note"]["lines"] if one["invoice_line_item"] == line.id), 0)
    return part - sum(rounding.divide(one * part, line.amount) for one in discounts) if part else None


def _sum(line: gateway.InvoiceLine, net: int) -> dict[str, Any]:
    """So many at so much, where the line says so and it comes to `net`; else the amount alone."""
    quantity = line.quantity or 0
    unit = line.pricing.unit_amount_decimal if line.pricing else None
    if quantity < 1 or unit is None or Decimal(unit) * quantity != line.amount or (net != line.amount and net % quantity):
        return {"amount": net}
    each = Decimal(unit) if net == line.amount else Decimal(net // quantity)
    return {"quantity": quantity, "unit_amount_decimal": each}
