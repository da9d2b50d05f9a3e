"""allauth's pages wear the store's design: every address of it, signed out and signed in, in both shells."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from tests import factories

PASSWORD = "a-long-enough-passphrase"
SIGNED_OUT = ["account_login", "account_signup", "account_reset_password", "account_reset_password_done", "account_inactive"]
SIGNED_IN = ["account_email", "account_change_password", "account_logout"]


@pytest.fixture
def person(db):
    user = factories.UserFactory(email="ada@acme.example")
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


def dressed(response) -> str:
    assert response.status_code == 200
    html = response.content.decode()
    assert "css/store" in html
    assert 'class="auth__head"' in html
    assert re.search(r"<h1[^>]*>\s*\S", html)
    assert re.findall(r"<[^>]+\sstyle=|<script(?![^>]*\bsrc=)", html) == []
    return html


@pytest.mark.django_db
@pytest.mark.parametrize("name", SIGNED_OUT)
def test_signed_out(client, name):
    html = dressed(client.get(reverse(name)))
    assert "site-nav" not in html


@pytest.mark.parametrize("name", SIGNED_IN)
def test_signed_in(client, person, name):
    client.force_login(person)
    html = dressed(client.get(reverse(name)))
    assert "account-menu" in html


def test_confirming_that_it_is_you(client, person):
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert "Confirm that it is you" in dressed(client.get(reverse("account_reauthenticate")))


def test_a_password_link_that_is_spent_says_that_nothing_changed(client, db):
    html = dressed(client.get(reverse("account_reset_password_from_key", args=["1-x", "bad-key"]), follow=True))
    assert "Your password is unchanged" in html


def test_a_wrong_password_is_said_above_the_form_and_the_address_kept(client, person):
    html = dressed(client.post(reverse("account_login"), {"login": person.email, "password": "wrong-passphrase"}))
    assert 'class="banner" data-tone="bad" role="alert"' in html
    assert f'value="{person.email}"' in html


def test_a_short_password_is_said_at_its_field(client, db):
    html = dressed(client.post(reverse("account_signup"), {"email": "new@acme.example", "password1": "short"}))
    assert 'id="id_password1_error"' in html
    assert 'value="new@acme.example"' in html


def test_signing_up_leads_to_the_code(client, db):
    answer = client.post(reverse("account_signup"), {"email": "new@acme.example", "password1": PASSWORD}, follow=True)
    html = dressed(answer)
    assert "Enter the code from your mail" in html
    assert "new@acme.example" in html
    assert 'autocomplete="one-time-code"' in html
    assert mail.outbox is not None
