"""Mails as rows: written with their cause, sent by a lane of the pulse under a lease and a fencing token.

At least once: a process that dies between the mail server's "accepted" and our "sent" leaves a row that is sent again, under
the same Message-ID. Never twice at once: a claim raises the row's fence, and a result with an older fence is dropped.
"""

import smtplib
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import MailState, Membership, Organization, OutgoingMail, Role, SuppressionReason, User
from accounts.origin import Origin
from accounts.queries import mail_choices, policies
from accounts.queries.mail_choices import Hold
from accounts.rules import mail_refusals, mail_topics
from accounts.services import journal, rendering, suppressions
from config import pulse

LEASE = timedelta(seconds=30)
BATCH = 20
# After so long a claim's remaining mails are handed back, so that none is sent on a lease that runs out meanwhile.
SENDING_SECONDS = LEASE.total_seconds() - settings.EMAIL_TIMEOUT - 5
LONGEST_WAIT = timedelta(hours=6)
log = structlog.get_logger(__name__)


def write(
    *,
    kind: str,
    subject_row: str,
    to: User | str,
    organization: Organization | None,
    context: Mapping[str, Any],
    at: datetime,
    locale: str = "",
    secret: Mapping[str, Any] | None = None,
) -> None:
    """Write one mail in the caller's transaction; nothing, if the same cause has already written it. See `draft`."""
    mail = draft(
        kind=kind,
        subject_row=subject_row,
        to=to,
        organization=organization,
        context=context,
        at=at,
        locale=locale,
        secret=secret,
    )
    write_all([mail])


def write_all(mails: Iterable[OutgoingMail]) -> None:
    """Several mails in one statement, in the caller's transaction; without those that the same cause has already written."""
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)


def draft(
    *,
    kind: str,
    subject_row: str,
    to: User | str,
    organization: Organization | None,
    context: Mapping[str, Any],
    at: datetime,
    locale: str = "",
    secret: Mapping[str, Any] | None = None,
) -> OutgoingMail:
    """One mail, not written yet.

    `kind` names templates/emails/<kind>.subject.txt, .txt and .html; `subject_row` what it is about, "invitation:42"; the pair
    and the recipient are unique. `context` holds JSON values, dates and aware instants (templates get them back as such); money
    goes as minor units beside its currency. `secret` (codes, links) is context too, and is wiped once the mail is sent.
    The language is `locale`, else the person's, else the organization's. `at` is store time. Raises ValueError for a context
    with a name that the frame of every mail needs.
    """
    if taken := rendering.OF_THE_FRAME & {*context, *(secret or ())}:
        raise ValueError(f"{kind}: {sorted(taken)} are the frame's; name the mail's own values otherwise.")
    user = to if isinstance(to, User) else None
    said = locale or (user.locale if user else "") or (organization.locale if organization else "")
    return OutgoingMail(
        kind=kind,
        subject_row=subject_row,
        recipient=user.email if user else str(to).strip().lower(),
        user=user,
        organization=organization,
        locale=said or settings.LANGUAGE_CODE,
        context=rendering.pack({**context, rendering.SECRET: dict(secret or {})}),
        due_at=Now(),
        request_id=journal.current_request_id(),
        created_at=at,
    )


def retry(mail_id: int) -> bool:
    """Put a mail that was given up back in line, its attempts forgotten. False if it is not in that state."""
    rows = OutgoingMail.objects.filter(id=mail_id, state=MailState.FAILED)
    return bool(rows.update(state=MailState.DUE, attempts=0, due_at=Now(), lease_until=None))


def drain(now: datetime) -> pulse.Drained:
    """Send what is due at wall time `now`. Never raises for a mail server's refusal: the row keeps it and waits."""
    mails = _claim(now)
    if mails:
        _send_all(mails, now)
    waiting = OutgoingMail.objects.filter(state=MailState.DUE).aggregate(
        next=models.Min(models.functions.Greatest("due_at", models.functions.Coalesce("lease_until", "due_at")))
    )
    return pulse.Drained(handled=len(mails), next_due_at=waiting["next"])


def _claim(now: datetime) -> list[OutgoingMail]:
    with transaction.atomic():
        due = OutgoingMail.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), state=MailState.DUE, due_at__lte=now)
        ids = list(due.order_by("due_at", "id").select_for_update(skip_locked=True).values_list("id", flat=True)[:BATCH])
        claimed = OutgoingMail.objects.filter(id__in=ids)
        claimed.update(lease_until=now + LEASE, fence=F("fence") + 1, attempts=F("attempts") + 1)
        return list(claimed.select_related("organization", "user").order_by("due_at", "id"))


def _send_all(mails: list[OutgoingMail], now: datetime) -> None:
    started = time.monotonic()
    connection = get_connection()
    holds = mail_choices.holds(mails)
    try:
        for mail in mails:
            if hold := holds.get(mail.pk):
                _hold(mail, hold, now)
            elif time.monotonic() - started > SENDING_SECONDS:
                _hand_back(mail)
            else:
                _send(mail, connection, now)
    finally:
        connection.close()


def _send(mail: OutgoingMail, connection: BaseEmailBackend, now: datetime) -> None:
    try:
        rendering.message(mail, connection).send()
    except smtplib.SMTPRecipientsRefused as error:
        _refused(mail, error, now)
    except Exception as error:  # noqa: BLE001 - a broken template or an unreachable server must not stop the lane
        _failed(mail, error, now)
    else:
        _mine(mail).update(
            state=MailState.SENT, sent_at=now, error="", lease_until=None, context=rendering.without_secret(mail.context)
        )


def _failed(mail: OutgoingMail, error: Exception, now: datetime) -> None:
    log.warning("mail_failed", mail=mail.id, kind=mail.kind, attempt=mail.attempts, error=type(error).__name__)
    text = f"{type(error).__name__}: {error}"[:2000]
    if mail.attempts < policies.value("accounts.mail_attempts", at=now):
        seconds = policies.value("accounts.mail_retry_seconds", at=now) * 2 ** (mail.attempts - 1)
        wait = min(timedelta(seconds=seconds), LONGEST_WAIT)
        _mine(mail).update(error=text, due_at=now + wait, lease_until=None)
        return
    with transaction.atomic():
        given_up = _mine(mail).update(state=MailState.FAILED, error=text, lease_until=None)
        if given_up:
            data = {"mail": mail.id, "kind": mail.kind, "subject_row": mail.subject_row, "attempts": mail.attempts}
            journal.append(
                kind="accounts.mail.given_up",
                organization=mail.organization,
                at=now,
                data=data,
                origin=Origin.system(mail.request_id),
            )


def _refused(mail: OutgoingMail, error: smtplib.SMTPRecipientsRefused, now: datetime) -> None:
    """The server takes nothing for this address. A dead mailbox is not tried again; anything else is an ordinary failure."""
    code, said = error.recipients.get(mail.recipient, (0, b""))
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if not mail_refusals.is_dead_mailbox(code, words):
        _failed(mail, error, now)
        return
    suppressions.suppress(address=mail.recipient, reason=SuppressionReason.REFUSED, detail=f"{code} {words}", at=now)
    _hold(mail, Hold(why=f"{code} {words}", is_unreachable=True), now)


def _hold(mail: OutgoingMail, hold: Hold, now: datetime) -> None:
    """Don't send it, and say why. What is about money goes to the owners instead, unless they have got it."""
    with transaction.atomic():
        context = rendering.without_secret(mail.context)
        if not _mine(mail).update(state=MailState.HELD, error=hold.why[:2000], lease_until=None, context=context):
            return
        if not hold.is_unreachable:
            return
        if mail_topics.is_money(mail.kind) and mail.organization:
            _to_owners(mail, mail.organization)
        data = {"mail": mail.pk, "kind": mail.kind, "subject_row": mail.subject_row}
        journal.append(
            kind="accounts.mail.held", organization=mail.organization, at=now, data=data, origin=Origin.system(mail.request_id)
        )


def _to_owners(mail: OutgoingMail, organization: Organization) -> None:
    owners = Membership.objects.live().filter(organization=organization, role=Role.OWNER, user__is_active=True)
    for owner in owners.select_related("user"):
        if owner.user.email != mail.recipient:
            write(
                kind=mail.kind,
                subject_row=mail.subject_row,
                to=owner.user,
                organization=organization,
                context=rendering.unpack(rendering.without_secret(mail.context)),
                at=mail.created_at,
            )


def _hand_back(mail: OutgoingMail) -> None:
    _mine(mail).update(lease_until=None, attempts=F("attempts") - 1)


def _mine(mail: OutgoingMail) -> models.QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(id=mail.id, fence=mail.fence, state=MailState.DUE)
