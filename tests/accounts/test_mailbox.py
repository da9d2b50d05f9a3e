"""The demo's mailbox: what is mailed can be read there, safely, and nowhere but in the demo."""

import pytest
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from config.mailbox import store
from config.mailbox.backend import MailboxBackend


@pytest.fixture
def demo(settings, tmp_path):
    settings.DEMO = True
    settings.STATE_FOLDER = tmp_path


def send(
    subject="Hello", to="ada@acme.example", html="<html><head></head><body>Hi <a href='https://x.example/'>x</a></body></html>"
):
    mail = EmailMultiAlternatives(subject, "See https://x.example/a?b=1. <b>bold</b>", "store@vendor.example", [to])
    mail.attach_alternative(html, "text/html")
    assert MailboxBackend().send_messages([mail]) == 1
    return store.newest(1)[0]


def test_a_mail_is_listed_and_found_by_address(demo, client, db):
    send("First", "ada@acme.example")
    send("Zweite Prüfung", "bob@globex.example")
    page = client.get(reverse("mailbox")).content.decode()
    assert page.index("Zweite Prüfung") < page.index("First")
    only = client.get(reverse("mailbox"), {"to": "ADA@"}).content.decode()
    assert "First" in only
    assert "Zweite" not in only


def test_plain_text_has_links_and_no_markup(demo, client, db):
    page = client.get(reverse("mailbox_mail", args=[send().name])).content.decode()
    assert '<a href="https://x.example/a?b=1">https://x.example/a?b=1</a>.' in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "sandbox=" in page


def test_the_html_runs_nothing_and_leaves_the_frame_only_by_a_click(demo, client, db):
    response = client.get(reverse("mailbox_html", args=[send().name]))
    policy = response["Content-Security-Policy"]
    assert "sandbox allow-popups allow-top-navigation-by-user-activation" in policy
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_top">' in response.content.decode()
    outer = client.get(reverse("mailbox_mail", args=[send().name]))["Content-Security-Policy"]
    assert "frame-src 'self'" in outer
    assert "unsafe" not in outer


@pytest.mark.parametrize("name", ["x", "20270101T000000000000-00000000", "..%2fenv"])
def test_a_name_that_no_mail_has_is_not_found(demo, client, db, name):
    assert client.get(f"/demo/mailbox/{name}/").status_code == 404


def test_the_oldest_mails_are_dropped(demo, monkeypatch):
    monkeypatch.setattr(store, "KEPT", 3)
    for number in range(5):
        send(f"Mail {number}")
    assert [mail.subject for mail in store.newest(10)] == ["Mail 4", "Mail 3", "Mail 2"]


def test_nothing_answers_outside_the_demo(settings, tmp_path, client, db):
    settings.STATE_FOLDER = tmp_path
    name = send().name
    for address in (reverse("mailbox"), reverse("mailbox_mail", args=[name]), reverse("mailbox_html", args=[name])):
        assert client.get(address).status_code == 404
