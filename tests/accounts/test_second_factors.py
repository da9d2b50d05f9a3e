"""Second factors: setting up, signing in, codes that count once, trusted browsers, secrets at rest, and staff who need one."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Journal, OutgoingMail
from accounts.origin import Origin
from accounts.services import second_factors
from config import clock
from tests.accounts import factors

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return factors.person()


@pytest.fixture
def inside(client, ada):
    factors.sign_in(client, ada)
    factors.reauthenticate(client)
    return client


def text(response):
    return response.content.decode()


def second_step(client, user, code):
    factors.sign_in(client, user)
    return client.post(reverse("mfa_authenticate"), {"code": code})


def test_setting_up_an_app_needs_the_password_again(client, ada):
    factors.sign_in(client, ada)
    response = client.get(reverse("mfa_activate_totp"))
    assert response.headers["Location"].startswith(reverse("account_reauthenticate"))


def test_an_app_is_set_up_and_the_recovery_codes_are_shown_once(inside, ada, monkeypatch, django_capture_on_commit_callbacks):
    page = text(inside.get(reverse("mfa_activate_totp")))
    assert 'src="data:image/svg+xml;base64,' in page
    monkeypatch.setattr(factors, "SECRET", inside.session["mfa.totp.secret"])
    with django_capture_on_commit_callbacks(execute=True):
        response = inside.post(reverse("mfa_activate_totp"), {"code": factors.code()}, follow=True)
    shown = re.findall(r"<li>(\d{8})</li>", text(response))
    assert len(shown) == 10
    assert "data:text/plain" in text(response)
    again = text(inside.get(reverse("mfa_view_recovery_codes")))
    assert "shown once" in again
    assert not any(code in again for code in shown)
    assert OutgoingMail.objects.filter(kind="accounts/second_factor_added", recipient=ada.email).exists()


def test_a_wrong_code_sets_nothing_up(inside, ada):
    inside.get(reverse("mfa_activate_totp"))
    inside.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert not Authenticator.objects.filter(user=ada).exists()


def test_the_password_alone_is_not_enough(client, ada):
    factors.with_app(ada)
    assert factors.sign_in(client, ada).headers["Location"] == reverse("mfa_authenticate")
    assert not factors.is_in(client, ada)
    assert client.get(reverse("account_email")).status_code == 302


def test_password_and_code_sign_in(client, ada):
    factors.with_app(ada)
    response = second_step(client, ada, factors.code())
    assert response.headers["Location"] == reverse("mfa_trust")
    client.post(reverse("mfa_trust"), {"action": "skip"})
    assert factors.is_in(client, ada)
    assert client.get(reverse("account_email")).status_code == 200


@pytest.mark.parametrize("second", [0, -1])
def test_a_code_counts_once_even_in_another_browser(ada, second):
    """A code read over somebody's shoulder, or an older one that the clock's tolerance would still take."""
    factors.with_app(ada)
    first, thief = Client(), Client()
    second_step(first, ada, factors.code())
    response = second_step(thief, ada, factors.code(second))
    assert response.status_code == 200
    assert not factors.is_in(thief, ada)


def test_a_code_counts_once_though_the_cache_has_forgotten(ada, monkeypatch):
    factors.with_app(ada)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.TOTP._mark_code_used", lambda *_args: True)
    code = factors.code()
    second_step(Client(), ada, code)
    thief = Client()
    second_step(thief, ada, code)
    assert not factors.is_in(thief, ada)


def test_a_recovery_code_works_once(ada):
    codes = factors.with_app(ada)
    first, second = Client(), Client()
    assert second_step(first, ada, codes[0]).status_code == 302
    assert second_step(second, ada, codes[0]).status_code == 200
    assert second_step(second, ada, codes[1]).status_code == 302


def test_a_trusted_browser_is_not_asked_again_until_something_changes(client, ada):
    factors.with_app(ada)
    second_step(client, ada, factors.code())
    client.post(reverse("mfa_trust"), {"action": "trust"})
    client.post(reverse("account_logout"))
    factors.sign_in(client, ada)
    assert factors.is_in(client, ada)
    client.post(reverse("account_logout"))
    ada.set_password(factors.PASSWORD)  # another hash: the password was changed
    ada.save()
    factors.sign_in(client, ada)
    assert not factors.is_in(client, ada)


def test_secrets_rest_encrypted_and_another_key_opens_nothing(ada, settings):
    factors.with_app(ada)
    row = Authenticator.objects.get(user=ada, type="totp")
    assert factors.SECRET not in str(row.data)
    assert second_factors.decrypt(row.data["secret"]) == factors.SECRET
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key"
    assert second_factors.decrypt(row.data["secret"]) == factors.SECRET
    settings.SECRET_KEY_FALLBACKS = []
    guess = second_factors.decrypt(row.data["secret"])
    assert len(guess) == 32
    assert guess != second_factors.decrypt(row.data["secret"])


def test_removing_the_app_takes_the_codes_along_and_says_so_by_mail(inside, ada):
    factors.with_app(ada)
    assert "Remove the authenticator app?" in text(inside.get(reverse("mfa_deactivate_totp")))
    inside.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=ada).exists()
    assert OutgoingMail.objects.filter(kind="accounts/second_factor_removed").exists()


PAGES = [
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "usersessions_list",
    "socialaccount_connections",
]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_wears_the_design_and_holds_no_inline_script(inside, name):
    response = inside.get(reverse(name))
    html = text(response)
    assert response.status_code == 200
    assert 'class="auth__head"' in html
    assert re.findall(r"<[^>]+\sstyle=|<script(?![^>]*\bsrc=)", html) == []
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert 'class="places"' in html


def test_the_second_step_offers_both_and_holds_no_inline_script(client, ada, settings):
    factors.with_app(ada)
    factors.sign_in(client, ada)
    html = text(client.get(reverse("mfa_authenticate")))
    assert 'name="code"' in html
    assert re.findall(r"<[^>]+\sstyle=|<script(?![^>]*\bsrc=)", html) == []


def test_the_login_page_asks_the_database_nothing(client):
    client.get(reverse("account_login"))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("account_login"))
    assert len(queries) == 0


class TestStaff:
    @pytest.fixture(autouse=True)
    def _required(self, settings):
        settings.STAFF_SECOND_FACTOR = True

    @pytest.fixture
    def sam(self):
        return factors.person(email="sam@vendor.example", is_staff=True, is_superuser=True)

    @pytest.mark.parametrize("page", ["/admin/", "/admin/accounts/user/", "/organizations/new/", "/account/deletion/"])
    def test_without_one_every_page_leads_to_setting_it_up(self, client, sam, page):
        factors.sign_in(client, sam)
        response = client.get(page)
        assert response.headers["Location"] == reverse("mfa_index")
        assert "You work here" in text(client.get(reverse("mfa_index")))

    def test_nothing_is_done_by_a_post_either(self, client, sam):
        factors.sign_in(client, sam)
        response = client.post(f"/admin/accounts/user/{sam.pk}/change/", {"is_active": ""})
        assert response.headers["Location"] == reverse("mfa_index")
        sam.refresh_from_db()
        assert sam.is_active

    def test_with_one_proven_the_admin_opens(self, client, sam):
        factors.with_app(sam)
        second_step(client, sam, factors.code())
        client.post(reverse("mfa_trust"), {"action": "skip"})
        assert client.get("/admin/").status_code == 200

    def test_a_trusted_browser_does_not_spare_staff(self, client, sam):
        factors.with_app(sam)
        second_step(client, sam, factors.code())
        client.post(reverse("mfa_trust"), {"action": "trust"})
        client.post(reverse("account_logout"))
        factors.sign_in(client, sam)
        asked = client.get("/admin/").headers["Location"]
        assert asked.startswith(reverse("mfa_reauthenticate"))
        response = client.post(asked, {"code": factors.code(1), "next": "/admin/"})
        assert response.headers["Location"] == "/admin/"
        assert client.get("/admin/").status_code == 200

    def test_customers_are_not_asked(self, client, cast):
        client.force_login(cast.owner)
        assert client.get("/settings/organization/").status_code == 200


def test_staff_take_lost_factors_away_with_a_reason(ada, cast):
    factors.with_app(ada)
    origin = Origin(actor=cast.admin)
    with pytest.raises(ValidationError):
        second_factors.reset(user=ada, reason=" ", origin=origin, at=clock.now())
    assert Authenticator.objects.filter(user=ada).count() == 2
    assert second_factors.reset(user=ada, reason="Called back on the known number.", origin=origin, at=clock.now()) == 2
    assert not Authenticator.objects.filter(user=ada).exists()
    assert Journal.objects.get(kind="accounts.second_factors.reset").actor == cast.admin
    with pytest.raises(ValidationError):
        second_factors.reset(user=cast.admin, reason="me", origin=origin, at=clock.now())


def test_the_offer_is_for_owners_without_one_and_goes_away(client, cast):
    client.force_login(cast.owner)
    settings_page = reverse("storefront:organization_settings")
    assert "factor-offer" in text(client.get(settings_page))
    client.post(reverse("storefront:factor_offer"))
    assert "factor-offer" not in text(client.get(settings_page))
    cast.owner.__class__.objects.update(factor_offer_closed_at=None)
    factors.with_app(cast.owner)
    assert "factor-offer" not in text(client.get(settings_page))


def test_an_administrator_does_so_in_the_list_of_people_with_a_reason(client, ada, cast):
    factors.with_app(ada)
    listing = reverse("admin:accounts_user_changelist")
    data = {"action": "reset_factors", "_selected_action": [ada.pk]}
    client.force_login(cast.staff_member("support"))
    client.post(listing, data | {"note": "I would like to."})
    client.force_login(cast.admin)
    client.post(listing, data)
    assert Authenticator.objects.filter(user=ada).exists()
    client.post(listing, data | {"note": "Called back on the known number."})
    assert not Authenticator.objects.filter(user=ada).exists()
    assert OutgoingMail.objects.filter(kind="accounts/second_factor_removed", recipient=ada.email).exists()
