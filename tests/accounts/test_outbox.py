"""Mails as rows: once per cause, in the reader's language, under a lease, retried, and secrets wiped."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend

from accounts.models import Journal, MailState, OutgoingMail
from accounts.services import outbox
from config import clock

pytestmark = pytest.mark.django_db


class Refusing(EmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, messages):
        raise ConnectionRefusedError("no mail server")


def write(cast, subject_row="invitation:1", **options):
    outbox.write(
        kind="accounts/invitation",
        subject_row=subject_row,
        to="ada@acme.example",
        organization=cast.acme,
        context={
            "organization_name": "Acme & Söhne",
            "inviter": "Olive Owner",
            "expires_at": datetime(2107, 3, 8, 23, 30, tzinfo=UTC),
            "with_seat": True,
        },
        secret={"url": "https://store.example/invitations/secret-token/"},
        at=clock.now(),
        **options,
    )


def due():
    return clock.wall() + timedelta(seconds=1)


def test_the_same_cause_writes_once(cast):
    write(cast)
    write(cast)
    write(cast, subject_row="invitation:2")
    assert OutgoingMail.objects.count() == 2


def test_a_mail_is_rendered_in_text_and_html_and_its_secret_is_wiped(cast):
    write(cast)
    assert outbox.drain(due()).handled == 1
    (sent,) = django_mail.outbox
    assert sent.to == ["ada@acme.example"]
    assert sent.subject == "Olive Owner invites you to Acme & Söhne on Fieldnote"
    assert "https://store.example/invitations/secret-token/" in sent.body
    assert "Acme & Söhne" in sent.body
    assert "9 March 2107 at 00:30" in sent.body, "in the organization's time zone"
    html = sent.alternatives[0].content
    assert "Acme &amp; Söhne" in html
    assert 'href="https://store.example/invitations/secret-token/"' in html
    row = OutgoingMail.objects.get()
    assert row.state == MailState.SENT
    assert "secret-token" not in str(row.context)
    assert sent.extra_headers["Message-ID"].startswith(f"<mail.{row.pk}.")


def test_nothing_is_sent_twice(cast):
    write(cast)
    outbox.drain(due())
    assert outbox.drain(due()).handled == 0
    assert len(django_mail.outbox) == 1


def test_a_refusing_server_is_tried_again_with_doubling_waits_and_then_given_up(cast, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    write(cast)
    now = due()
    waits = []
    for attempt in range(10):
        assert outbox.drain(now).handled == 1, attempt
        row = OutgoingMail.objects.get()
        assert "ConnectionRefusedError" in row.error
        waits.append((row.due_at - now).total_seconds())
        if row.state == MailState.DUE:
            assert outbox.drain(now).handled == 0, "not before it is due again"
            now = row.due_at
    assert waits[:4] == [30, 60, 120, 240]
    assert row.state == MailState.FAILED
    assert Journal.objects.get(kind="accounts.mail.given_up").data["attempts"] == 10
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert outbox.retry(row.pk)
    outbox.drain(due())
    assert len(django_mail.outbox) == 1


def test_a_claim_keeps_others_away_until_its_lease_ends_and_its_late_result_is_dropped(cast):
    write(cast)
    now = due()
    (mine,) = outbox._claim(now)
    assert outbox.drain(now).handled == 0
    later = now + outbox.LEASE
    assert outbox.drain(later).handled == 1
    outbox._failed(mine, RuntimeError("late"), later)
    assert OutgoingMail.objects.get().state == MailState.SENT


def test_the_language_is_the_persons_then_the_organizations(cast):
    cast.acme.locale = "de"
    write(cast)
    assert OutgoingMail.objects.get().locale == "de"
    cast.owner.locale = "en"
    outbox.write(kind="accounts/welcome", subject_row="x:1", to=cast.owner, organization=cast.acme, context={}, at=clock.now())
    assert OutgoingMail.objects.get(kind="accounts/welcome").locale == "en"


def test_drain_says_when_the_next_is_due(cast):
    write(cast)
    at = OutgoingMail.objects.get().due_at + timedelta(hours=1)
    OutgoingMail.objects.update(due_at=at)
    assert outbox.drain(due()).next_due_at == at


def test_what_json_cannot_hold_is_refused_where_it_is_written(cast):
    for value in (1.5, object(), datetime(2027, 1, 1)):  # noqa: DTZ001 - a naive instant is the point
        with pytest.raises(TypeError):
            outbox.write(kind="x", subject_row="x", to="a@b.example", organization=None, context={"v": value}, at=clock.now())


def test_a_mail_may_not_take_the_names_of_its_frame(cast):
    about = {"kind": "accounts/welcome", "subject_row": "x:1", "to": cast.owner, "organization": cast.acme, "at": clock.now()}
    with pytest.raises(ValueError, match=r"accounts/welcome: \['brand'\]"):
        outbox.write(**about, context={"brand": "visa"})
    with pytest.raises(ValueError, match="stop_url"):
        outbox.write(**about, context={}, secret={"stop_url": "https://store.example/"})
    assert not OutgoingMail.objects.exists()
