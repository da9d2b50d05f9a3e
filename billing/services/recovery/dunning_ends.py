"""The end of the grace period: the subscription is cancelled at Stripe, and what was never paid is settled, by a command.

As ending at once by a click does it (billing.services.leaving.endings), and by the same setting for what is open; where
`billing.dunning_cancels` says otherwise access is off and the subscription waits. Stripe is asked before: whoever pays at the
last moment keeps it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.origin import Origin, Source
from accounts.queries import policies, profiles
from billing import gateway, gateway_endings
from billing.models import OWING_STATUSES, DunningEpisode, Invoice, StripeCommand, Subscription
from billing.rules import dunning as rules
from billing.rules.endings import OpenInvoices
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import leaving_mails
from billing.services.mirroring import mirror

BATCH: Final = 50
COMMAND: Final = "dunning.end"


def begin(at: datetime, *, batch: int = BATCH) -> int:
    """Have what is over cancelled. Returns for how many a command was opened; the pulse executes them at once."""
    over = DunningEpisode.objects.filter(closed_at=None, reached=rules.RANKS[rules.Step.OFF], end_asked_at=None)
    over = over.filter(is_cancelled_then=True)
    ids = list(over.order_by("pk").values_list("pk", flat=True)[:batch])
    return sum(_begin(pk, at) for pk in ids)


def _begin(episode_id: int, at: datetime) -> bool:
    with transaction.atomic():
        over = DunningEpisode.objects.filter(pk=episode_id, closed_at=None, end_asked_at=None)
        locked = Subscription.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        row = locked.select_related("organization").filter(dunning_episodes__in=over).first()
        if row is None:
            return False
        episode = over.get()
        voids = policies.value("billing.end_now_voids_invoices", at, profiles.segment(row.organization_id))
        try:
            commands.open_command(
                kind=COMMAND,
                target=mirror.target(row),
                organization=row.organization,
                payload={
                    "episode": episode.pk,
                    "subscription": row.stripe_id,
                    "others": _others(episode),
                    "invoices": OpenInvoices.VOID if voids else OpenInvoices.WRITTEN_OFF,
                },
                origin=Origin(source=Source.SCHEDULE),
                at=at,
                idempotency_key=f"{COMMAND}:{episode.pk}",
                for_the_pulse=True,
            )
        except commands.Busy:
            return False
        episode.end_asked_at = at
        episode.save(update_fields=["end_asked_at"])
    return True


def _others(episode: DunningEpisode) -> list[str]:
    """Invoices that replaced others: at Stripe they are the customer's, not the subscription's."""
    rows = Invoice.objects.filter(dunning__episode=episode, status="open").exclude(replaces=None)
    return list(rows.order_by("pk").values_list("stripe_id", flat=True))


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """What Stripe holds afterwards."""

    subscription: gateway.Subscription
    settled: tuple[str, ...]


class EndUnpaid(commands.Handler):
    """Each step looks first, so that it can be sent again after any of them."""

    def send(self, command: StripeCommand) -> _Ended:
        asked, key = command.payload, command.idempotency_key
        now = gateway.subscription(asked["subscription"])
        if now.status != "canceled":
            others = any(gateway.invoice(one).status == "open" for one in asked.get("others", []))
            if now.status not in OWING_STATUSES and not others:
                raise gateway.Refused("It was paid meanwhile; nothing was cancelled.")
            held = mirror.stripe_id(now.schedule)
            if held:
                gateway.release_schedule(held, key=f"{key}:release")
            gateway.cancel_subscription(now.id, {"invoice_now": False, "prorate": False}, key=key)
            now = gateway.subscription(now.id)
        settle = gateway.void_invoice if asked["invoices"] == OpenInvoices.VOID else gateway_endings.write_off
        settled = [str(invoice.id) for invoice in gateway_endings.open_invoices(now.id)]
        settled += [one for one in asked.get("others", []) if gateway.invoice(one).status == "open"]
        for stripe_id in settled:
            settle(stripe_id, key=f"{key}:{stripe_id}")
        return _Ended(subscription=now, settled=tuple(settled))

    def conclude(self, command: StripeCommand, answer: _Ended, at: datetime) -> dict[str, Any]:
        rows = Subscription.objects.locked().select_related("organization", "plan", "price", "line")
        row = rows.get(stripe_id=command.payload["subscription"])
        settled = list(Invoice.objects.filter(stripe_id__in=answer.settled).order_by("issued_at", "pk"))
        ended_at = mirror.instant(answer.subscription.ended_at) or at
        leaving_mails.ended_now(row, given_minor=0, settled=settled, how=command.payload["invoices"], at=ended_at)
        mirror.take(row, answer.subscription, at)
        for stripe_id in answer.settled:
            inbox.touch(Kind.INVOICE, stripe_id)
        return {"status": answer.subscription.status, "settled": list(answer.settled)}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """It goes on, or was ended otherwise: what is true is read from Stripe."""
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])

    def read_back(self, command: StripeCommand) -> _Ended | None:
        now = gateway.subscription(command.payload["subscription"])
        return self.send(command) if now.status == "canceled" else None
