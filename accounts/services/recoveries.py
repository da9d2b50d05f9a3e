"""A new owner for an organization whose owner is gone.

One staff member asks, with a proof; another one decides; then every member and the owner have 72 hours
(accounts.recovery_notice_seconds) to object by one click from the mail, signed in or not. Only then the ownership moves. Each
step is in the journal, and every step that was lost to somebody quicker raises Overtaken and changes nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import OPEN_RECOVERIES, Membership, Organization, OwnerRecovery, RecoveryState, Role, User
from accounts.origin import Origin
from accounts.queries import members, policies
from accounts.services import journal, memberships, outbox

SHORTEST_PROOF = 40
SALT = "accounts.recoveries.objection"


class Overtaken(Exception):
    """The case is not in the state any more that this step needs."""


class NotTwoPeople(Exception):
    """Whoever asked can't decide, and neither of the two can become the owner."""


def request(*, membership: Membership, proof: str, origin: Origin, at: datetime) -> OwnerRecovery:
    """Ask that this member becomes the owner. Raises ValidationError naming the field, NotTwoPeople."""
    actor = _staff(origin)
    if len(proof.strip()) < SHORTEST_PROOF:
        raise ValidationError({"proof": _("Say in a few sentences what shows that the owner is gone, and where that is kept.")})
    if membership.user == actor:
        raise NotTwoPeople
    organization = membership.organization
    _check_member(membership, organization)
    try:
        with transaction.atomic():
            case = OwnerRecovery.objects.create(
                organization=organization, membership=membership, proof=proof.strip(), requested_by=actor, requested_at=at
            )
            _tell("accounts.recovery.requested", case, origin, at)
    except IntegrityError:
        raise ValidationError({"membership": _("A case is open for this organization already.")}) from None
    return case


def approve(*, case: OwnerRecovery, origin: Origin, at: datetime) -> OwnerRecovery:
    """The second person agrees: the notice goes out and the time to object begins. Raises NotTwoPeople and Overtaken."""
    actor = _second(case, origin)
    due_at = at + timedelta(seconds=policies.value("accounts.recovery_notice_seconds", at=at))
    with transaction.atomic():
        row = _move(
            case, (RecoveryState.REQUESTED,), state=RecoveryState.NOTICE, decided_by=actor, decided_at=at, due_at=due_at
        )
        _tell("accounts.recovery.approved", row, origin, at, due_at=due_at)
        for member in members.of(row.organization):
            _mail("accounts/recovery_notice", row, member.user, at, due_at=due_at)
    return row


def refuse(*, case: OwnerRecovery, note: str, origin: Origin, at: datetime) -> OwnerRecovery:
    """The second person does not agree. Raises NotTwoPeople, Overtaken, ValidationError without a note."""
    actor = _second(case, origin)
    states = (RecoveryState.REQUESTED,)
    decision = {"decided_by": actor, "decided_at": at}
    return _end(case, states, state=RecoveryState.REFUSED, note=note, origin=origin, at=at, **decision)


def withdraw(*, case: OwnerRecovery, note: str, origin: Origin, at: datetime) -> OwnerRecovery:
    """Any staff member who may ask takes an open case back. Raises Overtaken, ValidationError without a note."""
    _staff(origin)
    return _end(case, OPEN_RECOVERIES, state=RecoveryState.WITHDRAWN, note=note, origin=origin, at=at)


def object_to(*, case: OwnerRecovery, person: User, origin: Origin, at: datetime) -> OwnerRecovery:
    """A member says no: nothing moves, and both staff members hear of it. Raises Overtaken once it is too late."""
    with transaction.atomic():
        row = _move(case, (RecoveryState.NOTICE,), state=RecoveryState.OBJECTED, objected_by=person, ended_at=at)
        _tell("accounts.recovery.objected", row, origin, at, person=person.pk)
        for staff in {row.requested_by, row.decided_by}:
            if staff is not None:
                _mail("accounts/recovery_objected", row, staff, at)
    return row


def finish_due(at: datetime) -> int:
    """Move the ownership in every case whose time is over. Returns how many were ended. Safe to run many times at once."""
    due = OwnerRecovery.objects.filter(state=RecoveryState.NOTICE, due_at__lte=at).order_by("due_at", "pk")
    return sum(_finish(pk, at) for pk in due.values_list("pk", flat=True)[:100])


def token(case: OwnerRecovery, person: User) -> str:
    """What the link in this person's notice holds."""
    return signing.dumps({"case": case.pk, "user": person.pk}, salt=SALT)


def by_token(text: str) -> tuple[OwnerRecovery, User] | None:
    """The case and the person of a link, if the person still belongs to the organization; None for a forged one."""
    try:
        said = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    rows = OwnerRecovery.objects.select_related("organization", "membership__user")
    case = rows.filter(pk=said["case"]).first()
    member = case and Membership.objects.live().filter(organization=case.organization, user_id=said["user"])
    found = member.select_related("user").first() if member else None
    return (case, found.user) if case and found else None


def _finish(pk: int, at: datetime) -> int:
    with transaction.atomic():
        rows = OwnerRecovery.objects.select_for_update(skip_locked=True, of=("self",))
        row = (
            rows.filter(pk=pk, state=RecoveryState.NOTICE, due_at__lte=at).select_related("organization", "membership").first()
        )
        if row is None:
            return 0
        origin = Origin.system()
        if row.organization.closed_at is not None or row.membership.left_at is not None:
            row = _move(row, (RecoveryState.NOTICE,), state=RecoveryState.LAPSED, ended_at=at)
            _tell("accounts.recovery.lapsed", row, origin, at)
            return 1
        row = _move(row, (RecoveryState.NOTICE,), state=RecoveryState.DONE, ended_at=at)
        former = memberships.replace_owners(receiver=row.membership, origin=origin, at=at)
        _tell("accounts.recovery.finished", row, origin, at, former=[membership.pk for membership in former])
        for member in members.of(row.organization):
            _mail("accounts/recovery_finished", row, member.user, at)
    return 1


def _end(
    case: OwnerRecovery, states: Any, *, state: RecoveryState, note: str, origin: Origin, at: datetime, **values: Any
) -> OwnerRecovery:
    if not note.strip():
        raise ValidationError({"note": _("Say why, for whoever reads this in a year.")})
    with transaction.atomic():
        row = _move(case, states, state=state, note=note.strip()[:500], ended_at=at, **values)
        _tell(f"accounts.recovery.{state}", row, origin, at)
    return row


def _move(case: OwnerRecovery, states: Any, **values: Any) -> OwnerRecovery:
    if not OwnerRecovery.objects.filter(pk=case.pk, state__in=states).update(**values):
        raise Overtaken
    rows = OwnerRecovery.objects.select_related("organization", "membership__user", "requested_by", "decided_by")
    return rows.get(pk=case.pk)


def _check_member(membership: Membership, organization: Organization) -> None:
    if membership.left_at is not None or organization.closed_at is not None:
        raise ValidationError({"membership": _("Choose a member of an open organization.")})
    if membership.role == Role.OWNER:
        raise ValidationError({"membership": _("This person is an owner already.")})


def _staff(origin: Origin) -> User:
    actor = origin.actor
    if actor is None or not actor.is_staff or not actor.is_active:
        raise NotTwoPeople
    return actor


def _second(case: OwnerRecovery, origin: Origin) -> User:
    actor = _staff(origin)
    if actor.pk in (case.requested_by_id, case.membership.user_id):
        raise NotTwoPeople
    return actor


def _mail(kind: str, case: OwnerRecovery, to: User, at: datetime, **facts: Any) -> None:
    link = settings.STORE_URL + reverse("recovery_objection", args=[token(case, to)])
    outbox.write(
        kind=kind,
        subject_row=f"recovery:{case.pk}",
        to=to,
        organization=case.organization,
        context={"organization_name": case.organization.name, "new_owner": str(case.membership.user), **facts},
        secret={"url": link} if kind == "accounts/recovery_notice" else {},
        at=at,
    )


def _tell(kind: str, case: OwnerRecovery, origin: Origin, at: datetime, **facts: Any) -> None:
    journal.append(
        kind=kind,
        organization=case.organization,
        at=at,
        origin=origin,
        data={"recovery": case.pk, "membership": case.membership_id, **facts},
    )
