"""Stopping mails by page and by link, addresses that can't be reached, and what goes out all the same."""

import json
import smtplib

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import MailState, MailStop, OutgoingMail, Suppression, SuppressionReason
from accounts.origin import Origin
from accounts.queries import mail_choices as read
from accounts.services import mail_choices, outbox, rendering, suppressions
from config import clock

pytestmark = pytest.mark.django_db
SECRET = "a-secret-for-the-tests"


def write(cast, kind="accounts/welcome", to=None, subject="x:1", **context):
    outbox.write(
        kind=kind,
        subject_row=subject,
        to=to or cast.member,
        organization=cast.acme,
        context={"url": "u", **context},
        at=clock.now(),
    )
    return OutgoingMail.objects.order_by("-pk").first()


def money(cast, to, subject="invoice:1"):
    facts = {
        "organization_name": "Acme",
        "amount_minor": 100,
        "currency": "eur",
        "plan": "Team",
        "seats": 3,
        "organization": "Acme",
    }
    return write(cast, "billing/paid_twice", to, subject, **facts)


def stop_url(row):
    return rendering.stop_url(row).removeprefix("http://testserver")


def state(row):
    row.refresh_from_db()
    return row.state


def test_a_mail_that_may_be_stopped_says_so_in_its_headers(cast):
    message = rendering.message(write(cast))
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.extra_headers["List-Unsubscribe"].startswith("<http://testserver/mails/stop/")
    assert "member" not in message.extra_headers["List-Unsubscribe"]
    assert "/mails/stop/" in message.body
    exempt = rendering.message(money(cast, cast.owner))
    assert "List-Unsubscribe" not in exempt.extra_headers
    assert "/mails/stop/" not in exempt.body


def test_one_click_stops_signed_out_and_a_look_does_not(cast):
    client = Client(enforce_csrf_checks=True)  # a mail program has neither cookie nor token
    row = write(cast)
    assert client.get(stop_url(row)).status_code == 200
    assert not MailStop.objects.exists()
    for _twice in range(2):
        assert client.post(stop_url(row), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert MailStop.objects.get().user == cast.member
    outbox.drain(clock.wall())
    assert (state(row), mail.outbox) == (MailState.HELD, [])
    client.post(stop_url(row), {"again": "1"})
    again = write(cast, subject="x:2")
    outbox.drain(clock.wall())
    assert state(again) == MailState.SENT


def test_a_stop_is_for_one_person_one_organization_and_one_topic(cast):
    mail_choices.set_wanted(write(cast), is_wanted=False, at=clock.now())
    others = [
        write(cast, to=cast.owner),
        write(cast, "billing/seat_assigned", subject="x:3", organization="Acme"),
        money(cast, cast.member),
    ]
    outbox.write(
        kind="accounts/welcome", subject_row="g:1", to=cast.member, organization=cast.globex, context={}, at=clock.now()
    )
    others.append(OutgoingMail.objects.get(subject_row="g:1"))
    outbox.drain(clock.wall())
    assert [state(row) for row in others] == [MailState.SENT] * 4


def test_who_is_invited_stops_invitations_from_everybody(cast):
    facts = {"inviter": "Olive", "organization_name": "Acme", "expires_at": clock.now(), "with_seat": True}
    row = write(cast, "accounts/invitation", "Somebody@else.example", **facts)
    mail_choices.set_wanted(row, is_wanted=False, at=clock.now())
    elsewhere = {"organization": cast.globex, "context": facts, "at": clock.now()}
    outbox.write(kind="accounts/invitation", subject_row="g:1", to="somebody@else.example", **elsewhere)
    assert read.holds(OutgoingMail.objects.filter(subject_row="g:1"))
    assert MailStop.objects.get().address == "somebody@else.example"


@pytest.mark.parametrize("text", ["x", "WzFd:forged", "W10"])
def test_a_forged_link_stops_nothing(client, text):
    assert client.post(f"/mails/stop/{text}/").status_code == 404


def test_the_preference_page_shows_and_keeps_choices(cast, client):
    client.force_login(cast.member)
    page = client.get(reverse("storefront:mail_preferences")).content.decode()
    assert page.count("checked") == 4 + page.count('value="auto" checked')
    assert "These always come" in page
    client.post(reverse("storefront:mail_preferences"), {"topic": ["team"]})
    assert set(MailStop.objects.values_list("topic", "organization")) == {
        *(("seats", cast.acme.pk), ("carts", cast.acme.pk), ("invitations", None))
    }
    client.post(reverse("storefront:mail_preferences"), {"topic": ["team", "seats", "carts", "invitations"]})
    assert not MailStop.objects.exists()


# --- Addresses that can't be reached ------------------------------------------------------------------------------------


def suppress(address, reason=SuppressionReason.BOUNCE):
    return suppressions.suppress(address=address, reason=reason, detail="gone", at=clock.wall())


def test_what_is_about_money_goes_to_the_owner_instead(cast):
    suppress("billing@acme.example")
    assert not suppress("BILLING@acme.example")
    row = money(cast, cast.billing_admin)
    outbox.drain(clock.wall())
    outbox.drain(clock.wall())
    assert state(row) == MailState.HELD
    assert [message.to for message in mail.outbox] == [["owner@acme.example"]]


def test_it_ends_when_nobody_can_be_reached(cast):
    suppress("billing@acme.example")
    suppress("owner@acme.example")
    money(cast, cast.billing_admin)
    for _round in range(4):
        outbox.drain(clock.wall())
    assert mail.outbox == []
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {MailState.HELD}


def test_a_code_that_somebody_waits_for_is_sent_all_the_same(cast):
    suppress("member@acme.example")
    code = write(cast, "accounts/login_code", code="1")
    told = write(cast, "accounts/password_changed", subject="x:2")
    outbox.drain(clock.wall())
    assert (state(code), state(told)) == (MailState.SENT, MailState.HELD)


def test_a_dead_mailbox_is_noticed_while_sending(cast, monkeypatch):
    def refuse(self, messages):
        raise smtplib.SMTPRecipientsRefused({"member@acme.example": (550, b"5.1.1 user unknown")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    row = write(cast)
    outbox.drain(clock.wall())
    assert state(row) == MailState.HELD
    assert Suppression.objects.get().reason == SuppressionReason.REFUSED


def test_a_refusal_for_policy_silences_nobody(cast, monkeypatch):
    def refuse(self, messages):
        raise smtplib.SMTPRecipientsRefused({"member@acme.example": (554, b"5.7.1 relaying denied")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    row = write(cast)
    outbox.drain(clock.wall())
    assert (state(row), row.attempts) == (MailState.DUE, 1)
    assert not Suppression.objects.exists()


def test_pages_say_who_can_t_be_reached_and_the_person_mends_it(cast, client):
    suppress("member@acme.example")
    client.force_login(cast.owner)
    for name in ("storefront:team", "storefront:people_settings"):
        assert "member@acme.example: It bounced" in client.get(reverse(name)).content.decode()
    client.force_login(cast.member)
    assert "do not reach you" in client.get(reverse("storefront:mail_preferences")).content.decode()
    for _twice in range(2):
        client.post(reverse("storefront:address_checks"))
    outbox.drain(clock.wall())
    [message] = mail.outbox
    link = message.body.split("http://testserver")[1].split()[0]
    client.logout()
    assert client.get(link).status_code == 200
    assert Suppression.objects.live().exists()
    assert client.post(link).status_code == 200
    assert not Suppression.objects.live().exists()


def test_a_confirmed_address_is_written_to_again(cast):
    suppress("member@acme.example")
    assert suppressions.lift_by_proof(address="Member@acme.example", at=clock.wall())
    assert not suppressions.lift_by_proof(address="member@acme.example", at=clock.wall())


def test_staff_lift_with_a_reason(cast):
    suppress("member@acme.example")
    row = Suppression.objects.get()
    origin = Origin(actor=cast.admin)
    with pytest.raises(Exception, match="Say why"):
        suppressions.lift(suppression=row, reason=" ", origin=origin, at=clock.wall())
    assert suppressions.lift(suppression=row, reason="Asked by phone", origin=origin, at=clock.wall())
    assert not suppressions.lift(suppression=row, reason="Twice", origin=origin, at=clock.wall())


# --- What providers tell ------------------------------------------------------------------------------------------------


def tell(client, *events, secret=SECRET, body=None):
    return client.post(
        reverse("storefront:mail_events"),
        json.dumps({"events": events}) if body is None else body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


@pytest.fixture
def webhook(settings):
    settings.MAIL_WEBHOOK_SECRET = SECRET
    return Client(enforce_csrf_checks=True)


def test_bounces_and_complaints_are_kept(webhook):
    told = tell(
        webhook,
        {"type": "bounce", "permanent": True, "address": "A@acme.example", "detail": "user unknown"},
        {"type": "bounce", "permanent": False, "address": "b@acme.example"},
        {"type": "complaint", "address": "c@acme.example"},
        {"type": "opened", "address": "d@acme.example"},
    )
    assert told.json() == {"suppressed": 2}
    assert set(Suppression.objects.values_list("address", "reason")) == {
        ("a@acme.example", "bounce"),
        ("c@acme.example", "complaint"),
    }


@pytest.mark.parametrize("secret", ["", "wrong", "ä"])
def test_without_the_secret_nothing_is_taken(webhook, secret):
    assert tell(webhook, {"type": "complaint", "address": "c@acme.example"}, secret=secret).status_code == 401
    assert not Suppression.objects.exists()


def test_guessing_the_secret_is_slowed_down(webhook, monkeypatch):
    monkeypatch.setattr("storefront.views.mail_events.WRONG_SECRETS_AN_HOUR", 1)
    codes = [tell(webhook, secret=f"guess-{number}").status_code for number in range(3)]
    assert codes[-1] == 429


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"events": 3}', '{"events": [3]}', '{"events": [{"type": "bounce", "address": "x"}]}', "\x00"]
)
def test_a_body_that_is_none_is_refused_whole(webhook, body):
    assert tell(webhook, body=body).status_code == 400


def test_no_secret_no_address(client):
    assert tell(client).status_code == 404
