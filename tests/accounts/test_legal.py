"""The legal texts: dated versions by hash, shown without a query, accepted and recorded."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts.models import Acceptance, Journal, LegalDocument
from accounts.origin import Origin
from accounts.queries import legal as read
from accounts.rules import prose
from accounts.services import legal
from config import clock

KINDS = LegalDocument.Kind.values


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_shown_without_a_session(client, db, kind, settings, django_assert_num_queries):
    settings.STRIPE_SANDBOX = False
    with django_assert_num_queries(0):
        response = client.get(reverse("storefront:legal", args=[kind]))
    assert response.status_code == 200
    assert not response.cookies
    assert "{{" not in response.content.decode()
    assert "Fieldnote Example GmbH" in response.content.decode()


def test_german_is_shown_to_germans(client, db):
    response = client.get(reverse("storefront:legal", args=["terms"]), HTTP_ACCEPT_LANGUAGE="de")
    assert "Sie können jederzeit im Shop kündigen" in response.content.decode()


def test_an_unknown_text_is_not_found(client, db):
    assert client.get(reverse("storefront:legal", args=["secrets"])).status_code == 404


def test_accepting_records_what_was_in_force_once(cast):
    now = clock.now()
    assert [document.kind for document in read.outstanding(cast.acme, now)] == KINDS
    legal.accept(organization=cast.acme, user=cast.owner, origin=Origin(), at=now)
    legal.accept(organization=cast.acme, user=cast.owner, origin=Origin(), at=now)
    assert read.outstanding(cast.acme, now) == []
    assert Acceptance.objects.filter(organization=cast.acme, user=cast.owner).count() == 3
    kept = LegalDocument.objects.get(kind="terms")
    assert kept.sha256 == read.current("terms", now).sha256
    assert "Fieldnote Example GmbH" in kept.text["en"]
    assert len(Journal.objects.get(kind="accounts.legal.accepted").data["documents"]) == 3


def test_a_changed_word_has_to_be_accepted_anew(cast, tmp_path, monkeypatch):
    now = datetime(2027, 6, 1, tzinfo=UTC)
    legal.accept(organization=cast.acme, user=cast.owner, origin=Origin(), at=now)
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        for day in ("2026-01-01", "2027-05-01", "2027-07-01"):
            (tmp_path / kind / f"{day}.en.md").write_text(f"{kind} of {day}")
    monkeypatch.setattr(read, "FOLDER", tmp_path)
    read.documents.cache_clear()
    try:
        assert read.current("terms", now).text == {"en": "terms of 2027-05-01"}
        assert len(read.outstanding(cast.acme, now)) == 3
    finally:
        read.documents.cache_clear()


def test_the_little_markdown():
    blocks = prose.parse("# Title\n\nA **bold** [link](/legal/dpa/) and\nmore.\n\n- one\n- two\n  goes on")
    assert [block.kind for block in blocks] == ["heading", "paragraph", "list"]
    assert [(span.text, span.bold, span.href) for span in blocks[1].lines[0]] == [
        ("A ", False, ""),
        ("bold", True, ""),
        (" ", False, ""),
        ("link", False, "/legal/dpa/"),
        (" and more.", False, ""),
    ]
    assert ["".join(span.text for span in line) for line in blocks[2].lines] == ["one", "two goes on"]
    assert prose.parse("[x](javascript:alert)")[0].lines[0][0].href == ""
