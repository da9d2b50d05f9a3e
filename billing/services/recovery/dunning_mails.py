"""What each step of a failed payment says: to the people who decide about money, to staff, and to the journal. Once.

Of several steps that nobody told yet the newest alone is told; of what was paid meanwhile nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Tier
from accounts.services import billing_contacts, journal, links, outbox
from billing.models import DunningEpisode, DunningStep, DunningStepKind, Invoice
from billing.queries import dunning as queries
from billing.rules.collecting import How
from billing.services import notice_facts, notices
from billing.services.books import sent_invoices

BATCH: Final = 50
# After access ended, where the subscription still waits for its payment.
LINK_LIVES_ON: Final = timedelta(days=60)
KINDS: Final = {
    DunningStepKind.FAILED: "billing/payment_failed",
    DunningStepKind.SECOND: "billing/payment_missing",
    DunningStepKind.THIRD: "billing/payment_missing",
    DunningStepKind.AGAIN: "billing/payment_missing",
    DunningStepKind.READ_ONLY: "billing/read_only",
    DunningStepKind.OFF: "billing/access_off",
}
# Of invoices that were to be paid by a date.
SENT: Final = dict.fromkeys(
    (DunningStepKind.FAILED, DunningStepKind.SECOND, DunningStepKind.THIRD, DunningStepKind.AGAIN), "billing/invoice_overdue"
)
FACTS: Final = {DunningStepKind.READ_ONLY: "billing.dunning.read_only", DunningStepKind.OFF: "billing.dunning.off"}


def tell(at: datetime, *, batch: int = BATCH) -> int:
    """Tell what no worker is telling yet. Returns how many steps were taken up."""
    with transaction.atomic():
        untold = DunningStep.objects.filter(told_at=None).order_by("pk")
        ids = list(untold.select_for_update(skip_locked=True).values_list("pk", flat=True)[:batch])
        for step in _rows().filter(pk__in=ids).order_by("pk"):
            _tell(step, at)
    return len(ids)


def fix_url(episode_id: int) -> str:
    """Where it is paid, or the card changed, without an account. It opens nothing any more once `is_over`."""
    return f"{settings.STORE_URL}{reverse('storefront:missing_payment', args=[token(episode_id)])}"


def token(episode_id: int) -> str:
    return links.token(links.MISSING_PAYMENT, episode_id)


def of_token(text: str) -> int | None:
    """The id of the episode that a link is about."""
    ids = links.read(links.MISSING_PAYMENT, text)
    return ids[0] if ids and len(ids) == 1 else None


def is_over(episode: DunningEpisode, now: datetime) -> bool:
    """Whether its link opens nothing any more: it is settled, or was left alone for long."""
    return episode.closed_at is not None or now > episode.off_at + LINK_LIVES_ON


def _rows() -> QuerySet[DunningStep]:
    needed = (
        "organization__profile",
        "organization__customer",
        "subscription__plan",
        "subscription__line",
        "subscription__price",
    )
    return DunningStep.objects.select_related(*(f"episode__{name}" for name in needed))


def _tell(step: DunningStep, at: datetime) -> None:
    step.told_at = at
    step.save(update_fields=["told_at"])
    episode = step.episode
    if episode.closed_at is not None or DunningStep.objects.filter(episode=episode, pk__gt=step.pk).exists():
        return
    open_ones = queries.missing(episode)
    if not open_ones:
        return
    missing = sum(invoice.amount_remaining_minor for invoice in open_ones)
    facts = {"step": step.step, "amount_minor": missing, "read_only_at": step.read_only_at, "off_at": step.off_at}
    _note(FACTS.get(DunningStepKind(step.step), "billing.dunning.told"), episode, at, facts)
    _escalate(episode, at, facts)
    if step.step != DunningStepKind.OFF or not episode.is_cancelled_then:  # of an end the end's own mail tells
        _write(step, open_ones, missing, at)


def _escalate(episode: DunningEpisode, at: datetime, facts: dict[str, Any]) -> None:
    """A failed payment of a tier-1 account is a person's business, too: once an episode."""
    profile = getattr(episode.organization, "profile", None)
    tier = profile.coverage_tier if profile else None
    if tier != Tier.ONE or episode.escalated_at is not None:
        return
    episode.escalated_at = at
    episode.save(update_fields=["escalated_at"])
    _note("billing.dunning.escalated", episode, at, {**facts, "tier": int(tier)})


def _note(kind: str, episode: DunningEpisode, at: datetime, facts: dict[str, Any]) -> None:
    about = {"episode": episode.pk, "subscription": episode.subscription_id, "currency": episode.currency}
    journal.append(kind=kind, organization=episode.organization, at=at, data={**about, **facts})


def _write(step: DunningStep, open_ones: Sequence[Invoice], missing: int, at: datetime) -> None:
    episode = step.episode
    organization, row = episode.organization, episode.subscription
    tries = [invoice.next_attempt_at for invoice in open_ones if invoice.next_attempt_at and invoice.next_attempt_at > at]
    context: dict[str, Any] = {
        "organization": organization.name,
        "plan": row.plan.name,
        "step": step.step,
        "number": open_ones[0].number,
        "invoices": [
            {"number": one.number, "amount_minor": one.amount_remaining_minor, "due_at": one.due_at} for one in open_ones
        ],
        "amount_minor": missing,
        "currency": episode.currency,
        "next_attempt_at": min(tries, default=None),
        "failed_at": episode.started_at,
        "is_read_only": row.access != "full",
        "read_only_at": step.read_only_at,
        "off_at": step.off_at,
        "is_cancelled_then": episode.is_cancelled_then,
        "how": notice_facts.tried(organization),
        "pay_url": fix_url(episode.pk),
    }
    kind = KINDS[DunningStepKind(step.step)]
    if all(invoice.is_sent for invoice in open_ones):  # nothing was tried, and nothing is
        context = sent_invoices.said(open_ones[0]) | context | {"is_sent": True, "how": How.INVOICE.value}
        kind = SENT.get(DunningStepKind(step.step), kind)
    mail: dict[str, Any] = {"kind": kind, "subject_row": f"dunning:{step.pk}", "at": at}
    mail["organization"] = organization
    for person in notices.deciders(organization):
        outbox.write(to=person, context=context, **mail)
    for contact in billing_contacts.verified(organization):
        own = {**context, "contact_url": billing_contacts.url(contact)}
        outbox.write(to=contact.email, context=own, locale=contact.locale, **mail)
