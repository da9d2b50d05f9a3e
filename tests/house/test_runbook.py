"""What the runbook tells to type does what it says."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.db import connection, transaction

from accounts.models import Journal, JournalCursor
from accounts.services import journal
from billing.models import DifferenceKind
from config import clock
from tests import waiting

RUNBOOK = (Path(settings.ROOT) / "docs" / "runbook.md").read_text(encoding="utf-8")


def note(kind):
    with transaction.atomic():
        return journal.append(kind=kind, organization=None, at=clock.now())


def heard(reader):
    found = []
    journal.read(reader, found.extend)
    return [row.kind for row in found]


@pytest.mark.django_db(transaction=True)
def test_after_a_restored_dump_the_journals_readers_go_on_where_they_were():
    for kind in ("a.before.read", "b.before.unread"):
        note(kind)
    with connection.cursor() as cursor:  # as in a dump of a cluster that had counted further than this one
        cursor.execute("ALTER TABLE accounts_journal DISABLE TRIGGER USER")
        cursor.execute("UPDATE accounts_journal SET xact = 9000000000 + id")
        cursor.execute("ALTER TABLE accounts_journal ENABLE TRIGGER USER")
    first = Journal.objects.earliest("id")
    JournalCursor.objects.create(reader="desk", xact=first.xact, entry=first.id)
    assert heard("desk") == []
    [statements] = re.findall(r"```sql\n(.*?)```", RUNBOOK, re.DOTALL)
    with connection.cursor() as cursor:
        cursor.execute(statements)
    note("c.after")
    kinds = []
    waiting.until(lambda: kinds.extend(heard("desk")) or len(kinds) >= 2)
    assert kinds == ["b.before.unread", "c.after"]


def test_every_kind_of_difference_is_explained():
    assert [kind.label for kind in DifferenceKind if f"| {kind.label} |" not in RUNBOOK] == []


def test_every_command_named_is_there():
    named = set(re.findall(r"manage\.py ([a-z_]+)", RUNBOOK))
    assert named <= set(get_commands())
