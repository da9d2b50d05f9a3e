"""Whether an organization can try a plan, and what a trial that is under way may still become."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from accounts.models import Organization, User
from accounts.queries import policies, rows
from billing.models import LIVE_STATUSES
from billing.rules import trials as rules

# Trials in the way, those of the organization that began and those of its company, and what it has (had) of the line, alone or
# in a bundle. A company is known by the organization's own domain if an owner has proven it, else by what this person has
# proven; no public mail provider's domain is ever claimed. Read with every cart, so it is one statement.
ASKED: Final = """
SELECT (SELECT json_agg(json_build_array(t.organization_id = o.id, t.domain, t.claimed_at, t.starts_at) ORDER BY t.claimed_at)
    FROM billing_trial t
    WHERE t.line_id = %(line)s AND t.released_at IS NULL AND (
        (t.organization_id = o.id AND t.starts_at IS NOT NULL) OR (t.organization_id <> o.id AND t.domain <> '' AND (
            (domain.is_proven AND t.domain = o.domain) OR (NOT domain.is_proven AND t.domain IN (
                SELECT split_part(lower(e.email), '@', 2) FROM account_emailaddress e
                WHERE e.user_id = %(user)s AND e.verified)))))),
    had.ever, had.live
FROM accounts_organization o
CROSS JOIN LATERAL (SELECT o.domain <> '' AND EXISTS (
    SELECT 1 FROM accounts_membership m
    JOIN accounts_user u ON u.id = m.user_id AND u.is_active
    JOIN account_emailaddress e ON e.user_id = m.user_id AND e.verified
    WHERE m.organization_id = o.id AND m.left_at IS NULL AND m.role = 'owner'
    AND split_part(lower(e.email), '@', 2) = o.domain) AS is_proven) domain
CROSS JOIN LATERAL (SELECT count(*) > 0 AS ever, coalesce(bool_or(s.status = ANY (%(live)s)), false) AS live
    FROM billing_subscription s
    WHERE s.organization_id = o.id AND (s.line_id = %(line)s OR s.id IN (
        SELECT b.subscription_id FROM billing_occupiedline b WHERE b.organization_id = o.id AND b.line_id = %(line)s))) had
WHERE o.id = %(organization)s
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`refusal` None: it can be tried. `on`: when the trial in the way was begun; `domain`: the company's that it is of.

    `has_live`: the organization has a plan of the line now.
    """

    refusal: rules.Refusal | None = None
    on: datetime | None = None
    domain: str = ""
    has_live: bool = False


def ask(organization: Organization, *, line_id: int, trial_days: int, user: User | None) -> Answer:
    """Whether a plan of this line with `trial_days` can be tried. No query where the plan has no trial; else one.

    A payment page of its own that is still open is not in the way: the next one replaces it.
    """
    if trial_days < 1:
        return Answer(refusal=rules.Refusal.NOT_OFFERED)
    values: dict[str, Any] = {
        "organization": organization.pk,
        "line": line_id,
        "user": user.pk if user else 0,
        "live": list(LIVE_STATUSES),
    }
    found, has_bought, has_live = rows.fetch(ASKED, values)[0]
    trials = [_InTheWay(own, domain, _instant(started or claimed)) for own, domain, claimed, started in found or []]
    own = next((one for one in trials if one.is_own), None)
    if own is not None:
        return Answer(refusal=rules.Refusal.USED, on=own.on, has_live=has_live)
    if has_bought:
        return Answer(refusal=rules.Refusal.BOUGHT, has_live=has_live)
    if trials:
        return Answer(refusal=rules.Refusal.COMPANY, on=trials[0].on, domain=trials[0].domain)
    return Answer()


@dataclass(frozen=True)
class _InTheWay:
    is_own: bool
    domain: str
    on: datetime


def _instant(said: str) -> datetime:
    return datetime.fromisoformat(said).astimezone(UTC)


def stages(at: datetime) -> tuple[int, int]:
    """How many days before its end a trial's end is announced: first and last."""
    first = policies.value("billing.trial_first_notice_days", at)
    last = policies.value("billing.trial_last_notice_days", at)
    return first, last


def extended_end(*, ends_at: datetime, extended_at: datetime | None, at: datetime) -> datetime | None:
    """Until when one click would let a trial go on; None: it has been used, or its time has not come."""
    return rules.extended_end(
        ends_at=ends_at,
        now=at,
        extended_at=extended_at,
        window_days=max(policies.value("billing.trial_first_notice_days", at), 1),
        extension_days=policies.value("billing.trial_extension_days", at),
    )
