"""Asking for a person: the row, the fact, a dated promise to the one who asked, and word to the staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.models import Journal, Organization, OutgoingMail
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal, outbox
from billing.models import Cart
from offramps.models import Countdown, HandRaise, HandRaiseReason, HandRaiseState, Lead
from offramps.queries import hand_raise_words, promises
from offramps.queries import hand_raises as queries
from offramps.rules import answering, qualifying
from offramps.services import countdowns, leads


class TooMany(Exception):
    """The address has asked as often as it may in an hour; its earlier requests stand and are answered."""


class Started(NamedTuple):
    """The clock that a click started; `is_dated`: nobody is on duty, so that a call is dated at once."""

    countdown: Countdown
    is_dated: bool


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Whom to answer; `channel` is how they would like it: mail, phone or video."""

    email: str
    name: str = ""
    phone: str = ""
    channel: str = "mail"
    locale: str = ""


def raise_hand(
    *,
    reason: HandRaiseReason,
    answers: Mapping[str, Any],
    contact: Contact,
    at: datetime,
    origin: Origin,
    basket: Mapping[str, Any] | None = None,
    cart: Cart | None = None,
    organization: Organization | None = None,
    page: str = "",
    click: str = "",
) -> HandRaise:
    """Write down that somebody asks for a person, promise an answer, and open or join the lead of its topic.

    The promise is a call within seconds (offramps.queries.promises says to whom; the countdown takes its first step before this
    returns), else an answer by mail with its date.

    `answers` holds what the reason asked (JSON values), `basket` the priced cart at the click (queries.hand_raises), `click` an
    id of the one click: the same one twice gives the same row. Raises TooMany.
    """
    said = {
        "organization": organization,
        "user": origin.actor,
        "cart": cart,
        "reason": reason,
        "answers": dict(answers),
        "contact_name": contact.name,
        "contact_email": contact.email,
        "contact_phone": contact.phone,
        "channel": contact.channel,
        "page": page[:200],
        "basket": dict(basket or {}),
        "raised_at": at,
        "answer_on": queries.answer_on(at, organization),
        "click": click or None,
    }
    known = HandRaise.objects.filter(click=click).first() if click else None
    if known is not None:
        return known
    _refuse_too_many(contact.email, at)
    try:
        made, started = _written(said, contact, at, origin)
    except IntegrityError:  # the same click, or another of its topic, this instant: that one is committed now
        known = HandRaise.objects.filter(click=click).first() if click else None
        made, started = (known, None) if known else _written(said, contact, at, origin)
    if started is not None:
        countdowns.begin(started.countdown, at, is_dated=started.is_dated)
    return made


def close(*, hand_raise: HandRaise, at: datetime, origin: Origin) -> bool:
    """Note that it was answered. False if somebody had done so before."""
    with transaction.atomic():
        rows = HandRaise.objects.filter(pk=hand_raise.pk, state=HandRaiseState.OPEN)
        closed = bool(rows.update(state=HandRaiseState.CLOSED, closed_at=at))
        if closed:
            journal.write([_fact("offramps.hand_raise.closed", hand_raise, at, origin)])
    return closed


def _written(said: Mapping[str, Any], contact: Contact, at: datetime, origin: Origin) -> tuple[HandRaise, Started | None]:
    """The click and everything it causes, in one transaction, and the clock it started, if it started one."""
    with transaction.atomic():
        made = HandRaise.objects.create(**said)
        joined = leads.of_hand_raise(made, locale=contact.locale, at=at, origin=origin)
        journal.write([_fact("offramps.hand_raise.raised", made, at, origin), joined.fact])
        if joined.is_new and joined.lead.fit in qualifying.NOT_SERVED:
            _turn_away(made, joined.lead, at, origin)
            return made, None
        promised = promises.Promise.MAIL
        if made.channel in answering.CALLS:
            promised = promises.promise(_asking(made, joined.lead), at)
        is_called = promised is not promises.Promise.MAIL
        outbox.write_all(_mails(made, contact, at, is_called=is_called))
        held = countdowns.start(joined.lead, clicked_at=at, is_new=joined.is_new) if is_called else None
    return made, Started(held, promised is promises.Promise.CALL_DATED) if held else None


def _turn_away(made: HandRaise, lead: Lead, at: datetime, origin: Origin) -> None:
    """Nobody is promised to somebody who is not served: their page says so at once, and no mail follows."""
    leads.turn_away(lead, at=at, origin=origin)
    close(hand_raise=made, at=at, origin=origin)


def _asking(made: HandRaise, lead: Lead) -> promises.Asking:
    return promises.Asking(
        organization=made.organization,
        reason=made.reason,
        seats=int(made.answers.get("seats") or made.basket.get("seats") or 0),
        answers=made.answers,
        language=lead.language,
        line=lead.line,
        email=made.contact_email,
    )


def _refuse_too_many(email: str, at: datetime) -> None:
    limit = policies.value("offramps.raises_per_hour", at)
    hour = timedelta(hours=1)
    if queries.asked_between(email, at - hour, at) >= limit:
        raise TooMany(f"This address has asked {limit} times within the hour; the requests stand and are answered.")


def _mails(made: HandRaise, contact: Contact, at: datetime, *, is_called: bool) -> list[OutgoingMail]:
    subject_row = f"hand_raise:{made.pk}"
    context = {
        "public_id": made.public_id,
        "reason": made.reason,
        "answer_on": made.answer_on,
        "channel": made.channel,
        "basket": made.basket,
    }
    theirs = outbox.draft(
        kind="offramps/hand_raised",
        subject_row=subject_row,
        to=contact.email,
        organization=made.organization,
        locale=contact.locale,
        context={**context, "name": contact.name, "is_called": is_called},
        at=at,
    )
    ours = outbox.draft(
        kind="offramps/hand_raised_staff",
        subject_row=subject_row,
        to=settings.BRAND["support_email"],
        organization=made.organization,
        locale=settings.LANGUAGE_CODE,
        context=_for_staff(made, contact),
        at=at,
    )
    return [theirs, ours]


def _for_staff(made: HandRaise, contact: Contact) -> dict[str, Any]:
    """The staff's mail in the store's own language, its codes in words."""
    with translation.override(settings.LANGUAGE_CODE):
        return {
            "public_id": made.public_id,
            "answer_on": made.answer_on,
            "reason": str(HandRaiseReason(made.reason).label),
            "channel": hand_raise_words.channel(made.channel),
            "cart": hand_raise_words.basket(made.basket),
            "answers": [{"asked": asked, "said": said} for asked, said in hand_raise_words.answers(made.answers)],
            "name": contact.name,
            "email": contact.email,
            "phone": contact.phone,
            "page": made.page,
            "company": made.organization.name if made.organization else "",
        }


def _fact(kind: str, hand_raise: HandRaise, at: datetime, origin: Origin) -> Journal:
    return journal.fact(
        kind=kind,
        organization=hand_raise.organization,
        at=at,
        origin=origin,
        data={"hand_raise": hand_raise.public_id, "reason": hand_raise.reason, "basket": hand_raise.basket},
    )
