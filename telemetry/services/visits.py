"""Visits to the pages on which something is bought: written down where it was allowed, forgotten when asked and when old."""

from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress

from accounts.models import Organization, User
from accounts.queries import policies
from telemetry.models import PageKind, Visit

AT_ONCE: Final = 5_000


def note(*, visitor: str, page: PageKind, user: User | None, organization: Organization | None, at: datetime) -> bool:
    """Write a visit down. False: it is the same visit as one some minutes ago. Three queries at most."""
    again = at - timedelta(minutes=policies.value("telemetry.visit_again_minutes", at))
    if Visit.objects.filter(visitor=visitor, page=page, at__gt=again, at__lte=at).exists():
        return False
    domain = _mail_domain(user) if user else ""
    Visit.objects.create(visitor=visitor, page=page, user=user, organization=organization, mail_domain=domain, at=at)
    return True


def forget_browser(visitor: str) -> int:
    """Drop what is known of a browser whose owner allows it no more. Returns how many visits."""
    return int(Visit.objects.filter(visitor=visitor).delete()[0])


def forget_person(user_id: int) -> int:
    """Drop the visits of a person who deletes the account, those of the same browsers signed out among them. Call inside that
    transaction. Returns how many.
    """
    browsers = list(Visit.objects.filter(user_id=user_id).values_list("visitor", flat=True).distinct())
    return int(Visit.objects.filter(visitor__in=browsers).delete()[0])


def forget_past(at: datetime) -> int:
    """Drop visits older than they are kept, so many at once. Returns how many; repeatable."""
    kept_since = at - timedelta(days=policies.value("telemetry.visits_kept_days", at))
    count = 0
    while True:
        batch = Visit.objects.filter(at__lt=kept_since).order_by("at").values("pk")[:AT_ONCE]
        dropped = int(Visit.objects.filter(pk__in=batch).delete()[0])
        count += dropped
        if dropped < AT_ONCE:
            return count


def _mail_domain(user: User) -> str:
    verified = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    return user.email.rpartition("@")[2].lower() if verified.exists() else ""
