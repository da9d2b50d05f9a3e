"""What becomes of deals by themselves: the customer accepts, a quote lapses or is taken back, an approval runs out.

Billing says so in its journal; a lane of the pulse reads it with a cursor of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import Journal, Membership, Role
from accounts.origin import Origin
from accounts.services import invitations, journal
from billing.models import Quote
from billing.services.agreeing import budgets
from config import clock, pulse
from offramps.models import BEING_MADE, DealVersion, VersionState
from offramps.queries import deals as queries
from offramps.services import deal_news, deals

READER: Final = "offramps.deals"
BATCH: Final = 50
OUTCOMES: Final = {
    "billing.quote.accepted": VersionState.ACCEPTED,
    "billing.quote.lapsed": VersionState.LAPSED,
    "billing.quote.withdrawn": VersionState.WITHDRAWN,
    "billing.quote.overtaken": VersionState.WITHDRAWN,
}


def drain(now: datetime) -> pulse.Drained:
    """The lane. Deals live on store time, whatever the wall says."""
    handled = journal.read(READER, hear) if journal.has_news(READER) else 0
    return pulse.Drained(handled=handled + expire(clock.now()))


def hear(rows: Sequence[Journal]) -> None:
    """What became of quotes, in the reader's transaction. Hearing it again changes nothing."""
    told = {str(row.data["quote"]): row for row in rows if row.kind in OUTCOMES and row.data.get("quote")}
    if not told:
        return
    ids = list(Quote.objects.filter(public_id__in=told, rep__isnull=False).values_list("pk", flat=True))
    for found in queries.of_quotes(ids):
        assert found.quote is not None
        row = told[found.quote.public_id]
        _conclude(found, OUTCOMES[row.kind], row.occurred_at)


def expire(at: datetime, *, batch: int = BATCH) -> int:
    """Proposals that nobody decided on in time, and approvals that were not sent in time."""
    due = DealVersion.objects.filter(state__in=(VersionState.PROPOSED, VersionState.APPROVED), expires_at__lte=at)
    return sum(_expire(version, at) for version in list(due.order_by("expires_at", "pk")[:batch]))


def _conclude(version: DealVersion, state: VersionState, at: datetime) -> None:
    held = deals.lock(version)
    if held.state == VersionState.ACCEPTED or (held.state != VersionState.SENT and state != VersionState.ACCEPTED):
        return
    held.state, held.closed_at = state, at
    held.save(update_fields=["state", "closed_at"])
    if state == VersionState.ACCEPTED:
        # A newer one that was being made, or with the customer, is not needed any more.
        others = held.deal.versions.filter(state__in=(*BEING_MADE, VersionState.SENT)).exclude(pk=held.pk)
        others.update(state=VersionState.REPLACED, closed_at=at, expires_at=None)
        _invite_owner(held, at)
    elif not held.deal.versions.filter(state__in=(VersionState.PROPOSED, VersionState.APPROVED)).exists():
        budgets.free(held.deal.subject, at=at)
    deals.tell("accepted" if state == VersionState.ACCEPTED else "over", held, at=at, origin=Origin.system(), outcome=state)
    deal_news.came_of(held, at=at)


def _expire(version: DealVersion, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        held = deals.lock(version)
        if held.state not in (VersionState.PROPOSED, VersionState.APPROVED) or not held.expires_at or held.expires_at > at:
            return False
        held.state, held.closed_at, held.expires_at = VersionState.EXPIRED, held.expires_at, None
        held.save(update_fields=["state", "closed_at", "expires_at"])
        if not held.deal.versions.filter(state=VersionState.SENT).exists():
            budgets.free(held.deal.subject, at=at)
        deals.tell("over", held, at=at, origin=Origin.system(), outcome=held.state)
        deal_news.expired(held, at=at)
    return True


def _invite_owner(version: DealVersion, at: datetime) -> None:
    """Whose company we made ourselves: whoever the deal was sent to has it from now on."""
    organization = version.deal.organization
    if not Membership.objects.live().filter(organization=organization).exists():
        invitations.invite(
            organization=organization,
            emails=[version.approver_email],
            role=Role.OWNER,
            with_seat=False,
            origin=Origin.system(),
            at=at,
        )
