"""Signing in by a mailed code: it works once, for five minutes, for three tries, and tells nobody who has an account."""

import time

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.services import outbox
from config import clock
from tests.accounts import factors

pytestmark = pytest.mark.django_db
ASK, CONFIRM = "account_request_login_code", "account_confirm_login_code"


def mailed_code():
    outbox.drain(clock.wall())
    return mail.outbox[-1].subject.split()[0]


def ask(client, email="ada@acme.example"):
    return client.post(reverse(ASK), {"email": email})


def test_a_code_signs_in_and_is_wiped_once_mailed(client):
    person = factors.person()
    assert ask(client).headers["Location"] == reverse(CONFIRM)
    code = mailed_code()
    assert code not in str(OutgoingMail.objects.get().context)
    response = client.post(reverse(CONFIRM), {"code": code})
    assert response.status_code == 302
    assert factors.is_in(client, person)


def test_the_session_is_a_new_one(client):
    """Session fixation: a session id that somebody planted before is worth nothing afterwards."""
    factors.person()
    ask(client)
    before = client.session.session_key
    client.post(reverse(CONFIRM), {"code": mailed_code()})
    assert client.session.session_key != before
    client.cookies["sessionid"] = before
    assert client.get(reverse("account_email")).status_code == 302


def test_three_wrong_codes_end_it(client):
    person = factors.person()
    ask(client)
    code = mailed_code()
    for _turn in range(3):
        client.post(reverse(CONFIRM), {"code": "AAA-AAA"})
    client.post(reverse(CONFIRM), {"code": code})
    assert not factors.is_in(client, person)


def test_a_code_that_is_too_old_is_refused(client, monkeypatch):
    person = factors.person()
    ask(client)
    code = mailed_code()
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + 301)
    response = client.post(reverse(CONFIRM), {"code": code})
    assert not factors.is_in(client, person)
    assert response.status_code == 302


def test_a_code_works_in_the_browser_that_asked_only(client, django_user_model):
    person = factors.person()
    ask(client)
    other = type(client)()
    other.post(reverse(CONFIRM), {"code": mailed_code()})
    assert not factors.is_in(other, person)


def test_an_unknown_address_looks_the_same(client):
    factors.person()
    known, unknown = ask(client), ask(type(client)(), "nobody@acme.example")
    assert known.status_code == unknown.status_code
    assert known.headers["Location"] == unknown.headers["Location"]
    assert OutgoingMail.objects.count() == 1


def test_a_second_factor_is_asked_for_after_the_code(client):
    person = factors.person()
    factors.with_app(person)
    ask(client)
    response = client.post(reverse(CONFIRM), {"code": mailed_code()}, follow=True)
    assert response.request["PATH_INFO"] == reverse("mfa_authenticate")
    assert not factors.is_in(client, person)
