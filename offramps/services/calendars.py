"""Reps' own calendars: read every few minutes, so that no call is dated while they are busy. An address goes nowhere inside."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from accounts import webhook_calls
from accounts.queries import webhook_words
from accounts.rules.webhook_targets import RefusedTarget
from accounts.webhook_calls import Answer
from config import clock, pulse
from offramps.models import Rep, RepCalendar
from offramps.rules import free_busy

EVERY: Final = timedelta(minutes=5)
LEASE: Final = timedelta(seconds=60)  # longer than a call takes, however slow the server
AHEAD: Final = timedelta(days=62)  # as far as calls are dated and moved, and more
MOST_BYTES: Final = 2_000_000
AT_ONCE: Final = 8
NO_CALENDAR: Final = "no_calendar"
FINE: Final = range(200, 300)


def check(url: str) -> None:
    """Raises ValidationError for an address at which nothing is read."""
    if url:
        try:
            webhook_calls.look_at(url)
        except RefusedTarget as error:
            raise ValidationError({"calendar_url": webhook_words.refusal(error.refusal)}) from error


def begin(rep: Rep, *, url: str) -> None:
    """The rep's calendar is at another address, or ("") nowhere: what was read is forgotten. Call inside a transaction."""
    RepCalendar.objects.filter(rep=rep).delete()
    if url:
        RepCalendar.objects.create(rep=rep, due_at=Now())


def drain(now: datetime) -> pulse.Drained:
    """The lane: read what is due at wall time `now`, some at once, outside any transaction."""
    due = RepCalendar.objects.filter(due_at__lte=now, rep__left_on=None)
    if not due.exists():
        return pulse.Drained()
    with transaction.atomic():
        ids = list(
            due.order_by("due_at").select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:AT_ONCE]
        )
        RepCalendar.objects.filter(pk__in=ids).update(due_at=now + LEASE)
        found = list(RepCalendar.objects.filter(pk__in=ids).select_related("rep").order_by("pk"))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="calendar") as crew:
        answers = list(crew.map(_read, [row.rep.calendar_url for row in found]))
    for row, answer in zip(found, answers, strict=True):
        _keep(row, answer, now)
    return pulse.Drained(handled=len(found))


def _read(url: str) -> Answer:
    return webhook_calls.get(url, {"Accept": "text/calendar", "User-Agent": "Storefront/1"}, most=MOST_BYTES)


def _keep(row: RepCalendar, answer: Answer, now: datetime) -> None:
    """What was read, unless the address was changed meanwhile, with which the row went."""
    failure = "" if answer.status in FINE else str(answer.status or answer.failure)
    values: dict[str, object] = {"due_at": now + EVERY}
    if not failure:
        try:
            values["spans"] = _spans(row.rep, answer.text)
        except free_busy.Unreadable:
            failure = NO_CALENDAR
    if failure:
        values |= {"failure": failure, "failed_since": row.failed_since or now}
    else:
        values |= {"failure": "", "failed_since": None, "read_at": now}
    RepCalendar.objects.filter(pk=row.pk).update(**values)


def _spans(rep: Rep, text: str) -> list[list[str]]:
    at = clock.now()
    ours = f"@{urlsplit(settings.STORE_URL).hostname}"  # dated calls are known better here, also those that were moved
    found = free_busy.busy(text, zone=rep.time_zone, since=at, until=at + AHEAD, ours=ours)
    return [[span.starts_at.isoformat(), span.ends_at.isoformat()] for span in found]
