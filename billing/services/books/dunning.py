"""A failed payment begins an episode, and what becomes of its invoices ends it. What happens between is dunning_sweep's.

Locks are taken in one order: the subscription, then its episode.
"""

from datetime import datetime
from typing import Any

from accounts.models import Organization
from accounts.queries import policies, profiles
from accounts.services import journal
from billing.models import Access, DunningEpisode, DunningInvoice, DunningOutcome, Invoice, Subscription
from billing.rules import dunning as rules
from billing.services.books import access

# Stripe's word for an end that it made itself when its retries were through.
GIVEN_UP = "payment_failed"


def failed(invoice: Invoice, *, at: datetime) -> DunningEpisode | None:
    """A charge of a live subscription was declined at `at`: the episode that it belongs to, begun if there is none.

    Safe to repeat. None where there is nothing to keep: the invoice is of no subscription, or of one that has ended.
    """
    rows = Subscription.objects.locked().select_related("organization")
    row = rows.filter(invoices=invoice).first()
    if row is None or not row.is_live:
        return None
    episode = DunningEpisode.objects.select_for_update().filter(subscription=row, closed_at=None).first()
    if episode is None:
        episode = _begin(row, at)
    DunningInvoice.objects.bulk_create(
        [DunningInvoice(episode=episode, invoice=invoice, amount_minor=invoice.amount_remaining_minor, failed_at=at)],
        ignore_conflicts=True,
    )
    return episode


def ladder(organization: Organization, at: datetime) -> rules.Ladder:
    """The policies of its segment, as in force at `at`."""
    names = ("second_days", "third_days", "read_only_days", "grace_days", "notice_days")
    return rules.Ladder(**{name: policy(name, organization, at) for name in names})


def policy(name: str, organization: Organization, at: datetime) -> Any:
    """One of billing.dunning_*."""
    return policies.value(f"billing.dunning_{name}", at, profiles.segment_of(organization))


def _begin(row: Subscription, at: datetime) -> DunningEpisode:
    organization = row.organization
    wanted = ladder(organization, at)
    dates = rules.plan(failed_at=at, ladder=wanted, zone=organization.time_zone)
    episode = DunningEpisode.objects.create(
        organization=organization,
        subscription=row,
        currency=row.currency,
        started_at=at,
        second_at=dates.second_at,
        third_at=dates.third_at,
        read_only_at=dates.read_only_at,
        off_at=dates.off_at,
        notice_days=wanted.notice_days,
        is_cancelled_then=policy("cancels", organization, at),
        due_at=at,
    )
    _tell("billing.dunning.begun", episode, at, read_only_at=dates.read_only_at, off_at=dates.off_at)
    return episode


def invoice_settled(invoice: Invoice, *, at: datetime) -> bool:
    """An invoice was paid, voided or written off: note it in the episodes that it is of, and end those that are over.

    Whether everything can be used again that could not be.
    """
    mine = DunningInvoice.objects.filter(invoice=invoice)
    if not mine.exists():
        return False
    row = Subscription.objects.locked().select_related("organization").get(invoices=invoice)
    if invoice.status == "paid":
        for one in mine.filter(paid_at=None).select_related("episode"):
            one.paid_at, one.paid_reached = invoice.paid_at or at, one.episode.reached
            one.save(update_fields=["paid_at", "paid_reached"])
    was = row.access
    settle(row, at=at)
    return row.access == Access.FULL != was


def settle(row: Subscription, *, at: datetime, end_reason: str = "") -> None:
    """End the open episode of a subscription (locked by the caller) if nothing is missing any more, or it has ended.

    `end_reason` is Stripe's, of one that has. Access follows at once. Safe to repeat.
    """
    episode = DunningEpisode.objects.select_for_update().filter(subscription=row, closed_at=None).first()
    if episode is None:
        return
    outcome = _outcome(row, episode, end_reason)
    if outcome is None:
        return
    episode.closed_at, episode.outcome, episode.due_at = at, outcome, None
    episode.save(update_fields=["closed_at", "outcome", "due_at"])
    access.settle(row)
    episode.organization = row.organization
    _tell(f"billing.dunning.{outcome}", episode, at, step=episode.step)


def _outcome(row: Subscription, episode: DunningEpisode, end_reason: str) -> DunningOutcome | None:
    """How it ends; None while something is missing and the subscription goes on."""
    rows = episode.invoices.values_list("invoice__status", "invoice__amount_remaining_minor", "paid_at")
    if row.is_live and any(status == "open" and missing > 0 for status, missing, _paid in rows):
        return None
    if all(paid_at is not None for _status, _missing, paid_at in rows):
        return DunningOutcome.RECOVERED
    if row.is_live:
        return DunningOutcome.RECOVERED if any(paid_at is not None for *_rest, paid_at in rows) else DunningOutcome.WAIVED
    is_given_up = episode.end_asked_at is not None or end_reason == GIVEN_UP
    return DunningOutcome.LOST if is_given_up else DunningOutcome.LEFT


def _tell(kind: str, episode: DunningEpisode, at: datetime, **more: Any) -> None:
    journal.append(
        kind=kind,
        organization=episode.organization,
        at=at,
        data={"episode": episode.pk, "subscription": episode.subscription_id, "currency": episode.currency, **more},
    )
