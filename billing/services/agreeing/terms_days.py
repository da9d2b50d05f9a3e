"""Agreed days to pay on subscriptions that run: when such an exception begins or ends, the next invoices take what is in force.

What is open keeps its date. Where no days are in force any more a running subscription keeps those it has, as it keeps being
billed on invoice; nothing more is had so (docs/decisions/paying-by-invoice.md).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.origin import Origin
from billing.models import ChangeState, Collection, SeatChange, Subscription, Terms, TermsKind
from billing.queries import payment_terms
from billing.services import commands
from billing.services.agreeing.terms_discounts import AFTER_REFUSAL, SOON
from billing.services.selling import collecting


def follow(found: Mapping[int, datetime | None], at: datetime) -> None:
    """Have the subscriptions of these customers billed with the days that are in force. Call outside a transaction.

    `found` says when each exception is to be looked at next, if nothing is in the way.
    """
    rows = Terms.objects.filter(pk__in=found, kind=TermsKind.PAYMENT_TERMS).select_related("organization").order_by("pk")
    for row in rows:
        live = Subscription.objects.live().filter(organization=row.organization_id, collection_method=Collection.INVOICED)
        waits = [_follow(one, at) for one in live.select_related("organization__customer").order_by("pk")]
        instants = [one for one in (found[row.pk], *(at + wait for wait in waits if wait)) if one is not None]
        # Only if nobody has changed it meanwhile: then it is due for that.
        Terms.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=min(instants, default=None))


def _follow(row: Subscription, at: datetime) -> timedelta | None:
    """One subscription; how long until it is to be looked at again, where something is in the way."""
    days = payment_terms.days(row.organization, at)
    if not days or days == row.days_until_due:
        return None
    if SeatChange.objects.filter(subscription=row, state=ChangeState.WAITING).exists():
        return SOON  # an update would void what waits for its payment
    try:
        done = collecting.set_days(row, days, origin=Origin.system(), at=at)
    except commands.Busy:
        return SOON
    return None if done.result else AFTER_REFUSAL
