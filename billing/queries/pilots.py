"""Whether an organization can have a pilot, and what is known of the one it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import Organization
from accounts.queries import policies
from billing.models import Cart, PilotFee, PilotRun, Subscription
from billing.rules import pilots as rules


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`refusal` None: it can be had. `on`: when the pilot in the way began, or the plan was first bought."""

    refusal: rules.Refusal | None = None
    on: datetime | None = None


def ask(organization: Organization, *, line_id: int) -> Answer:
    """Whether the organization can have a pilot of this line. Two queries at most.

    A payment page of its own that is still open is not in the way: the next one replaces it.
    """
    own = PilotRun.objects.filter(organization=organization, line=line_id, released_at=None, starts_at__isnull=False).first()
    if own is not None:
        return Answer(refusal=rules.Refusal.USED, on=own.starts_at)
    of_the_line = Q(line=line_id) | Q(occupied__line=line_id)  # alone or in a bundle
    bought = Subscription.objects.filter(of_the_line, organization=organization).order_by("started_at").first()
    if bought is not None:
        return Answer(refusal=rules.Refusal.BOUGHT, on=bought.started_at)
    return Answer()


def fee_of(cart: Cart) -> PilotFee | None:
    """What the cart's pilot costs, from the database; None when it left the catalog, or is not offered in that currency."""
    rows = PilotFee.objects.filter(pilot=cart.pilot_id, currency=cart.currency, retired_at=None, pilot__withdrawn_at=None)
    return rows.select_related("pilot__plan", "pilot__line").first()


def running(row: Subscription) -> PilotRun | None:
    """The pilot this subscription is, until it has ended or become the plan. No query for one that was never tried out."""
    if not row.is_in_trial:
        return None
    rows = PilotRun.objects.filter(subscription=row, converted_at=None, ended_at=None)
    return rows.select_related("fee__pilot__plan").first()


def stages(at: datetime) -> Sequence[int]:
    """How many days before its end a pilot's end is announced, the first stage first."""
    return [policies.value(f"billing.pilot_{name}_notice_days", at) for name in ("first", "second", "last")]
