"""Answering a dispute: evidence to the bank, once, or giving in. Both are commands; a second click finds the first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.origin import Origin
from accounts.services import journal
from billing import gateway, gateway_disputes
from billing.models import Dispute, StripeCommand
from billing.rules import disputes as rules
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox


class TooLate(Exception):
    """It was answered, it is over, or its day has passed: nothing is sent."""


class NoEvidence(Exception):
    """Every field is empty."""


def answer(dispute: Dispute, *, evidence: Mapping[str, str], origin: Origin, at: datetime) -> StripeCommand:
    """Send evidence to the bank; it can't be taken back or added to. Raises TooLate, NoEvidence and commands.Busy.

    `evidence` is by Stripe's names (rules.disputes.FIELDS); what is empty is left out.
    """
    wanted = {name: evidence[name].strip()[: rules.LONGEST] for name in rules.FIELDS if evidence.get(name, "").strip()}
    if not wanted:
        raise NoEvidence
    return _open(dispute, "dispute.answer", {"evidence": wanted}, origin, at)


def accept(dispute: Dispute, *, origin: Origin, at: datetime) -> StripeCommand:
    """Give in: it counts as lost at once. Raises TooLate and commands.Busy."""
    return _open(dispute, "dispute.accept", {}, origin, at)


def _open(dispute: Dispute, kind: str, asked: dict[str, Any], origin: Origin, at: datetime) -> StripeCommand:
    with transaction.atomic(durable=True):
        row = Dispute.objects.select_for_update(of=("self",)).select_related("organization").get(pk=dispute.pk)
        if not row.can_answer(at) or row.answered_at is not None:
            raise TooLate
        command = commands.open_command(
            kind=kind,
            target=f"dispute:{row.pk}",
            organization=row.organization,
            payload={"dispute": row.stripe_id, **asked},
            origin=origin,
            at=at,
        )
    done = commands.execute(command.pk)
    inbox.read_now(dispute.stripe_id)
    return done


class _OfADispute(commands.Handler):
    fact = ""

    def conclude(self, command: StripeCommand, answer: gateway.Dispute, at: datetime) -> dict[str, Any]:
        rows = Dispute.objects.select_for_update(of=("self",)).select_related("organization")
        row = rows.get(stripe_id=command.payload["dispute"])
        row.answered_at, row.answered_by = at, command.actor
        row.evidence = command.payload.get("evidence", {})
        row.save(update_fields=["answered_at", "answered_by", "evidence"])
        journal.append(
            kind=self.fact,
            organization=row.organization,
            at=at,
            origin=command.origin,
            data={
                "dispute": row.pk,
                "subscription": row.subscription_id,
                "amount_minor": row.amount_minor,
                "currency": row.currency,
                "fields": sorted(row.evidence),
            },
        )
        inbox.touch(Kind.DISPUTE, row.stripe_id)
        return {"status": answer.status}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        inbox.touch(Kind.DISPUTE, command.payload["dispute"])

    def read_back(self, command: StripeCommand) -> gateway.Dispute | None:
        now = gateway_disputes.bare(command.payload["dispute"])
        return None if now.status in rules.ANSWERABLE else now


class Answer(_OfADispute):
    fact = "billing.dispute.answered"

    def send(self, command: StripeCommand) -> gateway.Dispute:
        params = {"evidence": command.payload["evidence"], "submit": True}
        return gateway_disputes.answer(command.payload["dispute"], params, key=command.idempotency_key)


class Accept(_OfADispute):
    fact = "billing.dispute.accepted"

    def send(self, command: StripeCommand) -> gateway.Dispute:
        return gateway_disputes.accept(command.payload["dispute"], key=command.idempotency_key)
