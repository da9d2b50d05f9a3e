"""Passkeys in a real browser with a device of its own: added, signing in alone, and as the second step, within the policy."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from tests.accounts import factors

INSIDE = re.compile(r":\d+/(organizations/new/.*)?$")
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def store(live_server, settings):
    """The pages under a name: browsers refuse passkeys at a bare number."""
    settings.STORE_URL = live_server.url.replace("127.0.0.1", "localhost")
    settings.CSRF_TRUSTED_ORIGINS = [settings.STORE_URL]
    return settings.STORE_URL


@pytest.fixture
def page(browser, store):
    context = browser.new_context(base_url=store, locale="en-US")
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    context.close()


def sign_in(page, person):
    page.goto(reverse("account_login"))
    page.fill("input[name=login]", person.email)
    page.fill("input[name=password]", factors.PASSWORD)
    page.click("main form:has(input[name=password]) button[type=submit]")


def sign_out(page):
    page.goto(reverse("account_logout"))
    page.click("main button:has-text('Sign out')")
    page.wait_for_url("**/pricing/")


def add_passkey(page):
    page.goto(reverse("mfa_add_webauthn"))
    page.fill("input[name=password]", factors.PASSWORD)
    page.click("main form button[type=submit]")
    page.get_by_role("heading", name="Add a passkey").wait_for()
    page.click("main button:has-text('Add passkey')")
    page.wait_for_url("**/recovery-codes/")


@pytest.mark.django_db(transaction=True)
def test_a_passkey_is_added_signs_in_alone_and_is_the_second_step(page):
    person = factors.person()
    sign_in(page, person)
    page.wait_for_url(INSIDE)
    add_passkey(page)
    assert Authenticator.objects.filter(user=person, type="webauthn").count() == 1

    sign_out(page)
    page.goto(reverse("account_login"))
    page.click("main button:has-text('Use a passkey')")
    page.wait_for_url(INSIDE)  # alone it is both factors: no second step

    sign_out(page)
    sign_in(page, person)
    page.wait_for_url("**/authenticate/")
    page.click("main button:has-text('Use a passkey')")
    page.wait_for_url("**/trust/")
    assert page.complaints == []


@pytest.mark.django_db(transaction=True)
def test_a_passkey_that_is_not_given_is_said_and_nothing_changes(page):
    """The device knows no passkey of this store."""
    factors.person()
    page.goto(reverse("account_login"))
    page.click("main button:has-text('Use a passkey')")
    problem = page.locator("[data-passkey-problem]")
    problem.wait_for()
    assert "Nothing was changed" in problem.inner_text()
    assert page.url.endswith(reverse("account_login"))
