"""Every mail of accounts renders in both languages, text and HTML, with a subject and nothing left unfilled."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import OutgoingMail
from accounts.services import rendering
from config import clock

FOLDER = Path(settings.TEMPLATES[0]["DIRS"][0]) / "emails" / "accounts"
KINDS = sorted(path.name.removesuffix(".subject.txt") for path in FOLDER.glob("*.subject.txt"))
CONTEXT = {
    "code": "ABC-123",
    "password_reset_url": "https://store.example/reset/",
    "signup_url": "https://store.example/signup/",
    "from_email": "old@acme.example",
    "to_email": "new@acme.example",
    "deleted_email": "gone@acme.example",
    "organization_name": "Acme",
    "source_name": "Acme Roofing",
    "target_name": "Acme Holding",
    "inviter": "Olive Owner",
    "giver": "Olive Owner",
    "receiver": "Bill Admin",
    "received": True,
    "role": "owner",
    "expires_at": datetime(2027, 3, 8, 23, 30, tzinfo=UTC),
    "with_seat": True,
    "provider": "Google",
    "who": "Olive Owner",
    "address": "olive@acme.example",
    "domain": "acme.example",
    "reason": "I work in the Leeds office.",
    "answer": "Ask your team lead first.",
    "until": datetime(2027, 4, 7, 10, 0, tzinfo=UTC),
    "new_owner": "Mia Member",
    "due_at": datetime(2027, 3, 8, 23, 30, tzinfo=UTC),
    "url": "https://store.example/",
    "description": "Access in our app",
    "is_gone": False,
    "failing_since": datetime(2027, 3, 5, 8, 0, tzinfo=UTC),
    "page_url": "https://store.example/settings/webhooks/abc/",
}


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_renders(kind, locale, cast):
    row = OutgoingMail(
        kind=f"accounts/{kind}",
        subject_row="x:1",
        recipient="owner@acme.example",
        user=cast.owner,
        organization=cast.acme,
        locale=locale,
        context=rendering.pack(CONTEXT),
        created_at=clock.wall(),
        id=1,
    )
    message = rendering.message(row)
    html = message.alternatives[0].content
    assert 10 < len(message.subject) < 120
    assert "Fieldnote" in html
    for text in (message.subject, message.body, html):
        assert "{{" not in text
        assert "{%" not in text
        assert "None" not in text
    assert "<" not in message.body.replace("<hr>", "")
    assert "\n\n\n" not in message.body


def test_there_are_mails_to_look_at():
    assert len(KINDS) >= 13
