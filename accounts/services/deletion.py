"""Deleting an account: what names the person goes at once, what happened stays.

The row of the person stays, under a pseudonym, because the journal, accepted terms and past decisions point at it. What is
kept, for how long and why stands on the page and in docs/data-kept.md. Upper floors call this last, inside their own
transaction (storefront.departures), after seats and memberships are given back.
"""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.models import Invitation, MailState, Membership, OutgoingMail, User
from accounts.origin import Origin
from accounts.services import journal, outbox

GOODBYE = "accounts/account_deleted"
KEPT = timedelta(days=1)


class StaffAccount(Exception):
    """A staff account is ended by an administrator, who takes the access away first."""


class StillMember(Exception):
    """The person has memberships that the caller should have ended."""


def pseudonym(user: User) -> str:
    """An address that can't be written to (RFC 2606) and names nobody."""
    return f"deleted-{user.pk}@deleted.invalid"


def pseudonymise(*, user: User, origin: Origin, at: datetime) -> None:
    """Take away everything that names the person or lets them in. Raises StaffAccount and StillMember."""
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if row.is_staff or row.is_superuser:
            raise StaffAccount
        if Membership.objects.live().filter(user=row, organization__closed_at=None).exists():
            raise StillMember
        address, name = row.email, pseudonym(row)
        outbox.write(
            kind=GOODBYE, subject_row=f"user:{row.pk}", to=address, organization=None, context={}, locale=row.locale, at=at
        )
        Membership.objects.live().filter(user=row).update(left_at=at)
        _forget_traces(row, address, name)
        row.email, row.name, row.external_id, row.is_active, row.deleted_at = name, "", None, False, at
        row.set_unusable_password()
        row.save(update_fields=["email", "name", "external_id", "is_active", "deleted_at", "password"])
        journal.append(
            kind="accounts.account.deleted",
            organization=None,
            at=at,
            origin=origin,
            data={"user": row.pk},
        )


def forget_goodbyes(now: datetime) -> int:
    """Take the address out of goodbye mails that have been on their way for a day (wall time). Returns how many."""
    done = OutgoingMail.objects.filter(kind=GOODBYE, state__in=(MailState.SENT, MailState.FAILED), due_at__lte=now - KEPT)
    count = 0
    for mail in done.exclude(recipient__endswith="@deleted.invalid")[:500]:
        count += OutgoingMail.objects.filter(pk=mail.pk).update(
            recipient=f"{mail.subject_row.replace(':', '-')}@deleted.invalid"
        )
    return count


def _forget_traces(user: User, address: str, name: str) -> None:
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    sessions = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=sessions.values("session_key")).delete()
    sessions.delete()
    Invitation.objects.filter(email__iexact=address).update(email=name)
    # Mails that wait are not for somebody who has left; those sent keep what they were about, not to whom and with which words.
    mails = OutgoingMail.objects.filter(recipient__iexact=address).exclude(kind=GOODBYE)
    mails.filter(state=MailState.DUE).delete()
    mails.update(recipient=name, context={}, error="")
