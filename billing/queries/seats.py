"""The seats page as data: people with and without a seat, who could lose one, and the ledger in words' reach."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Case, F, IntegerField, Value, When
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.queries import rows
from billing.models import AUTOMATIC, LedgerKind, SeatAssignment, SeatRelease, Subscription, WindowState
from billing.queries.overview import Standing
from config import words

PEOPLE_A_PAGE: Final = 20
LEDGER_A_PAGE: Final = 10
CANDIDATES: Final = 60
SOURCES: Final = {
    "page": _("on this page"),
    "api": _("by the API"),
    "admin": _("by our staff"),
    "stripe": _("in Stripe"),
    "schedule": _("as it was scheduled"),
    "system": _("by the store"),
}

# Members and open invitations in one list: those with a seat first, then by name. In the order of Person's fields; `total`
# counts all that match.
PEOPLE: Final = """
WITH everybody AS (
    SELECT 'member' AS kind, m.id, COALESCE(NULLIF(u.name, ''), u.email) AS name, u.email, m.role, s.id AS seat_id,
           s.assigned_at, s.last_seen_on, EXISTS (
               SELECT 1 FROM billing_seatrelease r JOIN billing_scheduledchange c ON c.id = r.change_id
               WHERE r.assignment_id = s.id AND c.state = 'pending') AS leaves
    FROM accounts_membership m
    JOIN accounts_user u ON u.id = m.user_id
    LEFT JOIN billing_seatassignment s ON s.membership_id = m.id AND s.subscription_id = %(subscription)s AND s.ended_at IS NULL
    WHERE m.organization_id = %(organization)s AND m.left_at IS NULL
    UNION ALL
    SELECT 'invitation', i.id, i.email, i.email, i.role, s.id, s.assigned_at, NULL, FALSE
    FROM accounts_invitation i
    LEFT JOIN billing_seatassignment s ON s.invitation_id = i.id AND s.subscription_id = %(subscription)s AND s.ended_at IS NULL
    WHERE i.organization_id = %(organization)s AND i.state = 'open' AND i.expires_at > %(at)s
)
SELECT kind, id, name, email, role, seat_id, assigned_at, last_seen_on, leaves, count(*) OVER () AS total
FROM everybody
WHERE %(like)s = '' OR name ILIKE %(like)s OR email ILIKE %(like)s
ORDER BY seat_id IS NULL, kind DESC, lower(name), id
LIMIT %(limit)s OFFSET %(offset)s
"""

# A page of the ledger, in the order of Entry's fields.
LEDGER: Final = """
SELECT e.id, e.kind, e.delta, e.quantity_after, e.mrr_delta_minor, e.currency, COALESCE(NULLIF(u.name, ''), u.email, ''),
       e.source, e.reason, e.occurred_at, e.stripe_invoice_id, w.state, COALESCE(w.closed_at, w.closes_at),
       c.kind IS NOT NULL AND c.kind <> 'window', c.nonce LIKE %s, a.name, e.addon_after
FROM billing_seatledgerentry e LEFT JOIN accounts_user u ON u.id = e.actor_id LEFT JOIN billing_addon a ON a.id = e.addon_id
LEFT JOIN billing_invoicewindow w ON w.id = e.window_id LEFT JOIN billing_seatchange c ON c.id = w.billed_by_id
WHERE e.subscription_id = %s AND e.id < %s ORDER BY e.id DESC LIMIT %s
"""
NEWEST: Final = 2**62


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who has a seat or could have one. `leaves`: a scheduled change ends the seat with the period."""

    kind: str
    id: int
    name: str
    email: str
    role: str
    seat_id: int | None
    assigned_at: datetime | None
    last_seen_on: date | None
    leaves: bool

    @property
    def is_invited(self) -> bool:
        return self.kind == "invitation"


@dataclass(frozen=True, kw_only=True)
class People:
    people: tuple[Person, ...]
    total: int
    page: int
    query: str

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PEOPLE_A_PAGE))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the ledger: who did what, when, why and from where.

    Of one in an invoice window also how that stands: charged `along` with another change, one that came by itself.
    """

    id: int
    kind: str
    delta: int
    quantity_after: int
    mrr_delta_minor: int
    currency: str
    by: str
    source: str
    reason: str
    occurred_at: datetime
    stripe_invoice_id: str
    window_state: str | None = None
    charged_at: datetime | None = None
    is_along: bool | None = None
    is_along_automatic: bool | None = None
    addon_name: Mapping[str, str] | None = None
    addon_after: int | None = None

    @property
    def charged(self) -> str:
        """When the seats of a window are or were charged, and with what; empty: at once, or never."""
        if self.charged_at is None or self.window_state not in (WindowState.OPEN, WindowState.BILLED):
            return ""
        values = {"when": words.moment(self.charged_at)}
        if self.window_state == WindowState.OPEN:
            return _now("charged %(when)s") % values
        if not self.is_along:
            return _now("charged %(when)s, with all that was added") % values
        if self.is_along_automatic:
            return _now("charged %(when)s, along with seats that came by themselves") % values
        return _now("charged %(when)s, along with another change") % values

    @property
    def what(self) -> str:
        return str(LedgerKind(self.kind).label)

    @property
    def where(self) -> str:
        return str(SOURCES.get(self.source, self.source))


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The newest first; `older` is the id before which the next page begins (None: this is the last)."""

    entries: tuple[Entry, ...]
    older: int | None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody whose seat could end: `assignment_id` is what the change names."""

    assignment_id: int
    name: str
    email: str
    is_invited: bool
    last_seen_on: date | None


@dataclass(frozen=True, kw_only=True)
class Later:
    """What `seats` seats from the period's end on mean. `missing` more people must give theirs back than are named already."""

    seats: int
    before: int
    at: datetime
    total_minor: int
    total_before_minor: int
    currency: str
    missing: int
    candidates: tuple[Candidate, ...]


def people(row: Subscription, *, at: datetime, query: str = "", page: int = 1, limit: int = PEOPLE_A_PAGE) -> People:
    """Members and the invited, a page of them, those with a seat first. One query, whatever their number."""
    like = "%" + query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if query else ""
    values: dict[str, int | str | datetime] = {
        "subscription": row.pk,
        "organization": row.organization_id,
        "at": at,
        "like": like,
        "limit": limit,
        "offset": (max(page, 1) - 1) * limit,
    }
    found = rows.fetch(PEOPLE, values)
    names = [field.name for field in fields(Person)]
    total = found[0][-1] if found else 0
    shown = tuple(Person(**dict(zip(names, one[:-1], strict=True))) for one in found)
    return People(people=shown, total=total, page=max(page, 1), query=query)


def ledger(row: Subscription, *, before: int | None = None) -> Ledger:
    """A page of the ledger, the newest first. One query."""
    found = rows.fetch(LEDGER, (f"{AUTOMATIC}%", row.pk, before or NEWEST, LEDGER_A_PAGE + 1))
    names = [field.name for field in fields(Entry)]
    shown = tuple(Entry(**dict(zip(names, _read(one), strict=True))) for one in found[:LEDGER_A_PAGE])
    return Ledger(entries=shown, older=shown[-1].id if len(found) > LEDGER_A_PAGE else None)


def _read(found: Sequence[Any]) -> list[Any]:
    """A row with its jsonb read: Django has the driver leave it as text."""
    *plain, addon_name, addon_after = found
    return [*plain, json.loads(addon_name) if addon_name else None, addon_after]


def later(standing: Standing, *, seats: int) -> Later:
    """What changing to `seats` with the next period means, and who could give a seat back. At most two queries."""
    row = standing.row
    promised = set(
        SeatRelease.objects.filter(change__subscription=row, change__state="pending", assignment__ended_at=None).values_list(
            "assignment_id", flat=True
        )
    )
    staying = standing.in_use + standing.held - len(promised)
    missing = max(staying - seats, 0)
    return Later(
        seats=seats,
        before=standing.coming,
        at=row.period_ends_at,
        total_minor=standing.total_minor(seats),
        total_before_minor=standing.total_minor(standing.coming) if standing.coming else 0,
        currency=row.currency,
        missing=missing,
        candidates=_candidates(row, promised) if missing else (),
    )


def _candidates(row: Subscription, promised: set[int]) -> tuple[Candidate, ...]:
    """Seats held for the invited first, then those not seen for longest, the newest first."""
    invited_first = Case(When(membership=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    live = SeatAssignment.objects.filter(subscription=row, ended_at=None).exclude(pk__in=promised)
    known = live.select_related("membership__user", "invitation")
    ordered = known.order_by(invited_first, F("last_seen_on").asc(nulls_first=True), "-assigned_at", "-pk")
    return tuple(_candidate(seat) for seat in ordered[:CANDIDATES])


def _candidate(seat: SeatAssignment) -> Candidate:
    if seat.membership is not None:
        user = seat.membership.user
        return Candidate(
            assignment_id=seat.pk,
            name=str(user),
            email=user.email,
            is_invited=False,
            last_seen_on=seat.last_seen_on,
        )
    email = seat.invitation.email if seat.invitation else ""
    return Candidate(assignment_id=seat.pk, name=email, email=email, is_invited=True, last_seen_on=None)
