"""Stopping and starting the mails that may be stopped, by page or by the link that each of them carries."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import MailStop, Organization, OutgoingMail, Suppression, User
from accounts.queries import mail_choices as read
from accounts.rules import mail_topics
from accounts.rules.mail_topics import Topic
from accounts.services import links, outbox, suppressions

Row = dict[str, Any]
CHECK_SECONDS = 3 * 86_400


def by_token(text: str) -> OutgoingMail | None:
    """The mail whose link it is. Works for as long as the mail's row is kept: an unsubscribe link may not run out soon."""
    ids = links.read(links.MAIL_STOP, text)
    return OutgoingMail.objects.select_related("organization", "user").filter(pk=ids[0]).first() if ids else None


def set_wanted(mail: OutgoingMail, *, is_wanted: bool, at: datetime) -> None:
    """Stop, or start again, the topic of this mail for whoever got it. Twice is the same as once."""
    topic = mail_topics.topic_of(mail.kind)
    assert topic is not None, "links are made for mails with a topic"
    rows = [_row(mail.user, mail.recipient, mail.organization, topic)]
    _start(rows) if is_wanted else _stop(rows, at)


def choose(
    *, user: User, organization: Organization | None, topics: Collection[Topic], wanted: Collection[Topic], at: datetime
) -> None:
    """The preference page: of `topics` those in `wanted` are to come, for this person and organization."""
    with transaction.atomic():
        _start([_row(user, "", organization, topic) for topic in topics if topic in wanted])
        _stop([_row(user, "", organization, topic) for topic in topics if topic not in wanted], at)


def check_address(*, user: User, at: datetime) -> None:
    """Mail a link by which the person shows that mails arrive again; once an hour at most."""
    row = read.suppression_of(user.email)
    if row is None:
        return
    outbox.write(
        kind="accounts/address_check",
        subject_row=f"suppression:{row.pk}:{at:%Y%m%d%H}",
        to=user,
        organization=None,
        context={},
        secret={
            "url": settings.STORE_URL
            + reverse("storefront:address_check", args=[links.token(links.ADDRESS_CHECK, row.pk, int(at.timestamp()))])
        },
        at=at,
    )


def is_address_check(*, text: str, at: datetime) -> bool:
    """Whether a link of `check_address` is one, and young enough."""
    return _checked(text, at) is not None


def confirm_address(*, text: str, at: datetime) -> bool:
    """The link was confirmed: mails go out again. False for a link that is none or too old, and the second time."""
    pk = _checked(text, at)
    row = Suppression.objects.filter(pk=pk).first() if pk else None
    return suppressions.lift_by_proof(address=row.address, at=at) if row else False


def _checked(text: str, at: datetime) -> int | None:
    ids = links.read(links.ADDRESS_CHECK, text)
    if ids is None or len(ids) != 2 or not 0 <= at.timestamp() - ids[1] <= CHECK_SECONDS:
        return None
    return ids[0]


def _row(user: User | None, address: str, organization: Organization | None, topic: Topic) -> Row:
    return {**read.whose(user, address), "organization_id": read.place(topic, organization), "topic": topic.value}


def _start(rows: list[Row]) -> None:
    for row in rows:
        MailStop.objects.filter(**row).delete()


def _stop(rows: list[Row], at: datetime) -> None:
    MailStop.objects.bulk_create([MailStop(**row, stopped_at=at) for row in rows], ignore_conflicts=True)
