"""Staff, or the vendor's programs, give money back: by a credit note on an invoice, or as a credit on the balance.

Complimentary time is worked out beside this (complimentary), and what is beyond somebody's limit waits for a second person
(approving).

What a form shows is Stripe's own preview of the credit note; what is confirmed is that note or nothing. The subscription, its
seats and the ledger stay as they are: MRR is what is sold, not what was given back of it.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.models import ApiKey, Organization, User
from accounts.origin import Origin
from billing import gateway, gateway_refunds
from billing.models import (
    Adjustment,
    AdjustmentKind,
    AdjustmentReason,
    AdjustmentState,
    Customer,
    Invoice,
    StripeCommand,
    Subscription,
)
from billing.queries import giving_back as queries
from billing.rules import giving_back as rule
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox, notices
from billing.services.refunds import adjusting

PROPORTIONAL: Final = frozenset({"duplicate", "fraudulent", "order_change", "product_unsatisfactory"})
# Where Stripe rounds a sum of taxes otherwise than we do, the note is off by so much; the preview tries.
ROUNDINGS: Final = (0, 1, -1, 2, -2)


class GivingError(Exception):
    """Nothing was given, and nothing is under way."""


class NothingLeft(GivingError):
    """Not paid, or all of it has gone back."""


class BadSplit(GivingError):
    """As credit can go less than the whole sum: the card gets the rest."""


class TooMuch(GivingError):
    def __init__(self, left_minor: int) -> None:
        super().__init__(f"Only {left_minor} are left.")
        self.left_minor = left_minor


class BeyondLimit(GivingError):
    def __init__(self, verdict: queries.Verdict) -> None:
        super().__init__("Beyond the limit.")
        self.verdict = verdict


class Changed(GivingError):
    """The figures are not those that were shown any more."""


class NoCustomer(GivingError):
    """The organization has never bought anything: Stripe does not know it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a form says. `nonce` makes two clicks one act; `note` is for us."""

    kind: AdjustmentKind
    amount_minor: int
    reason: AdjustmentReason
    note: str
    nonce: str
    credit_minor: int = 0
    """Of a refund: how much of it goes to the balance instead of the card."""
    external_id: str | None = None
    span: rule.Span | None = None
    """Of complimentary time: how much; its amount is worked out, not said."""


@dataclass(frozen=True, kw_only=True)
class Gift:
    """What is to be given to whom, worked out: `amount_minor` of `currency`, by Stripe's call with `params`."""

    organization: Organization
    wanted: Wanted
    amount_minor: int
    currency: str
    params: dict[str, Any]
    invoice: Invoice | None = None
    subscription: Subscription | None = None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Stripe's preview of the credit note: what goes back, of which lines, with which tax."""

    params: dict[str, Any]
    total_minor: int
    tax_minor: int
    lines: tuple[tuple[str, int], ...]
    """Description, and the amount before discount and tax."""
    discount_minor: int
    left_minor: int
    """What could go back in this way."""


def left(invoice: Invoice, notes: list[gateway.CreditNote], kind: AdjustmentKind, *, credit_minor: int = 0) -> int:
    """What may still go back: of the whole invoice as credit, of what was charged to the card as a refund.

    Of an open invoice what is left to pay can be taken off, and nothing goes back.
    """
    if kind == AdjustmentKind.LOWER:
        return invoice.amount_remaining_minor if invoice.status == "open" else 0
    if invoice.status != "paid":
        return 0
    open_to_credit = invoice.total_minor - sum(note.total for note in notes if note.status == "issued")
    if kind == AdjustmentKind.NOTE:
        return max(open_to_credit, 0)
    return max(min(open_to_credit, invoice.amount_paid_minor - invoice.refunded_minor + credit_minor), 0)


def offer(
    invoice: Invoice, *, kind: AdjustmentKind, amount_minor: int | None, reason: str = "", credit_minor: int = 0
) -> Offer:
    """What giving `amount_minor` (None: all that is left) back of an invoice would be. Asks Stripe; changes nothing.

    Raises NothingLeft, TooMuch, BadSplit, and the gateway's errors.
    """
    notes = gateway_refunds.credit_notes(invoice.stripe_id)
    most = left(invoice, notes, kind, credit_minor=credit_minor)
    if most == 0:
        raise NothingLeft
    wanted = most if amount_minor is None else amount_minor
    if wanted > most:
        raise TooMuch(most)
    if credit_minor and (kind != AdjustmentKind.REFUND or credit_minor >= wanted):
        raise BadSplit
    lines = [_line(line) for line in gateway_refunds.invoice_lines(invoice.stripe_id) if line.amount > 0]
    shares, total = rule.shares(lines, wanted)
    if not shares:
        raise NothingLeft
    asked = [{"type": "invoice_line_item", "invoice_line_item": one.stripe_id, "amount": one.amount_minor} for one in shares]
    params = {"invoice": invoice.stripe_id, "lines": asked, "email_type": "none"}
    if reason in PROPORTIONAL:
        params["reason"] = reason
    return _previewed(params, functools.partial(_ways, kind, credit_minor), total, most)


def of_invoice(invoice: Invoice, wanted: Wanted) -> tuple[Gift, Offer]:
    """The same for what a form says, and what would be given. Raises as `offer`."""
    found = offer(
        invoice,
        kind=wanted.kind,
        amount_minor=wanted.amount_minor,
        reason=wanted.reason,
        credit_minor=wanted.credit_minor,
    )
    gift = Gift(
        organization=invoice.organization,
        wanted=wanted,
        amount_minor=found.total_minor,
        currency=invoice.currency,
        params=found.params,
        invoice=invoice,
    )
    return gift, found


def of_credit(organization: Organization, wanted: Wanted, currency: str) -> Gift:
    """An amount on the customer's balance; the next invoice takes it. Raises NoCustomer."""
    return Gift(
        organization=organization,
        wanted=wanted,
        amount_minor=wanted.amount_minor,
        currency=currency,
        params=on_balance(organization, wanted.amount_minor, currency),
    )


def on_balance(organization: Organization, amount_minor: int, currency: str) -> dict[str, Any]:
    """Stripe's words for a credit. Raises NoCustomer."""
    if not Customer.objects.filter(organization=organization).exists():
        raise NoCustomer
    return {"amount": -amount_minor, "currency": currency, "description": "Credit"}


def _line(line: gateway.InvoiceLine) -> rule.Line:
    taxes = tuple(tax.amount for tax in line.taxes or [] if tax.tax_behavior == "exclusive")
    return rule.Line(line.id, line.amount, tuple(part.amount for part in line.discount_amounts or []), taxes)


def _ways(kind: AdjustmentKind, credit_minor: int, total_minor: int) -> dict[str, int]:
    """Where a note's total goes; nowhere when it lowers what is open."""
    if kind == AdjustmentKind.LOWER:
        return {}
    if kind == AdjustmentKind.NOTE:
        return {"credit_amount": total_minor}
    return {"refund_amount": total_minor - credit_minor} | ({"credit_amount": credit_minor} if credit_minor else {})


def _previewed(params: dict[str, Any], ways: Callable[[int], dict[str, int]], total: int, most: int) -> Offer:
    refusal: gateway.Refused | None = None
    for step in ROUNDINGS:
        full = {**params, **ways(total + step)}
        try:
            shown = gateway_refunds.preview_credit_note(full)
        except gateway.Refused as error:
            refusal = refusal or error
            continue
        return Offer(
            params=full,
            total_minor=shown.total,
            tax_minor=sum(tax.amount for tax in shown.total_taxes or []),
            lines=tuple((line.description or "", line.amount) for line in shown.lines.data),
            discount_minor=shown.discount_amount,
            left_minor=most,
        )
    raise refusal or NothingLeft


def known(nonce: str) -> Adjustment | None:
    """What an earlier click of the same form made."""
    return Adjustment.objects.filter(nonce=nonce).first()


def give_back(
    invoice: Invoice, *, wanted: Wanted, shown_minor: int, origin: Origin, at: datetime, key: ApiKey | None = None
) -> Adjustment:
    """Issue the credit note that was shown, for a person (`origin.actor`) or a vendor's `key`. A second click gets the row.

    Raises Changed when Stripe's figures are others than those shown, what `offer` raises, and as `give`.
    """
    if (earlier := known(wanted.nonce)) is not None:
        return earlier
    gift, _shown = of_invoice(invoice, wanted)
    if gift.amount_minor != shown_minor:
        raise Changed
    return give(gift, origin=origin, at=at, key=key)


def check(
    giver: User | ApiKey, organization: Organization, *, amount_minor: int, currency: str, at: datetime
) -> queries.Verdict:
    """The verdict on an amount. Raises BeyondLimit, and rule.NoRate."""
    verdict = queries.verdict(giver, organization, cents=queries.us_cents(amount_minor, currency, at), at=at)
    if not verdict.is_allowed:
        raise BeyondLimit(verdict)
    return verdict


def give(gift: Gift, *, origin: Origin, at: datetime, key: ApiKey | None = None) -> Adjustment:
    """Breath 1, then the others. The customer's row is held meanwhile: two acts at once can't both fit into one month.

    Raises BeyondLimit, rule.NoRate, and commands.Busy while another act on the invoice is under way.
    """
    giver = origin.actor or key
    assert giver is not None
    with transaction.atomic(durable=True):
        customer = Customer.objects.select_for_update().get(organization=gift.organization)
        if (earlier := known(gift.wanted.nonce)) is not None:
            return earlier
        verdict = check(giver, gift.organization, amount_minor=gift.amount_minor, currency=gift.currency, at=at)
        row = row_of(gift, AdjustmentState.SENDING, cents=verdict.cents, origin=origin, at=at, key=key)
        row.save()
        send(row, gift.params, customer, origin=origin, at=at)
        adjusting.tell("billing.adjustment.asked", row, origin=origin, at=at)
    return carried_out(row)


def row_of(
    gift: Gift, state: AdjustmentState, *, cents: int, origin: Origin, at: datetime, key: ApiKey | None = None
) -> Adjustment:
    """The row of a gift, not saved."""
    wanted, span = gift.wanted, gift.wanted.span
    return Adjustment(
        organization=gift.organization,
        invoice=gift.invoice,
        subscription=gift.subscription,
        kind=wanted.kind,
        amount_minor=gift.amount_minor,
        credit_minor=wanted.credit_minor,
        time_count=span.count if span else None,
        time_unit=span.unit if span else "",
        currency=gift.currency,
        us_cents=cents,
        reason=wanted.reason,
        note=wanted.note,
        nonce=wanted.nonce,
        state=state,
        external_id=wanted.external_id,
        actor=origin.actor,
        api_key=None if origin.actor else key,
        created_at=at,
    )


def send(row: Adjustment, params: dict[str, Any], customer: Customer, *, origin: Origin, at: datetime) -> None:
    """Open the command of a saved row, in the caller's transaction. Raises commands.Busy."""
    full = {**params, "metadata": {"adjustment": str(row.pk)}}
    row.command = commands.open_command(
        kind="adjustment.credit" if row.invoice_id is None else "adjustment.note",
        target=f"adjustment:{row.pk}" if row.invoice_id is None else f"adjustment:invoice:{row.invoice_id}",
        organization=row.organization,
        payload={"adjustment": row.pk, "customer": customer.stripe_id, "params": full},
        origin=origin,
        at=at,
        idempotency_key=f"adjustment:{row.nonce}",
    )
    row.save(update_fields=["command"])


def carried_out(row: Adjustment) -> Adjustment:
    """The row once its command was sent."""
    assert row.command is not None
    commands.execute(row.command.pk)
    row.refresh_from_db()
    return row


class Note(commands.Handler):
    """Issue the credit note; Stripe refunds the card or moves the balance with it."""

    def send(self, command: StripeCommand) -> gateway.CreditNote:
        return gateway_refunds.create_credit_note(command.payload["params"], key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: gateway.CreditNote, at: datetime) -> dict[str, Any]:
        row = adjusting.done(command, answer.id, at)
        for kind, key in ((Kind.CREDIT_NOTE, answer.id), (Kind.CUSTOMER, command.payload["customer"])):
            inbox.touch(kind, key)
        assert row.invoice is not None
        inbox.touch(Kind.INVOICE, row.invoice.stripe_id)
        return {"credit_note": answer.id}

    def decline(self, command: StripeCommand, decline: gateway.Declined, at: datetime) -> None:
        adjusting.failed(command, decline, at)

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        adjusting.failed(command, refusal, at)

    def read_back(self, command: StripeCommand) -> gateway.CreditNote | None:
        made = gateway_refunds.credit_notes(command.payload["params"]["invoice"])
        return next((note for note in made if adjusting.is_of(command, note)), None)


class Credit(commands.Handler):
    """Put it on the balance."""

    def send(self, command: StripeCommand) -> gateway.BalanceTransaction:
        return gateway_refunds.credit(command.payload["customer"], command.payload["params"], key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: gateway.BalanceTransaction, at: datetime) -> dict[str, Any]:
        row = adjusting.done(command, answer.id, at)
        inbox.touch(Kind.CUSTOMER, command.payload["customer"])
        notices.credited(row, at=at)
        return {"balance_transaction": answer.id}

    def decline(self, command: StripeCommand, decline: gateway.Declined, at: datetime) -> None:
        adjusting.failed(command, decline, at)

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        adjusting.failed(command, refusal, at)

    def read_back(self, command: StripeCommand) -> gateway.BalanceTransaction | None:
        made = gateway_refunds.balance_transactions(command.payload["customer"])
        return next((one for one in made if adjusting.is_of(command, one)), None)
