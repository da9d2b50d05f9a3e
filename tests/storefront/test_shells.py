"""The page shells: which marks the place one is at, and what a public page must not touch."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import BaseStorage
from django.template.loader import render_to_string
from django.urls import reverse

from config import context


class Untouchable:
    """Stands where a session or a user would, and fails whoever looks."""

    def __getattr__(self, name):
        raise AssertionError(f"a public page asked for {name}")

    def __bool__(self):
        raise AssertionError("a public page asked whether there is one")


def test_a_public_page_touches_neither_session_nor_user_nor_token(rf):
    request = rf.get("/pricing/")
    request.session = request.user = request.organization = request.memberships = Untouchable()
    html = render_to_string("base_public.html", {}, request)
    assert 'id="main"' in html
    assert "csrf" not in html.lower()
    assert "CSRF_COOKIE" not in request.META


def test_a_focus_page_carries_the_token_for_htmx(rf):
    request = rf.get("/account/login/")
    request.user = AnonymousUser()
    html = render_to_string("base_focus.html", {}, request)
    assert '<body hx-headers=\'{"X-CSRFToken": ' in html


@pytest.mark.parametrize("name", ["storefront:cart", "storefront:organization_new", "storefront:team_leaving"])
def test_one_can_sign_out_from_a_focus_page(client, cast, name):
    client.force_login(cast.owner)
    page = client.get(reverse(name)).content.decode()
    assert 'popovertarget="account-menu"' in page
    assert f'action="{reverse("account_logout")}"' in page


def test_a_visitor_has_no_account_menu(client, db):
    assert "account-menu" not in client.get(reverse("storefront:cart")).content.decode()


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", "/"),
        ("/seats/", "/seats/"),
        ("/seats/changes/7/", "/seats/"),
        ("/seats/log/", "/seats/log/"),
        ("/settings/billing/", "/settings/organization/"),
        ("/elsewhere/", None),
    ],
)
def test_the_place_one_is_at_is_the_longest_address_above_it(monkeypatch, path, current):
    monkeypatch.setattr(context, "address", lambda name: name)
    entries = [
        ("/", "Home"),
        ("/seats/", "Seats"),
        ("/seats/log/", "Log"),
        ("/settings/organization/", "Settings"),
        ("", "Left out"),
    ]
    found = context.links(entries, path)
    assert [link.label for link in found] == ["Home", "Seats", "Log", "Settings"]
    assert [link.url for link in found if link.current] == ([current] if current else [])


def test_a_message_becomes_a_toast_of_its_tone(rf):
    class Kept(BaseStorage):
        def _get(self, *args, **kwargs):
            return [], True

        def _store(self, messages, response, *args, **kwargs):
            return []

    request = rf.get("/")
    request.user = AnonymousUser()
    request._messages = Kept(request)
    request._messages.add(40, "The price has moved.")
    html = render_to_string("base_focus.html", {}, request)
    assert 'class="toast" data-tone="error" role="alert"' in html
    assert "The price has moved." in html


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "429.html", "500.html"])
def test_error_pages_say_what_was_kept_and_what_to_do(rf, name):
    request = rf.get("/nowhere/")
    request.user = AnonymousUser()
    html = render_to_string(name, {}, None if name == "500.html" else request)
    assert "unchanged" in html or "Nothing was changed" in html or "are as they were" in html
    assert "Go home" in html
