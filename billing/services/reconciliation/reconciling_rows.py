"""Differences as rows: opened once, seen again, gone by themselves."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from billing.models import Difference, DifferenceState, Invoice, Subscription
from billing.queries import differences
from billing.rules import reconciling

_NAMING: Final = 7_310_514_620_002  # any number, the same in every process: held while differences are named


@dataclass(frozen=True)
class Sighting:
    """A difference with the rows that it is about."""

    found: reconciling.Found
    organization: Organization | None = None
    subscription: Subscription | None = None
    invoice: Invoice | None = None


def unexplained(sightings: Collection[Sighting]) -> list[Sighting]:
    """Without those that somebody accepted as an exception, as long as Stripe says what it said then. At most one query."""
    keys = [one.found.key for one in sightings if one.found.kind in reconciling.EXCEPTIONS]
    excepted = differences.excepted(keys) if keys else {}
    return [one for one in sightings if dict(one.found.stripes) not in excepted.get(one.found.key, [])]


def see_again(sightings: Collection[Sighting], at: datetime) -> list[Sighting]:
    """Note that open differences are still there; returns those that have no open row. Call inside a transaction."""
    found = {one.found.key: one for one in sightings}
    if not found:
        return []
    rows = Difference.objects.open().filter(subject__in={subject for _kind, subject in found})
    held = [row for row in rows.select_for_update() if (row.kind, row.subject) in found]
    Difference.objects.filter(pk__in=[row.pk for row in held]).update(last_seen_at=at)
    for row in held:
        now = found[row.kind, row.subject].found
        if (row.ours, row.stripes) != (dict(now.ours), dict(now.stripes)):
            row.ours, row.stripes = dict(now.ours), dict(now.stripes)
            row.save(update_fields=["ours", "stripes"])
    known = {(row.kind, row.subject) for row in held}
    return [one for key, one in found.items() if key not in known]


def name(sightings: Iterable[Sighting], at: datetime) -> int:
    """Open a row for each of these, unless there is one, and tell the journal; how many are new. Call inside a transaction."""
    with connection.cursor() as cursor:
        # Two runs (the night's, and one by hand) name one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NAMING])
    fresh = see_again(list(sightings), at)
    rows = [
        Difference(
            kind=one.found.kind,
            subject=one.found.subject,
            organization=one.organization,
            subscription=one.subscription,
            invoice=one.invoice,
            ours=dict(one.found.ours),
            stripes=dict(one.found.stripes),
            found_at=at,
            last_seen_at=at,
        )
        for one in fresh
    ]
    made = Difference.objects.bulk_create(rows)
    for row in made:
        tell("found", row, at)
    return len(made)


def tell(verb: str, row: Difference, at: datetime, *, origin: Origin = journal.SYSTEM, **more: object) -> None:
    """The journal's line of a difference; `origin` is the person's whose decision it was."""
    journal.append(
        kind=f"billing.difference.{verb}",
        organization=row.organization,
        at=at,
        data={
            "difference": row.pk,
            "difference_kind": row.kind,
            "subject": row.subject,
            "subscription": row.subscription_id,
            "ours": row.ours,
            "stripes": row.stripes,
            **more,
        },
        origin=origin,
    )


def hold(subjects: Collection[str], at: datetime) -> None:
    """Leave the open differences of these as they are: they are in motion, and nothing can be said of them now."""
    if subjects:
        Difference.objects.open().filter(subject__in=list(subjects)).update(last_seen_at=at)


def close_gone(*, before: datetime, organization: int | None, at: datetime) -> int:
    """Close what no look since `before` has seen. Call inside a transaction."""
    rows = Difference.objects.open().filter(last_seen_at__lt=before).select_related("organization")
    if organization is not None:
        rows = rows.filter(organization=organization)
    gone = list(rows.select_for_update(of=("self",)))
    for row in gone:
        close(row, at)
    return len(gone)


def close(row: Difference, at: datetime) -> None:
    """It no longer exists, and nobody had to decide. The caller holds the row's lock."""
    row.state, row.decided_at = DifferenceState.GONE, at
    row.save(update_fields=["state", "decided_at"])
    tell("gone", row, at)
