"""Who allows a deal: nobody where it is the catalog's, the rep within their own band, a second person beyond it.

What is not the catalog's is counted against the exception budget in the very transaction that allows it.
"""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.origin import Origin
from accounts.queries import policies
from billing.rules import terms as terms_rules
from billing.services.agreeing import budgets
from offramps.models import DealVersion, VersionState
from offramps.queries import deals as queries
from offramps.services import deal_news, deals


class NotYours(deals.DealError):
    """Somebody else decides: whoever made it never does, and `groups` may (none: administrators)."""

    def __init__(self, groups: tuple[str, ...]) -> None:
        super().__init__("Somebody else decides.")
        self.groups = groups


class OverBudget(deals.DealError):
    """It would pass the ceiling of its segment's exceptions; `full.raisers` may raise that."""

    def __init__(self, full: budgets.Full) -> None:
        super().__init__(str(full))
        self.full = full


def propose(version: DealVersion, *, at: datetime, origin: Origin) -> DealVersion:
    """Ask for what it takes: allowed at once where that is nobody else, else waiting for a decision. Twice is once.

    Raises deals.NotNow, and OverBudget where it would be allowed at once.
    """
    with transaction.atomic(durable=True):
        held = deals.lock(version)
        if held.state in (VersionState.PROPOSED, VersionState.APPROVED):
            return held
        if held.state != VersionState.DRAFT:
            raise deals.NotNow(held)
        verdict = queries.verdict_of(held)
        held.proposed_at, held.expires_at = at, at + _days(at)
        if verdict.is_for_rep:
            _count(held, at)
            held.state, held.decided_at = VersionState.APPROVED, at
        else:
            held.state = VersionState.PROPOSED
        held.save(update_fields=["state", "proposed_at", "expires_at", "decided_at"])
        deals.tell("approved" if verdict.is_for_rep else "proposed", held, at=at, origin=origin)
        if not verdict.is_for_rep:
            deal_news.asked(held, at=at)
    return held


def approve(version: DealVersion, *, note: str, at: datetime, origin: Origin) -> DealVersion:
    """A second person's yes. Raises deals.NotNow, NotYours, OverBudget."""
    with transaction.atomic(durable=True):
        held, person = _waiting(version, at, origin)
        _count(held, at)
        held.state, held.expires_at = VersionState.APPROVED, at + _days(at)
        _decide(held, person, note, "approved", at=at, origin=origin)
    return held


def decline(version: DealVersion, *, note: str, at: datetime, origin: Origin) -> DealVersion:
    """A second person's no, with the reason. Raises deals.NotNow, NotYours, ValidationError without a reason."""
    if not note.strip():
        raise ValidationError({"note": _("Say why: whoever made it reads it.")})
    with transaction.atomic(durable=True):
        held, person = _waiting(version, at, origin)
        held.state, held.expires_at, held.closed_at = VersionState.DECLINED, None, at
        _decide(held, person, note, "declined", at=at, origin=origin)
    return held


def _waiting(version: DealVersion, at: datetime, origin: Origin) -> tuple[DealVersion, User]:
    held = deals.lock(version)
    if held.state != VersionState.PROPOSED or (held.expires_at is not None and at >= held.expires_at):
        raise deals.NotNow(held)
    if origin.actor is None or not queries.decider(origin.actor).may_decide(held):
        raise NotYours(queries.allowing(held))
    return held, origin.actor


def _decide(held: DealVersion, person: User, note: str, verb: str, *, at: datetime, origin: Origin) -> None:
    held.decided_by, held.decided_at, held.decision_note = person, at, note.strip()[:500]
    held.save(update_fields=["state", "expires_at", "closed_at", "decided_by", "decided_at", "decision_note"])
    deals.tell(verb, held, at=at, origin=origin, **({"reason": held.decision_note} if held.decision_note else {}))
    deal_news.decided(held, at=at)


def _count(held: DealVersion, at: datetime) -> None:
    """Against the budget of its segment's quarter, if something of it is not the catalog's."""
    verdict = queries.verdict_of(held)
    if verdict.is_standard:
        return
    counting = budgets.Counting(
        subject=held.deal.subject,
        kinds=[str(one.part) for one in verdict.findings],
        us_cents=held.us_cents,
        owner=held.deal.owner,
        reason=held.reason,
        ends_on=terms_rules.after_months(held.begins_on or at.date(), held.term_months),
    )
    try:
        budgets.take(held.deal.organization, counting, at=at)
    except budgets.Full as full:
        raise OverBudget(full) from full


def _days(at: datetime) -> timedelta:
    return timedelta(days=policies.value("offramps.deal_approval_days", at))
