"""One of us has looked at an account before it renews, and says what they found."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.origin import Origin
from accounts.services import journal
from billing.models import RenewalReview


def conclude(ids: Collection[int], *, note: str, origin: Origin, at: datetime) -> int:
    """Note that these were looked at, with what was found. How many were open; whoever was first stays in the row."""
    rows = RenewalReview.objects.filter(pk__in=ids, reviewed_at=None)
    with transaction.atomic():
        held = list(rows.select_for_update(of=("self",)).select_related("subscription__organization"))
        for review in held:
            review.reviewed_at, review.reviewed_by, review.note = at, origin.actor, note[:500]
            review.save(update_fields=["reviewed_at", "reviewed_by", "note"])
            journal.append(
                kind="billing.renewal.reviewed",
                organization=review.subscription.organization,
                at=at,
                origin=origin,
                data={
                    "subscription": review.subscription_id,
                    "renewal": review.period_ends_at.isoformat(),
                    "note": review.note,
                },
            )
    return len(held)
