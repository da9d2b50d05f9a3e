"""Invitations: many at once with a result each, expiring, single use, resendable, revocable. Only a token's hash is kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Invitation, InvitationState, Membership, Organization, Role, User
from accounts.origin import Origin
from accounts.queries import invitations as read
from accounts.queries import policies
from accounts.rules import keys
from accounts.services import journal, memberships, outbox

LONGEST_ADDRESS = 254


class Outcome(StrEnum):
    """What became of one address."""

    INVITED = "invited"
    MEMBER = "member"
    WAITING = "waiting"
    REPEATED = "repeated"
    MALFORMED = "malformed"
    KNOWN = "known"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One address of one request. `invitation` is there for INVITED (new), WAITING (open from before) and KNOWN (by its id)."""

    email: str
    outcome: Outcome
    invitation: Invitation | None = None

    @property
    def is_new(self) -> bool:
        return self.outcome is Outcome.INVITED


class TooMany(ValidationError):
    """More addresses than one request, or one day, may invite."""


class NotSendable(ValidationError):
    """The invitation can't be mailed again: not open any more, too often, or too soon."""


class NotAcceptable(Exception):
    """The invitation can't be accepted; `standing` says why."""

    def __init__(self, standing: read.Standing | None) -> None:
        super().__init__(standing or "unknown")
        self.standing = standing


class WrongPerson(Exception):
    """Somebody else than the one invited is signed in."""


def invite(
    *,
    organization: Organization,
    emails: Sequence[str],
    role: Role | str,
    with_seat: bool,
    origin: Origin,
    at: datetime,
    external_ids: Mapping[str, str] | None = None,
) -> list[Result]:
    """Invite each address; a result for each, in the order given. One bad address does not hold up the others.

    Somebody who is a member, or has an open invitation, is left as is; one that had run out is replaced. `external_ids` are
    the vendor's own, by address: an invitation of this id, whatever became of it, is found instead of made. Raises TooMany.
    """
    with transaction.atomic():
        # One at a time an organization: two tabs that invite the same person make one invitation.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        _check_numbers(organization, len(emails), at)
        ids = {email.strip().lower(): external_id for email, external_id in (external_ids or {}).items()}
        results = _sort_out(organization, emails, _known(organization, ids), at)
        new = {result.email: ids.get(result.email) for result in results if result.is_new}
        made = _make(organization, new, role=role, with_seat=with_seat, origin=origin, at=at)
        if made:
            facts = {"invitations": [row.pk for row in made.values()], "role": role, "with_seat": with_seat}
            _tell("accounts.invitations.sent", organization, origin, at, facts)
    return [Result(email=r.email, outcome=r.outcome, invitation=r.invitation or made.get(r.email)) for r in results]


def resend(*, invitation: Invitation, origin: Origin, at: datetime) -> Invitation:
    """Mail an invitation again with a fresh link and a fresh term; the link sent before stops working. Raises NotSendable."""
    with transaction.atomic():
        row = Invitation.objects.select_for_update().select_related("organization").get(pk=invitation.pk)
        _check_resend(row, at)
        token = keys.new_token()
        row.token_hash, row.sent_at, row.expires_at = keys.digest(token), at, _expiry(at)
        row.sent_count += 1
        row.save(update_fields=["token_hash", "sent_at", "expires_at", "sent_count"])
        _mail(row, token, origin, at)
        _tell("accounts.invitation.resent", row.organization, origin, at, {"invitation": row.pk, "sent_count": row.sent_count})
    return row


def revoke(*, invitation: Invitation, origin: Origin, at: datetime) -> bool:
    """Withdraw an open invitation; False if it is not open any more."""
    with transaction.atomic():
        rows = Invitation.objects.filter(pk=invitation.pk, state=InvitationState.OPEN)
        if not rows.update(state=InvitationState.REVOKED, ended_at=at):
            return False
        _tell("accounts.invitation.revoked", invitation.organization, origin, at, {"invitation": invitation.pk})
    return True


def accept(*, token: str, user: User, origin: Origin, at: datetime) -> Membership:
    """Join by the link's token, once. Somebody who is a member already stays as they are.

    Raises NotAcceptable (with the invitation's standing, or None for a token never given out) and WrongPerson.
    """
    invitation = read.by_token(token)
    if invitation is None:
        raise NotAcceptable(None)
    if invitation.email.lower() != user.email.lower():
        raise WrongPerson
    with transaction.atomic():
        taken = Invitation.objects.filter(pk=invitation.pk, state=InvitationState.OPEN, expires_at__gt=at)
        if not taken.update(state=InvitationState.ACCEPTED, ended_at=at):
            invitation.refresh_from_db(fields=["state", "expires_at"])
            raise NotAcceptable(read.standing(invitation, at))
        _tell("accounts.invitation.accepted", invitation.organization, origin, at, {"invitation": invitation.pk})
        return memberships.join(organization=invitation.organization, user=user, role=invitation.role, origin=origin, at=at)


def _check_numbers(organization: Organization, count: int, at: datetime) -> None:
    most = policies.value("accounts.invitations_at_once", at=at)
    if count > most:
        raise TooMany(
            _("That is %(count)s addresses; %(most)s can be invited at once. Send them in parts.")
            % {"count": count, "most": most}
        )
    a_day = policies.value("accounts.invitations_a_day", at=at)
    sent = Invitation.objects.filter(organization=organization, sent_at__gt=at - timedelta(days=1)).count()
    if sent + count > a_day:
        left = max(a_day - sent, 0)
        raise TooMany(_("%(left)s more invitations can be sent today. Send the others tomorrow.") % {"left": left})


def _known(organization: Organization, ids: Mapping[str, str]) -> dict[str, Invitation]:
    """The invitations there are of these external ids, by the address that each is asked for with."""
    if not ids:
        return {}
    rows = Invitation.objects.filter(organization=organization, external_id__in=ids.values())
    by_id = {row.external_id: row for row in rows}
    return {email: by_id[external_id] for email, external_id in ids.items() if external_id in by_id}


def _sort_out(organization: Organization, emails: Iterable[str], known: Mapping[str, Invitation], at: datetime) -> list[Result]:
    live = Membership.objects.live().filter(organization=organization)
    members = set(live.values_list("user__email", flat=True))
    waiting = {row.email.lower(): row for row in read.waiting(organization) if row.expires_at > at}
    seen: set[str] = set()
    results = []
    for text in emails:
        email = text.strip().lower()
        outcome = Outcome.KNOWN if email in known else _outcome(email, members, waiting, seen)
        results.append(Result(email=email, outcome=outcome, invitation=known.get(email) or waiting.get(email)))
        seen.add(email)
    return results


def _outcome(email: str, members: set[str], waiting: Mapping[str, Invitation], seen: set[str]) -> Outcome:
    if email in seen:
        return Outcome.REPEATED
    if not _is_address(email):
        return Outcome.MALFORMED
    if email in members:
        return Outcome.MEMBER
    return Outcome.WAITING if email in waiting else Outcome.INVITED


def _is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= LONGEST_ADDRESS


def _make(
    organization: Organization,
    emails: Mapping[str, str | None],
    *,
    role: Role | str,
    with_seat: bool,
    origin: Origin,
    at: datetime,
) -> dict[str, Invitation]:
    """`emails` with their external ids."""
    stale = Invitation.objects.filter(organization=organization, state=InvitationState.OPEN, email__in=list(emails))
    stale.update(state=InvitationState.REVOKED, ended_at=F("expires_at"))
    tokens = {email: keys.new_token() for email in emails}
    rows = [
        Invitation(
            organization=organization,
            email=email,
            external_id=emails[email],
            role=role,
            with_seat=with_seat,
            token_hash=keys.digest(token),
            invited_by=origin.actor,
            sent_at=at,
            expires_at=_expiry(at),
        )
        for email, token in tokens.items()
    ]
    made = {row.email: row for row in Invitation.objects.bulk_create(rows)}
    for email, row in made.items():
        _mail(row, tokens[email], origin, at)
    return made


def _check_resend(row: Invitation, at: datetime) -> None:
    if row.state != InvitationState.OPEN:
        raise NotSendable(_("This invitation is not open any more."))
    most = policies.value("accounts.invitation_sends", at=at)
    if row.sent_count >= most:
        raise NotSendable(
            _("It has been mailed %(most)s times. Withdraw it and invite again, or write yourself.") % {"most": most}
        )
    if at < row.sent_at + timedelta(seconds=policies.value("accounts.invitation_wait_seconds", at=at)):
        raise NotSendable(_("It was mailed a moment ago. Give it a minute to arrive."))


def _expiry(at: datetime) -> datetime:
    return at + timedelta(seconds=policies.value("accounts.invitation_seconds", at=at))


def _mail(row: Invitation, token: str, origin: Origin, at: datetime) -> None:
    outbox.write(
        kind="accounts/invitation",
        subject_row=f"invitation:{row.pk}:{row.sent_count}",
        to=row.email,
        organization=row.organization,
        context={
            "organization_name": row.organization.name,
            "inviter": str(origin.actor or row.organization.name),
            "expires_at": row.expires_at,
            "with_seat": row.with_seat,
        },
        secret={"url": settings.STORE_URL + reverse("storefront:invitation", args=[token])},
        at=at,
    )


def _tell(kind: str, organization: Organization, origin: Origin, at: datetime, data: dict[str, Any]) -> None:
    journal.append(
        kind=kind,
        organization=organization,
        at=at,
        origin=origin,
        data=data,
    )
