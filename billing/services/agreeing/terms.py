"""Exceptions are proposed by one of us and decided by a second; an approved one can be ended before its date.

What an approved one does, and its end, is the sweep's (terms_sweep).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization, User
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from billing.models import ExceptionEntry, Plan, ProductLine, RenewalWatch, Terms, TermsKind, TermsState
from billing.models.terms import MOST_REASON
from billing.queries import budgets as budget_queries
from billing.queries import terms_bands
from billing.rules import terms as rules
from billing.rules.terms import Why, Wrong
from billing.services.agreeing import budgets

NOT_OVER = (TermsState.PROPOSED, TermsState.APPROVED)


class TermsError(Exception):
    """Nothing was changed."""


class NotOpen(TermsError):
    """It is in another state by now: decided, withdrawn or over."""

    def __init__(self, row: Terms) -> None:
        super().__init__(f"It is {row.state}.")
        self.row = row


class SamePerson(TermsError):
    """Whoever proposed it cannot approve or decline it: that takes a second person."""


class BeyondBand(TermsError):
    """More than this person's groups may approve; `groups` may."""

    def __init__(self, groups: tuple[str, ...]) -> None:
        super().__init__("Beyond what this person may approve.")
        self.groups = groups


class Overlaps(TermsError):
    """Another one of the kind holds, or is proposed, for some of the days."""

    def __init__(self, other: Terms) -> None:
        super().__init__(f"{other.kind} from {other.starts_on} to {other.ends_on}.")
        self.other = other


class OverBudget(TermsError):
    """It would pass the ceiling of its segment's exceptions in this quarter; `full.raisers` may raise that."""

    def __init__(self, full: budgets.Full) -> None:
        super().__init__(str(full))
        self.full = full


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a form says. `raw` is the value as it was typed (billing.rules.terms.value), `nonce` makes two clicks one."""

    kind: TermsKind
    raw: Mapping[str, Any]
    line: ProductLine | None
    owner: User
    reason: str
    starts_on: date
    ends_on: date | None
    nonce: str


def checked(wanted: Wanted, at: datetime) -> Terms:
    """The row that a form comes to, not saved and not somebody's yet. Raises rules.Wrong for what does not do."""
    kind = rules.Kind(wanted.kind)
    said = rules.value(kind, wanted.raw)
    if kind in rules.OF_A_LINE and wanted.line is None:
        raise Wrong("line", Why.MISSING)
    if kind is rules.Kind.TERM and said.get("plan"):
        plan = Plan.objects.filter(line=wanted.line, code=said["plan"], withdrawn_at=None).first()
        if plan is None:
            raise Wrong("plan", Why.UNKNOWN)
        said["plan_name"] = plan.name
    if not wanted.reason.strip():
        raise Wrong("reason", Why.MISSING)
    longest = policies.value("billing.terms_longest_days", at)
    ends_on = rules.check_dates(wanted.starts_on, wanted.ends_on, today=at.date(), longest_days=longest)
    return Terms(
        line=wanted.line if kind in rules.OF_A_LINE else None,
        kind=wanted.kind,
        value=said,
        owner=wanted.owner,
        reason=wanted.reason.strip()[:MOST_REASON],
        quarter=rules.quarter(at.date()),
        starts_on=wanted.starts_on,
        ends_on=ends_on,
        nonce=wanted.nonce,
        proposed_at=at,
    )


def propose(organization: Organization, *, wanted: Wanted, origin: Origin, at: datetime) -> Terms:
    """Write down what a second person is to approve. The same nonce again finds the same row.

    Raises rules.Wrong, and Overlaps.
    """
    assert origin.actor is not None
    with transaction.atomic(durable=True):
        if (known := Terms.objects.filter(nonce=wanted.nonce).first()) is not None:
            return known
        row = checked(wanted, at)
        held = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        row.organization, row.proposed_by = held, origin.actor
        row.date()
        _refuse_second(row, NOT_OVER)
        row.save()
        tell("proposed", row, origin=origin, at=at)
    return row


def approve(terms_id: int, *, note: str = "", origin: Origin, at: datetime) -> Terms:
    """A second person's yes: it holds from its first day on. Raises NotOpen, SamePerson, BeyondBand, Overlaps, OverBudget,
    rules.Wrong.
    """
    with transaction.atomic(durable=True):
        row = _held(terms_id, TermsState.PROPOSED)
        decider = _second(row, origin)
        verdict = terms_bands.verdict(decider, row.kind, row.value, at)
        if not verdict.is_allowed:
            raise BeyondBand(verdict.groups)
        if row.ends_on <= at.date():
            raise Wrong("ends_on", Why.IN_THE_PAST, least=at.date())
        _refuse_second(row, (TermsState.APPROVED,))
        _count(row, at)
        _decide(row, TermsState.APPROVED, note, decider, at)
        row.due_at = at
        row.save()
        RenewalWatch.objects.filter(subscription__organization=row.organization_id).update(due_at=at)
        tell("approved", row, origin=origin, at=at)
    return row


def decline(terms_id: int, *, note: str, origin: Origin, at: datetime) -> Terms:
    """A second person's no. Raises NotOpen, SamePerson."""
    with transaction.atomic(durable=True):
        row = _held(terms_id, TermsState.PROPOSED)
        _decide(row, TermsState.DECLINED, note, _second(row, origin), at)
        row.save()
        tell("declined", row, origin=origin, at=at)
    return row


def withdraw(terms_id: int, *, origin: Origin, at: datetime) -> Terms:
    """It is not wanted any more, before anybody decided. Raises NotOpen."""
    with transaction.atomic(durable=True):
        row = _held(terms_id, TermsState.PROPOSED)
        row.state = TermsState.WITHDRAWN
        row.save()
        tell("withdrawn", row, origin=origin, at=at)
    return row


def end_early(terms_id: int, *, reason: str, origin: Origin, at: datetime) -> Terms:
    """Over at once; the customer has the catalog's again. Raises NotOpen, and rules.Wrong without a reason."""
    if not reason.strip():
        raise Wrong("reason", Why.MISSING)
    with transaction.atomic(durable=True):
        row = _held(terms_id, TermsState.APPROVED)
        row.state, row.ended_at, row.ended_by = TermsState.ENDED_EARLY, at, origin.actor
        row.end_reason, row.due_at = reason.strip()[:MOST_REASON], at  # the sweep takes back what it did
        row.save()
        tell("ended_early", row, origin=origin, at=at)
    return row


def tell(verb: str, row: Terms, *, origin: Origin, at: datetime) -> None:
    """The journal's entry `billing.terms.<verb>`."""
    journal.append(
        kind=f"billing.terms.{verb}",
        organization=row.organization,
        at=at,
        origin=origin,
        data={
            **facts(row),
            **({"reason": row.end_reason} if verb == "ended_early" else {}),
        },
    )


def facts(row: Terms) -> dict[str, Any]:
    """What the journal says of it."""
    return row.told


def _held(terms_id: int, state: TermsState) -> Terms:
    rows = Terms.objects.select_for_update(of=("self",)).select_related("organization", "line")
    row = rows.get(pk=terms_id)
    if row.state != state:
        raise NotOpen(row)
    return row


def _second(row: Terms, origin: Origin) -> User:
    if origin.actor is None or origin.actor.pk == row.proposed_by_id:
        raise SamePerson("Whoever proposed it cannot decide it.")
    return origin.actor


def _decide(row: Terms, state: TermsState, note: str, decider: User, at: datetime) -> None:
    row.state, row.approver, row.decided_at, row.note = state, decider, at, note.strip()[:MOST_REASON]


def _count(row: Terms, at: datetime) -> None:
    """Against the budget of the customer's segment: a customer once a quarter, however many exceptions it has. A credit limit
    is none of what the catalog sells.
    """
    if row.kind == TermsKind.CREDIT_LIMIT:
        return
    subject = f"customer:{row.organization_id}:{rules.quarter(at.date())}"
    known = ExceptionEntry.objects.filter(subject=subject).values_list("kinds", "ends_on").first() or ([], row.ends_on)
    counting = budgets.Counting(
        subject=subject,
        kinds=[*known[0], row.kind],
        us_cents=budget_queries.of_customer(row.organization_id, at),
        owner=row.owner,
        reason=row.reason,
        ends_on=max(known[1], row.ends_on),
    )
    try:
        budgets.take(row.organization, counting, at=at)
    except budgets.Full as full:
        raise OverBudget(full) from full


def _refuse_second(row: Terms, states: tuple[TermsState, ...]) -> None:
    """One of a kind at a time, for a line or the customer; of features one of each."""
    others = Terms.objects.filter(organization=row.organization_id, line=row.line_id, kind=row.kind, state__in=states)
    for other in others.exclude(pk=row.pk).order_by("starts_on", "pk"):
        is_same = row.kind != TermsKind.FEATURE or other.value["feature"] == row.value["feature"]
        if is_same and rules.overlaps(row.starts_on, row.ends_on, [(other.starts_on, other.ends_on)]):
            raise Overlaps(other)
