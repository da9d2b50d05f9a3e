"""What stands in the way of a pause."""

from datetime import UTC, datetime
from typing import Final

from accounts.queries import policies, rows
from billing.models import ChangeState, Customer, ScheduledKind, ScheduledState, Subscription
from billing.queries import unpaid
from billing.rules import pauses as rules

KNOWN: Final = """
SELECT (SELECT p.segment FROM accounts_organizationprofile p WHERE p.organization_id = %(organization)s),
    (SELECT json_agg(z.began_at ORDER BY z.began_at) FROM billing_pause z
    JOIN billing_subscription s ON s.id = z.subscription_id
    WHERE s.organization_id = %(organization)s AND s.line_id = %(line)s AND z.began_at IS NOT NULL)
"""


def known(organization_id: int, line_id: int) -> tuple[str, list[datetime]]:
    """The organization's segment, and when its pauses of a product line began. One query."""
    segment, found = rows.fetch(KNOWN, {"organization": organization_id, "line": line_id})[0]
    return segment or "", [datetime.fromisoformat(one).astimezone(UTC) for one in found or ()]


def refusal(row: Subscription, *, months: int, at: datetime) -> rules.Refusal | None:
    """Why it cannot be paused; None: it can. Five queries: this is asked on its own page."""
    segment, before = known(row.organization_id, row.line_id)
    customer: Customer | None = getattr(row.organization, "customer", None)
    return rules.refusal(
        rules.Facts(
            status=unpaid.status(row),
            interval=row.price.interval,
            is_in_trial=row.is_in_trial,
            is_on_card=bool(customer and customer.payment_method_id) and not row.is_invoiced,
            is_behind=unpaid.is_behind(row),
            ends=row.cancel_at is not None
            or row.scheduled.filter(kind=ScheduledKind.END, state=ScheduledState.PENDING).exists(),
            waits=row.changes.filter(state__in=(ChangeState.SENDING, ChangeState.WAITING)).exists(),
            is_unbilled=row.unbilled > 0,
            before=before,
        ),
        months=months,
        most_months=policies.value("billing.pause_months", at, segment),
        per_year=policies.value("billing.pauses_per_year", at, segment),
        now=at,
    )


def next_at(row: Subscription, at: datetime) -> datetime | None:
    """From when on the next one can be had; None: now. One query."""
    segment, before = known(row.organization_id, row.line_id)
    return rules.next_at(before, per_year=policies.value("billing.pauses_per_year", at, segment), now=at)
