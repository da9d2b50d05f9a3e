"""Dated calls under real concurrency: of two who move at once one is first, and the other is told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from offramps.models import CallSlot, SlotState
from offramps.services import slots
from tests.offramps.conftest import PAGE

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
EVENING = datetime(2027, 3, 24, 20, tzinfo=UTC)  # a Wednesday, 21:00 in Berlin
NOON, LATER = datetime(2027, 3, 25, 11, tzinfo=UTC), datetime(2027, 3, 25, 13, tzinfo=UTC)


def at_once(*moves):
    """Move each of (slot, to) in a thread of its own: "moved", or what was said instead."""
    ready = threading.Barrier(len(moves))

    def move(slot, to):
        try:
            ready.wait(20)
            slots.move(slot, starts_at=to, at=EVENING, origin=PAGE)
        except (slots.Gone, slots.Over) as told:
            return type(told).__name__
        else:
            return "moved"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(moves)) as pool:
        return sorted(pool.map(lambda one: move(*one), moves))


def held():
    return list(CallSlot.objects.filter(state=SlotState.HELD).order_by("starts_at"))


def test_two_who_move_at_once(floor, cast):
    floor.rep("Ann")
    floor.click(EVENING)
    (slot,) = held()
    assert at_once((slot, NOON), (slot, LATER)) == ["Over", "moved"], "two tabs of one customer"
    (slot,) = held()
    assert slot.sequence == 1
    floor.click(EVENING, reason="terms", email="bob@acme.example")
    first, second = held()
    free = datetime(2027, 3, 25, 15, tzinfo=UTC)
    assert at_once((first, free), (second, free)) == ["Gone", "moved"], "two customers, one time"
    kept, moved = held()
    assert moved.starts_at == free
    assert {kept.countdown_id, moved.countdown_id} == {first.countdown_id, second.countdown_id}, "nobody lost theirs"
    assert CallSlot.objects.filter(state=SlotState.MOVED).count() == 2
