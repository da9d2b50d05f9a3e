"""Who wants which mails, and who can be reached: read by the outbox before sending, and by the pages that say so."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.models import BillingContact, MailStop, Membership, Organization, OutgoingMail, Suppression, User
from accounts.rules import mail_topics
from accounts.rules.mail_topics import Topic

STOPPED = "stopped by its reader"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Why a mail is not sent: its reader does not want it, or (`is_unreachable`) the address is suppressed."""

    why: str
    is_unreachable: bool


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One topic on the preference page."""

    topic: Topic
    label: str
    hint: str
    is_wanted: bool


def holds(mails: Iterable[OutgoingMail]) -> dict[int, Hold]:
    """Mail id -> why it is held, for those that are. Two queries for any number of mails."""
    mails = list(mails)
    unreachable = {
        row.address: str(row.get_reason_display())
        for row in Suppression.objects.live().filter(address__in={mail.recipient.lower() for mail in mails})
    }
    stops = _stops(mails)
    found: dict[int, Hold] = {}
    for mail in mails:
        topic = mail_topics.topic_of(mail.kind)
        if mail.recipient.lower() in unreachable and mail.kind not in mail_topics.ASKED_FOR_NOW:
            found[mail.pk] = Hold(why=unreachable[mail.recipient.lower()], is_unreachable=True)
        elif topic and _key(mail, topic) in stops:
            found[mail.pk] = Hold(why=STOPPED, is_unreachable=False)
    return found


def choices(*, user: User | None, address: str, organization: Organization | None, topics: Iterable[Topic]) -> list[Choice]:
    """What somebody gets of each topic. One query."""
    rows = MailStop.objects.filter(**whose(user, address))
    stopped = set(rows.values_list("topic", "organization_id"))
    return [
        Choice(
            topic=topic,
            label=mail_topics.LABELS[topic],
            hint=mail_topics.HINTS[topic],
            is_wanted=(topic.value, place(topic, organization)) not in stopped,
        )
        for topic in topics
    ]


def whose(user: User | None, address: str) -> dict[str, Any]:
    """The columns that say whose choice it is: a person's, or a plain address's."""
    return {"user": user, "address": ""} if user else {"user": None, "address": address.lower()}


def place(topic: Topic, organization: Organization | None) -> int | None:
    """The organization that a choice is for, by id; None for one that counts everywhere."""
    return None if organization is None or mail_topics.is_everywhere(topic) else organization.pk


def unreachable(organization: Organization) -> dict[str, Suppression]:
    """Address -> its suppression, for members and billing contacts of the organization. One query."""
    people = Membership.objects.live().filter(organization=organization).values("user__email")
    contacts = BillingContact.objects.live().filter(organization=organization).values("email")
    rows = Suppression.objects.live().filter(Q(address__in=people) | Q(address__in=contacts))
    return {row.address: row for row in rows}


def suppression_of(address: str) -> Suppression | None:
    return Suppression.objects.live().filter(address=address.lower()).first()


def _stops(mails: list[OutgoingMail]) -> set[tuple[int | None, str, int | None, str]]:
    topical = [mail for mail in mails if mail_topics.topic_of(mail.kind)]
    if not topical:
        return set()
    people = [mail.user_id for mail in topical if mail.user_id]
    plain = [mail.recipient.lower() for mail in topical if not mail.user_id]
    rows = MailStop.objects.filter(Q(user__in=people) | Q(user=None, address__in=plain))
    return set(rows.values_list("user_id", "address", "organization_id", "topic"))


def _key(mail: OutgoingMail, topic: Topic) -> tuple[int | None, str, int | None, str]:
    where = place(topic, mail.organization)
    return (mail.user_id, "" if mail.user_id else mail.recipient.lower(), where, topic.value)
