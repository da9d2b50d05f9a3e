"""What of a subscription can be used: the least that a failed payment and a dispute leave of it."""

from billing.models import Access, Dispute, DunningEpisode, Subscription
from billing.rules import dunning


def settle(row: Subscription) -> bool:
    """Bring `row.access` (the row is locked by the caller) in line with what goes on; whether it changed."""
    open_one = DunningEpisode.objects.filter(subscription=row, closed_at=None)
    levels = [dunning.access(reached) for reached in open_one.values_list("reached", flat=True)]
    disputed = Dispute.objects.filter(subscription=row, closed_at=None)
    levels += [dunning.Access(level) for level in disputed.values_list("access", flat=True)]
    access = Access(dunning.least(*levels))
    if access == row.access:
        return False
    row.access = access
    Subscription.objects.filter(pk=row.pk).update(access=access)  # a trigger raises the entitlements' version
    return True
