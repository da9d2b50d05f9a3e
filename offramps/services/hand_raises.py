"""Asking for a person: the row, the fact, a dated promise to the one who asked, and word to the staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal, outbox
from billing.models import Cart
from offramps.models import Countdown, HandRaise, HandRaiseReason, HandRaiseState, Lead
from offramps.queries import hand_raise_words, promises
from offramps.queries import hand_raises as queries
from offramps.rules import answering
from offramps.services import countdowns, leads


class TooMany(Exception):
    """The address has asked as often as it may in an hour; its earlier requests stand and are answered."""


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
    known = HandRaise.objects.filter(click=click).first() if click else None
    if known is not None:
        return known
    _refuse_too_many(contact.email, at)
    with transaction.atomic():
        values = {
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
        }
        made, is_new = (
            HandRaise.objects.get_or_create(click=click, defaults=values)
            if click
            else (HandRaise.objects.create(**values), True)
        )
        started = _begun(made, contact, at, origin) if is_new else None
    if started is not None:
        countdowns.advance(started.pk, at)
    return made


def close(*, hand_raise: HandRaise, at: datetime, origin: Origin) -> bool:
    """Note that it was answered. False if somebody had done so before."""
    with transaction.atomic():
        rows = HandRaise.objects.filter(pk=hand_raise.pk, state=HandRaiseState.OPEN)
        closed = bool(rows.update(state=HandRaiseState.CLOSED, closed_at=at))
        if closed:
            _journal("offramps.hand_raise.closed", hand_raise, at, origin)
    return closed


def _begun(made: HandRaise, contact: Contact, at: datetime, origin: Origin) -> Countdown | None:
    """Everything that a click causes, in its transaction. Returns the clock it started, if it started one."""
    _journal("offramps.hand_raise.raised", made, at, origin)
    lead = leads.of_hand_raise(made, locale=contact.locale, at=at, origin=origin)
    is_called = made.channel in answering.CALLS and promises.promise(_asking(made, lead), at) is not promises.Promise.MAIL
    _tell(made, contact, at, is_called=is_called)
    return countdowns.start(lead, clicked_at=at) if is_called else None


def _asking(made: HandRaise, lead: Lead) -> promises.Asking:
    return promises.Asking(
        organization=made.organization,
        reason=made.reason,
        seats=int(made.answers.get("seats") or made.basket.get("seats") or 0),
        answers=made.answers,
        language=lead.language,
        line=lead.line,
    )


def _refuse_too_many(email: str, at: datetime) -> None:
    limit = policies.value("offramps.raises_per_hour", at)
    hour = timedelta(hours=1)
    if HandRaise.objects.filter(contact_email__iexact=email, raised_at__gt=at - hour, raised_at__lte=at).count() >= limit:
        raise TooMany(f"This address has asked {limit} times within the hour; the requests stand and are answered.")


def _tell(made: HandRaise, contact: Contact, at: datetime, *, is_called: bool) -> None:
    subject_row = f"hand_raise:{made.pk}"
    context = {
        "public_id": made.public_id,
        "reason": made.reason,
        "answer_on": made.answer_on,
        "channel": made.channel,
        "basket": made.basket,
    }
    outbox.write(
        kind="offramps/hand_raised",
        subject_row=subject_row,
        to=contact.email,
        organization=made.organization,
        locale=contact.locale,
        context={**context, "name": contact.name, "is_called": is_called},
        at=at,
    )
    outbox.write(
        kind="offramps/hand_raised_staff",
        subject_row=subject_row,
        to=settings.BRAND["support_email"],
        organization=made.organization,
        locale=settings.LANGUAGE_CODE,
        context=_for_staff(made, contact),
        at=at,
    )


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


def _journal(kind: str, hand_raise: HandRaise, at: datetime, origin: Origin) -> None:
    journal.append(
        kind=kind,
        organization=hand_raise.organization,
        at=at,
        origin=origin,
        data={"hand_raise": hand_raise.public_id, "reason": hand_raise.reason, "basket": hand_raise.basket},
    )
