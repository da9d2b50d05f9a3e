"""What a subscription's beginning asks of the exceptions that were agreed for its line."""

from datetime import datetime

from billing.models import Subscription, Terms, TermsKind, TermsState


def look_again(row: Subscription, at: datetime) -> None:
    """Have the sweep see whether the new subscription bears its agreed discount, and no other. Call inside a transaction.

    One that ended while the payment page was open is taken off, one that began meanwhile is put on.
    """
    decided = (TermsState.APPROVED, TermsState.ENDED, TermsState.ENDED_EARLY)
    found = Terms.objects.filter(organization=row.organization_id, line=row.line_id, kind=TermsKind.DISCOUNT)
    found.filter(state__in=decided).update(due_at=at)
