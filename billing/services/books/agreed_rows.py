"""What a subscription's beginning asks of the exceptions that were agreed for its line, and an acceptance of its quote's."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.services import journal
from billing.models import Quote, Subscription, Terms, TermsKind, TermsState
from billing.rules import terms as rules


def look_again(row: Subscription, at: datetime) -> None:
    """Have the sweep see whether the new subscription bears its agreed discount, and no other. Call inside a transaction.

    One that ended while the payment page was open is taken off, one that began meanwhile is put on.
    """
    decided = (TermsState.APPROVED, TermsState.ENDED, TermsState.ENDED_EARLY)
    found = Terms.objects.filter(organization=row.organization_id, line=row.line_id, kind=TermsKind.DISCOUNT)
    found.filter(state__in=decided).update(due_at=at)


def accepted(quote: Quote, at: datetime) -> None:
    """What was offered with a quote holds from this instant on, for its months; whatever had become of the quote meanwhile.

    Call inside the transaction that accepts it. The sweep looks at each at once, and knows its end from then on.
    """
    today = at.astimezone(ZoneInfo(quote.organization.time_zone)).date()
    waiting = (TermsState.OFFERED, TermsState.WITHDRAWN)
    for row in quote.offers.filter(state__in=waiting, months__isnull=False).select_related("organization").order_by("pk"):
        assert row.months is not None
        row.starts_on, row.ends_on = today, rules.after_months(today, row.months)
        row.date()
        row.state, row.began_at, row.due_at = TermsState.APPROVED, at, at
        row.save()
        for verb in ("approved", "began"):
            journal.append(kind=f"billing.terms.{verb}", organization=row.organization, at=at, data=row.told)


def dropped(quote: Quote) -> None:
    """A quote is over and was not accepted: what was offered with it is not offered any more."""
    quote.offers.filter(state=TermsState.OFFERED).update(state=TermsState.WITHDRAWN)
