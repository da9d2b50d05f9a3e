"""The demo company grown: two hundred customers with a year behind them, put into a running demo without anybody noticing.

A few at a time live apart (storefront.demo.apart, and an account of their own in a sandbox of this process's), and are then
handed over whole, here and to the demo's sandbox. So no mail is written about the past, no webhook sent and no page disturbed.
Safe to end at any time and to run again: who is there stays, who is missing comes.
"""

import contextlib
import json
import logging
import secrets
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import requests
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection

from accounts.models import Organization
from billing import sandbox_control, sandbox_history
from billing.sandbox_history import State
from config import clock
from config.local import ports
from storefront.demo import apart, lives, past, population, seed

AT_ONCE: Final = 10
# The advisory lock of whoever seeds.
LOCK: Final = 7_340_034
PENDING_FILE: Final = "history.json"
START_SECONDS: Final = 30.0
log = logging.getLogger(__name__)


@dataclass
class Told:
    """How far it is: organizations there, of how many; rows put so far; organizations whose story failed."""

    there: int
    of: int
    rows: int = 0
    failed: int = 0


def run(
    *,
    numbers: Sequence[int] = range(population.COUNT),
    place: Callable[[], AbstractContextManager[str]] | None = None,
    tell: Callable[[Told], None] = lambda _told: None,
) -> Told:
    """Bring the companies of these numbers, as many as are missing; at most `AT_ONCE` are lived and handed over together.

    `place` enters the sandbox to live in and gives its address; a process of its own unless another is named. Raises
    seed.Refused, sandbox_control.NotASandbox and NoAnswer.
    """
    seed.refuse_what_is_real()
    told = Told(there=0, of=len(numbers))
    with _alone() as is_mine:
        if not is_mine:
            return told
        _finish()
        known = set(Organization.objects.filter(external_id__in=map(_name, numbers)).values_list("external_id", flat=True))
        missing = [number for number in numbers if _name(number) not in known]
        told.there = len(numbers) - len(missing)
        if missing:
            with (place or own_sandbox)() as address:
                _bring(missing, address, told, tell)
    return told


def _bring(missing: Sequence[int], address: str, told: Told, tell: Callable[[Told], None]) -> None:
    catalog, password = sandbox_history.catalog(), make_password(seed.PASSWORD)
    key = f"sk_test_{secrets.token_hex(12)}"
    with past.moving(), apart.world():
        waiting = deque(missing[first : first + AT_ONCE] for first in range(0, len(missing), AT_ONCE))
        while waiting:
            numbers = waiting.popleft()
            try:
                with _behind(sandbox_control.clock().offset), sandbox_history.elsewhere(address, key):
                    sandbox_history.become(catalog)
                    _live(numbers, password)
                    state = sandbox_history.lived()
                told.rows += _hand_over(numbers, state, address)
                told.there += len(numbers)
            except Exception:
                apart.empty()
                if len(numbers) > 1:  # one of them: the others' stories are none the worse
                    waiting.extendleft([number] for number in reversed(numbers))
                    continue
                log.exception("%s was left out; it is tried again with the demo's next start", _name(numbers[0]))
                told.failed += 1
            tell(told)


@contextlib.contextmanager
def _behind(offset_seconds: int) -> Iterator[None]:
    """The store's time as the demo has it now: a demo whose time was moved gets histories up to its time."""
    past.move_to(clock.wall() + timedelta(seconds=offset_seconds))
    yield


def _live(numbers: Sequence[int], password: str) -> None:
    today = clock.now()
    for number in numbers:
        if not apart.is_entered():
            raise RuntimeError("The database connection was lost, and with it the tables of the past.")
        lives.live(population.life(number), today=today, password=password)


def _name(number: int) -> str:
    return population.life(number).company.external_id


def worth_a_look() -> list[tuple[str, str]]:
    """For each fate, the owner's address of the company with the most seats: (fate, address)."""
    lives_ = [population.life(number) for number in range(population.COUNT)]
    largest = {life.fate: life for life in sorted(lives_, key=lambda life: life.seats)}
    return [(fate, largest[fate].company.people[0].email) for fate in population.Fate if fate in largest]


# --- Handing over: rows first, then the sandbox; a note on disk joins the two ------------------------------------------------


def _hand_over(numbers: Sequence[int], state: State, address: str) -> int:
    path = _pending()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps({"names": [_name(one) for one in numbers], "address": address, "state": state}))
    rows = apart.hand_over(moved_from=address, moved_to=settings.STRIPE_API_BASE)
    sandbox_history.add(state, from_address=address)
    path.unlink()
    return rows


def _finish() -> None:
    """Tell the sandbox what a run that was killed had put into the store alone."""
    try:
        kept = json.loads(_pending().read_text())
    except (OSError, ValueError):  # none, or cut off while it was written: the store has nothing of it yet
        return
    if Organization.objects.filter(external_id__in=kept["names"]).exists():
        sandbox_history.add(kept["state"], from_address=kept["address"])
    _pending().unlink()


def _pending() -> Path:
    return Path(settings.STATE_FOLDER) / "demo" / PENDING_FILE


@contextlib.contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else seeds: one run at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        is_mine = bool(cursor.fetchone()[0])
        try:
            yield is_mine
        finally:
            if is_mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


# --- The sandbox that the past is lived in ------------------------------------------------------------------------------------


@contextlib.contextmanager
def own_sandbox() -> Iterator[str]:
    """A sandbox process that keeps nothing, for as long as this is entered; its address."""
    port = ports.any_free()
    address = f"http://{ports.HOST}:{port}"
    command = [sys.executable, "-m", "billing.sandbox", "--port", str(port), "--while-fed"]
    with subprocess.Popen(command, cwd=settings.ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - ours
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            requests.get(address, timeout=2)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise sandbox_control.NoAnswer("The sandbox that the past is lived in did not start.")
