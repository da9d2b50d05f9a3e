"""Signing up, confirming the address, signing in and resetting the password, with the mails that go out."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import OutgoingMail, User
from accounts.services import outbox
from config import clock
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


def sign_up(client, email="Ada@Acme.example", **options):
    data = {"email": email, "password1": PASSWORD, "name": "Ada Example"}
    return client.post(reverse("account_signup"), data, **options)


def last_mail():
    outbox.drain(clock.wall())
    return mail.outbox[-1]


def code_of(message):
    code = message.subject.split()[0]
    assert f"\n{code}\n" in message.body
    return code


def test_a_new_person_confirms_by_code_and_is_in(client):
    response = sign_up(client)
    assert response.status_code == 302
    person = User.objects.get()
    assert (person.email, person.name, person.locale) == ("ada@acme.example", "Ada Example", "en")
    message = last_mail()
    assert message.to == ["ada@acme.example"]
    page = client.post(reverse("account_email_verification_sent"), {"code": code_of(message)})
    assert page.status_code == 302
    assert client.get(reverse("storefront:organization_new")).status_code == 200


def test_signing_up_in_german_writes_in_german_and_keeps_the_language(client):
    sign_up(client, HTTP_ACCEPT_LANGUAGE="de-DE,de;q=0.9")
    assert User.objects.get().locale == "de"
    assert OutgoingMail.objects.get().locale == "de"


def test_a_code_is_wiped_once_mailed(client):
    sign_up(client)
    code = code_of(last_mail())
    assert code not in str(OutgoingMail.objects.get().context)


def test_an_address_that_exists_is_not_given_away(client, client_for_another):
    factories.UserFactory(email="ada@acme.example")
    known = sign_up(client)
    unknown = sign_up(client_for_another, email="new@acme.example")
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert OutgoingMail.objects.get(recipient="ada@acme.example").kind == "accounts/account_exists"
    assert User.objects.count() == 2


@pytest.fixture
def client_for_another():

    return Client()


def test_signing_in_sets_the_persons_language(client):
    factories.UserFactory(email="ada@acme.example", password=PASSWORD, locale="de")
    response = client.post(reverse("account_login"), {"login": "ada@acme.example", "password": PASSWORD})
    assert response.status_code == 302
    assert response.cookies["django_language"].value == "de"


def test_the_password_is_reset_by_a_mailed_link(client):
    person = factories.UserFactory(email="ada@acme.example", password=PASSWORD)
    client.post(reverse("account_reset_password"), {"email": "ada@acme.example"})
    link = re.search(r"http://\S+", last_mail().body).group()
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "another long secret", "password2": "another long secret"})
    person.refresh_from_db()
    assert person.check_password("another long secret")
    assert OutgoingMail.objects.filter(kind="accounts/password_changed").exists()


def test_a_reset_for_a_stranger_looks_the_same_and_mails_nothing(client):
    response = client.post(reverse("account_reset_password"), {"email": "nobody@acme.example"})
    assert response.headers["Location"] == reverse("account_reset_password_done")
    assert not OutgoingMail.objects.exists()


def test_a_changed_address_counts_once_it_is_confirmed(client):
    person = factories.UserFactory(email="ada@acme.example", password=PASSWORD)
    client.post(reverse("account_login"), {"login": "ada@acme.example", "password": PASSWORD})
    asked = client.post(reverse("account_email"), {"email": "ada.new@acme.example", "action_add": ""})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not OutgoingMail.objects.exists()
    client.post(asked.headers["Location"], {"password": PASSWORD, "next": reverse("account_email")})
    person.refresh_from_db()
    assert person.email == "ada@acme.example"
    client.post(reverse("account_email_verification_sent"), {"code": code_of(last_mail())})
    person.refresh_from_db()
    assert person.email == "ada.new@acme.example"


def test_choosing_a_language_keeps_it_for_the_person(client, cast):
    client.force_login(cast.owner)
    client.post(reverse("set_language"), {"language": "de", "next": "/"})
    cast.owner.refresh_from_db()
    assert cast.owner.locale == "de"


def test_staff_sign_in_on_the_stores_own_page(client):
    response = client.get(reverse("admin:login"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))
