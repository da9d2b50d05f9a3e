"""Ending at once: for owners, with unused time given back if the policy says so; for whoever may cancel where a payment is
missing, which stops it being tried, and settles what is open.

Priced by Stripe, confirmed by a token, and one command: cancelled first, so that nothing is charged any more, then the open
invoices, then what Stripe's proration is short of what was agreed to.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies, profiles
from accounts.services import journal
from billing import gateway, gateway_endings
from billing.models import (
    CancelReason,
    ChangeState,
    Invoice,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatChange,
    StripeCommand,
    Subscription,
)
from billing.queries import pilots, unpaid
from billing.rules import endings as rules
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import leaving_mails
from billing.services.changes import committed, seats
from billing.services.leaving import unused_time
from billing.services.leaving.unused_time import Credit
from billing.services.mirroring import mirror

KIND: Final = "subscription.end"
WHAT: Final = "end"
# Stripe's own words for why.
FEEDBACK: Final = {
    CancelReason.PRICE: "too_expensive",
    CancelReason.UNUSED: "unused",
    CancelReason.MISSING: "missing_features",
    CancelReason.SWITCHED: "switched_service",
    CancelReason.QUALITY: "low_quality",
    CancelReason.SERVICE: "customer_service",
}


class OwnersOnly(seats.SeatsError):
    """Ending what is paid for before its period is over is for owners; whoever may cancel can end it with the period."""


class BankAtWork(seats.SeatsError):
    """`invoice` is being debited: nothing is given back of what has not arrived. It ends with the period, or at once then."""

    def __init__(self, invoice: Invoice) -> None:
        super().__init__(f"Invoice {invoice} is being debited.")
        self.invoice = invoice


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What ending at once gives back and settles, and the token that confirms exactly that until `expires_at`."""

    credit: Credit
    terms: rules.Terms
    invoices: tuple[Invoice, ...]
    token: str
    expires_at: datetime


def offer(row: Subscription, *, is_owner: bool, at: datetime) -> Offer:
    """One Stripe call at most; nothing is written.

    Raises seats.NotLive, seats.InPilot, OwnersOnly, BankAtWork, committed.Committed, and the gateway's errors.
    """
    facts = _facts(row)
    _check(row, facts, is_owner=is_owner)
    terms = _terms(row, facts, at)
    credit = _price(row, terms)
    return Offer(
        credit=credit,
        terms=terms,
        invoices=tuple(unpaid.open_invoices(row)) if terms.invoices is not rules.OpenInvoices.NONE else (),
        token=unused_time.sign(row, WHAT, credit, terms=[terms.gives_back, terms.invoices]),
        expires_at=at + unused_time.holds(at),
    )


def of_token(organization: Organization, token: str) -> Subscription | None:
    """The organization's subscription that a token is about, also when it has ended: whoever asks twice hears how it went."""
    rows = Subscription.objects.filter(organization=organization, pk=unused_time.subscription_of(token))
    return rows.select_related("organization__customer", "plan", "price", "line").first()


def end(
    row: Subscription,
    *,
    token: str,
    is_owner: bool,
    reason_code: CancelReason,
    reason: str,
    origin: Origin,
    at: datetime,
    external_id: str | None = None,
) -> StripeCommand:
    """End it now, as agreed; the same token again finds the same command: done, failed, or still open.

    Raises what `offer` raises, seats.Stale when something but the time has changed, and commands.Busy.
    """
    wanted = unused_time.agreed(row, WHAT, token, at)
    key = f"{KIND}:{wanted.nonce}"
    said = {"reason_code": reason_code, "reason": reason[:200], "external_id": external_id}

    def begin() -> StripeCommand:
        facts = _facts(row)
        _check(row, facts, is_owner=is_owner)
        terms = _terms(row, facts, at)
        unused_time.check_same(row, wanted)
        if wanted.more["terms"] != [terms.gives_back, terms.invoices]:
            raise seats.Stale
        unused_time.check_price(wanted, _price(row, terms))
        return _open(row, wanted, terms, said, key=key, origin=origin, at=at)

    command = commands.known_or_opened(key, begin, overtaken=(seats.SeatsError, commands.Busy, gateway.Refused))
    ended = commands.execute(command.pk)
    inbox.read_now(*ended.result.get("touched", ()))
    return ended


def _facts(row: Subscription) -> rules.Facts:
    found = unpaid.open_invoices(row)
    return rules.Facts(
        status=unpaid.status(row),
        is_in_trial=row.is_in_trial,
        owes=found.exists(),
        is_overdue=unpaid.overdue(row).exists(),
    )


def _check(row: Subscription, facts: rules.Facts, *, is_owner: bool) -> None:
    if not row.is_live:
        raise seats.NotLive("The subscription has ended.")
    if pilots.running(row) is not None:
        raise seats.InPilot("A pilot ends by itself.")
    if not is_owner and not rules.may_anybody(facts):
        raise OwnersOnly("An owner may end it at once.")
    if not rules.may_anybody(facts):
        committed.check_now(row)
        if (debited := unpaid.at_the_bank(row)) is not None:
            raise BankAtWork(debited)


def _terms(row: Subscription, facts: rules.Facts, at: datetime) -> rules.Terms:
    segment = profiles.segment(row.organization_id)
    return rules.terms(
        facts,
        gives_back=policies.value("billing.end_now_gives_back", at, segment),
        voids=policies.value("billing.end_now_voids_invoices", at, segment),
    )


def _price(row: Subscription, terms: rules.Terms) -> Credit:
    if not terms.gives_back:
        return Credit(currency=row.currency)
    return unused_time.ask(row, unused_time.OF_ENDING)


def _open(
    row: Subscription,
    wanted: unused_time.Agreed,
    terms: rules.Terms,
    said: dict[str, Any],
    *,
    key: str,
    origin: Origin,
    at: datetime,
) -> StripeCommand:
    """Breath 1, under the subscription's lock."""
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization").get(pk=row.pk)
        unused_time.check_same(locked, wanted)
        under_way = SeatChange.objects.filter(subscription=locked, state__in=(ChangeState.SENDING, ChangeState.WAITING))
        payload = {
            "subscription": locked.stripe_id,
            "gives_back": terms.gives_back,
            "agreed_minor": wanted.credit_minor,
            "invoices": terms.invoices,
            "dropped": list(under_way.exclude(stripe_invoice_id="").values_list("stripe_invoice_id", flat=True)),
            "latest": locked.latest_invoice_id,
            **said,
        }
        return commands.open_command(
            kind=KIND,
            target=mirror.target(locked),
            organization=locked.organization,
            payload=payload,
            origin=origin,
            at=at,
            idempotency_key=key,
        )


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """What Stripe holds afterwards."""

    subscription: gateway.Subscription
    settled: tuple[str, ...]
    given_minor: int


class End(commands.Handler):
    """The command. Each step looks first, so that it can be sent again after any of them."""

    def send(self, command: StripeCommand) -> _Ended:
        asked, key = command.payload, command.idempotency_key
        now = gateway.subscription(asked["subscription"])
        if now.status != "canceled":
            held = mirror.stripe_id(now.schedule)
            if held:
                gateway.release_schedule(held, key=f"{key}:release")
            gateway.cancel_subscription(now.id, self._how(asked), key=key)
            now = gateway.subscription(now.id)
        settled = [self._settle(invoice, asked, key) for invoice in gateway_endings.open_invoices(now.id)]
        given = 0
        if asked["gives_back"]:
            given = unused_time.make_up(now, agreed_minor=asked["agreed_minor"], before=asked["latest"], key=key)
        return _Ended(subscription=now, settled=tuple(filter(None, settled)), given_minor=given)

    def _how(self, asked: dict[str, Any]) -> dict[str, Any]:
        gives_back = asked["gives_back"]
        feedback = FEEDBACK.get(asked["reason_code"], "other")
        return {"invoice_now": gives_back, "prorate": gives_back, "cancellation_details": {"feedback": feedback}}

    def _settle(self, invoice: gateway.Invoice, asked: dict[str, Any], key: str) -> str:
        """What is open is voided or written off, as agreed; what only waited for its payment is always void."""
        assert invoice.id is not None
        if asked["invoices"] == rules.OpenInvoices.WRITTEN_OFF and invoice.id not in asked["dropped"]:
            gateway_endings.write_off(invoice.id, key=f"{key}:off:{invoice.id}")
        elif asked["invoices"] != rules.OpenInvoices.NONE or invoice.id in asked["dropped"]:
            gateway.void_invoice(invoice.id, key=f"{key}:void:{invoice.id}")
        else:
            return ""
        return invoice.id

    def conclude(self, command: StripeCommand, answer: _Ended, at: datetime) -> dict[str, Any]:
        asked, origin = command.payload, command.origin
        rows = Subscription.objects.locked().select_related("organization", "plan", "price", "line")
        row = rows.get(stripe_id=asked["subscription"])
        ended_at = mirror.instant(answer.subscription.ended_at) or at
        open_states = (ScheduledState.PENDING, ScheduledState.BOOKED)
        before = row.scheduled.filter(kind=ScheduledKind.END, state__in=open_states)
        before.update(state=ScheduledState.SUPERSEDED, ended_at=at, ended_by=origin.actor)
        settled = list(Invoice.objects.filter(stripe_id__in=answer.settled).order_by("issued_at", "pk"))
        leaving_mails.ended_now(row, given_minor=answer.given_minor, settled=settled, how=asked["invoices"], at=ended_at)
        mirror.take(row, answer.subscription, at)
        change = _decided(row, command, ended_at)
        _tell(row, change, answer, origin, at)
        touched = [mirror.stripe_id(answer.subscription.latest_invoice), *answer.settled]
        for one in filter(None, touched):
            inbox.touch(Kind.INVOICE, one)
        inbox.touch(Kind.CUSTOMER, mirror.stripe_id(answer.subscription.customer))
        return {"given_minor": answer.given_minor, "touched": [*filter(None, touched)], "change": change.public_id}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Stripe's side is not as we think: what is true is read from it."""
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])

    def read_back(self, command: StripeCommand) -> _Ended | None:
        now = gateway.subscription(command.payload["subscription"])
        return self.send(command) if now.status == "canceled" else None


def _decided(row: Subscription, command: StripeCommand, ended_at: datetime) -> ScheduledChange:
    """Who ended it and why, as an end that has happened: a decision is a row."""
    asked = command.payload
    return ScheduledChange.objects.create(
        subscription=row,
        kind=ScheduledKind.END,
        effective_at=ended_at,
        reason_code=asked["reason_code"],
        reason=asked["reason"],
        external_id=asked["external_id"],
        state=ScheduledState.APPLIED,
        actor=command.actor,
        source=command.source,
        created_at=command.created_at,
        ended_at=ended_at,
    )


def _tell(row: Subscription, change: ScheduledChange, answer: _Ended, origin: Origin, at: datetime) -> None:
    journal.append(
        kind="billing.subscription.ended_now",
        organization=row.organization,
        at=at,
        origin=origin,
        data={
            "subscription": row.pk,
            "change": change.pk,
            "reason_code": change.reason_code,
            "given_back_minor": answer.given_minor,
            "currency": row.currency,
            "invoices": len(answer.settled),
        },
    )
