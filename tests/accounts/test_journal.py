"""The journal: order, cursors, and what a slow writer must not lose."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Journal, JournalCursor
from accounts.services import journal
from config import clock
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


def write(kind, **fields):
    with transaction.atomic():
        return journal.append(kind=kind, organization=None, at=clock.wall(), **fields)


def kinds_read(reader="test", limit=500):
    seen = []
    journal.read(reader, lambda rows: seen.extend(row.kind for row in rows), limit)
    return seen


def test_a_reader_gets_each_row_once_in_order():
    for kind in ("a.b.one", "a.b.two", "a.b.three"):
        write(kind)
    reads = []  # other test runs' transactions may hold back the younger rows for a moment
    until(lambda: reads.append(kinds_read(limit=2)) or sum(map(len, reads)) == 3)
    assert [kind for kinds in reads for kind in kinds] == ["a.b.one", "a.b.two", "a.b.three"]
    assert max(map(len, reads)) <= 2
    assert kinds_read() == []
    assert until(lambda: kinds_read("another")) == ["a.b.one", "a.b.two", "a.b.three"]


def test_the_row_of_a_slow_writer_is_not_jumped_over():
    wrote, commit = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            journal.append(kind="a.slow.row", organization=None, at=clock.wall())
            wrote.set()
            commit.wait(60)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    try:
        assert wrote.wait(60)
        write("a.fast.row")
        assert kinds_read() == [], "the fast row may not be read before the older transaction has ended"
    finally:
        commit.set()
        writer.join()
    seen = []
    until(lambda: seen.extend(kinds_read()) or len(seen) == 2)
    assert seen == ["a.slow.row", "a.fast.row"]


def test_a_handler_that_fails_leaves_the_cursor():
    write("a.b.one")

    def refuse(rows):
        raise RuntimeError(len(rows))

    def refused():
        try:
            return not journal.read("test", refuse) and False
        except RuntimeError:
            return True

    assert until(refused)
    assert not JournalCursor.objects.filter(entry__gt=0).exists()
    assert until(kinds_read) == ["a.b.one"]


def test_two_processes_do_not_read_for_one_reader_at_once():
    write("a.b.one")
    inside, go_on = threading.Event(), threading.Event()

    def read_slowly():
        until(lambda: journal.read("test", lambda _rows: (inside.set(), go_on.wait(60))))
        connection.close()

    reader = threading.Thread(target=read_slowly)
    reader.start()
    try:
        assert inside.wait(120)
        assert kinds_read() == []
    finally:
        go_on.set()
        reader.join()
    assert JournalCursor.objects.get(reader="test").entry == Journal.objects.get().id


def test_a_fact_needs_the_transaction_of_its_cause():
    with pytest.raises(transaction.TransactionManagementError, match="open transaction"):
        journal.append(kind="a.b.one", organization=None, at=clock.wall())


def test_data_is_plain_and_floats_are_refused():
    now = timezone.now()
    row = write("a.b.one", data={"at": now, "items": (1, {"x": None}), "on": now.date()})
    row.refresh_from_db()
    assert row.data == {
        "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "items": [1, {"x": None}],
        "on": str(now.date()),
    }
    with pytest.raises(TypeError, match="float"):
        write("a.b.two", data={"amount": 1.5})


def test_the_past_cannot_be_changed():
    row = write("a.b.one")
    with pytest.raises(Exception, match="append-only"):
        Journal.objects.filter(pk=row.pk).update(kind="a.b.other")
    with pytest.raises(Exception, match="append-only"):
        Journal.objects.all().delete()
