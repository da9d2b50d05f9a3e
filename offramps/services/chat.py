"""Offers as chat messages: written with the offer, sent by a lane. An offer rings for half a minute: retries are soon and few.

At least once, as outgoing webhooks are sent (accounts.services.webhook_sending): threads only call, rows are the lane's, and
a slow server holds a thread.
"""

import functools
import json
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import webhook_calls
from accounts.queries import rows
from accounts.rules import webhook_retries
from accounts.services import sealing
from accounts.webhook_calls import Answer, Failure
from config import pulse, words
from offramps.models import ChatHook, ChatMessage, ChatMessageState, Lead, Offer
from offramps.queries import lead_words
from offramps.services.chat_hooks import PURPOSE

LEASE: Final = timedelta(seconds=30)
CREW: Final = 8
TURN_SECONDS: Final = 0.25
MOST_TRIES: Final = 6  # after 1, 2, 4, 8 and 16 seconds
LISTENING: Final = "SELECT id FROM offramps_chathook WHERE rep_id = ANY(%(reps)s) OR pool_id = ANY(%(pools)s)"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A message that is ours until its lease ends, and where it goes (empty: the address cannot be read any more)."""

    message: int
    hook: int
    fence: int
    attempts: int
    url: str
    text: str


_turn = threading.Lock()
_calls: dict[Future[Answer], Claim] = {}


def write(offers: Sequence[tuple[Offer, Lead]]) -> None:
    """Each offer to its rep's chat and its pool's, if they have one, in the offers' transaction. One query, or three."""
    told = {"reps": [offer.rep_id for offer, _lead in offers], "pools": [offer.pool_id for offer, _lead in offers]}
    found = [key for (key,) in rows.fetch(LISTENING, told)]
    if not found:
        return
    made = []
    for hook in ChatHook.objects.filter(pk__in=found).select_related("rep__user"):
        theirs = [(offer, lead) for offer, lead in offers if hook.rep_id == offer.rep_id or hook.pool_id == offer.pool_id]
        made += [ChatMessage(hook=hook, offer=offer, text=_words(hook, offer, lead), due_at=Now()) for offer, lead in theirs]
    ChatMessage.objects.bulk_create(made, ignore_conflicts=True)


def drain(now: datetime) -> pulse.Drained:
    """The lane: send what is due at wall time `now`. It comes back while calls are under way; the next turn books them."""
    if not _turn.acquire(blocking=False):
        return pulse.Drained()
    try:
        handled = _book(now)
        claimed = _claim(now, CREW - len(_calls)) if len(_calls) < CREW else []
        _calls.update({_crew().submit(_call, claim): claim for claim in claimed})
        if _calls:
            wait(_calls, timeout=TURN_SECONDS, return_when=FIRST_COMPLETED)
        handled += len(claimed) + _book(now)
    finally:
        _turn.release()
    return pulse.Drained(handled=handled or int(bool(_calls)))


def _words(hook: ChatHook, offer: Offer, lead: Lead) -> str:
    """Who asks for what, and until when it rings at whom; no person's name or address leaves the house."""
    rep = offer.rep
    reader = hook.rep or rep
    with translation.override(reader.user.locale or settings.LANGUAGE_CODE), timezone.override(reader.time_zone):
        said = lead_words.for_rep(lead, reader)
        text = _("%(company)s asks for a call: %(topic)s. It rings at %(rep)s until %(when)s.") % {
            "company": said["company"],
            "topic": said["topic_label"],
            "rep": rep.user.get_short_name(),
            "when": words.clock_time(offer.until_at),
        }
        desk = _("Desk")
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{escaped} <{settings.STORE_URL}{reverse('offramps:desk')}|{desk}>"


@functools.cache
def _crew() -> ThreadPoolExecutor:
    """Made on first use, so that a process which forks afterwards has none of another's threads."""
    return ThreadPoolExecutor(max_workers=CREW, thread_name_prefix="chat")


def _call(claim: Claim) -> Answer:
    if not claim.url:
        return Answer(failure=Failure.UNREADABLE)
    body = json.dumps({"text": claim.text}).encode()
    return webhook_calls.post(claim.url, {"Content-Type": "application/json", "User-Agent": "Storefront/1"}, body)


def _claim(now: datetime, free: int) -> list[Claim]:
    due = ChatMessage.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), state=ChatMessageState.DUE, due_at__lte=now)
    if not due.exists():
        return []
    with transaction.atomic():
        ids = list(due.order_by("due_at").select_for_update(skip_locked=True).values_list("pk", flat=True)[:free])
        mine = ChatMessage.objects.filter(pk__in=ids)
        mine.update(lease_until=now + LEASE, fence=F("fence") + 1, attempts=F("attempts") + 1)
        return [_claimed(row) for row in mine.select_related("hook")]


def _claimed(row: ChatMessage) -> Claim:
    try:
        url = sealing.unseal(row.hook.sealed, PURPOSE)
    except sealing.Unreadable:
        url = ""
    return Claim(message=row.pk, hook=row.hook_id, fence=row.fence, attempts=row.attempts, url=url, text=row.text)


def _book(now: datetime) -> int:
    done = [call for call in _calls if call.done()]
    for call in done:
        _record(_calls.pop(call), call.result(), now)
    return len(done)


def _record(claim: Claim, answer: Answer, now: datetime) -> None:
    """Book how a call went, unless the lease has passed to somebody else meanwhile."""
    is_taken = answer.status is not None and webhook_retries.is_taken(answer.status)
    failure = "" if is_taken else str(answer.status or answer.failure)
    values: dict[str, object] = {"lease_until": None}
    if is_taken:
        values["state"] = ChatMessageState.SENT
    elif claim.attempts >= MOST_TRIES:
        values["state"] = ChatMessageState.FAILED
    else:
        values["due_at"] = now + timedelta(seconds=2 ** (claim.attempts - 1))
    with transaction.atomic():
        mine = ChatMessage.objects.filter(pk=claim.message, fence=claim.fence, state=ChatMessageState.DUE)
        if mine.update(**values):
            ChatHook.objects.filter(pk=claim.hook).update(failure=failure, failed_at=now if failure else None)
    if failure:
        log.info("chat_failed", message=claim.message, attempt=claim.attempts, failure=failure)
