"""Guessing is counted, and where it can't be counted nobody gets in: allauth's limits as production has them."""

import pytest
from allauth.account import app_settings
from django.core.cache import cache
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.models import OutgoingMail
from tests.accounts import factors

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _as_in_production(settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada():
    return factors.person()


def test_five_wrong_passwords_close_the_account_for_a_while_and_not_the_others(client, ada):
    other = factors.person(email="bob@acme.example")
    for _turn in range(5):
        client.post(reverse("account_login"), {"login": ada.email, "password": "wrong"})
    factors.sign_in(client, ada)
    assert not factors.is_in(client, ada)
    factors.sign_in(client, other)
    assert factors.is_in(client, other)


def test_guessing_the_second_step_is_counted_for_the_person_not_the_browser(client, ada):
    factors.with_app(ada)
    for _turn in range(5):
        browser = type(client)()
        factors.sign_in(browser, ada)
        browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    factors.sign_in(client, ada)
    response = client.post(reverse("mfa_authenticate"), {"code": factors.code()})
    assert response.status_code == 200
    assert not factors.is_in(client, ada)


def test_asking_for_codes_is_counted_by_address(client, ada):
    for _turn in range(5):
        type(client)().post(reverse("account_request_login_code"), {"email": ada.email})
    assert OutgoingMail.objects.filter(kind="accounts/login_code").count() == 3


def test_the_limits_are_there():
    for action in ("login", "login_failed", "request_login_code", "reauthenticate", "signup", "reset_password"):
        assert app_settings.RATE_LIMITS[action], action


@pytest.fixture
def _redis_is_away(monkeypatch):
    def fail(*_args, **_kwargs):
        raise RedisConnectionError("refused")

    for name in ("add", "get", "set", "delete"):
        monkeypatch.setattr(f"django.core.cache.backends.redis.RedisCacheClient.{name}", fail)


class TestWithoutRedis:
    """Decided: closed, not uncounted (docs/decisions/second-factors.md)."""

    @pytest.fixture(autouse=True)
    def _away(self, _redis_is_away):
        """For every test of the class."""

    def test_signing_in_is_closed_with_words_and_a_time(self, client, ada):
        response = factors.sign_in(client, ada)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "30"
        assert "Signing in pauses" in response.content.decode()
        assert not factors.is_in(client, ada)

    @pytest.mark.parametrize("name", ["account_request_login_code", "account_signup", "account_reset_password"])
    def test_so_is_what_leads_there(self, client, ada, name):
        data = {"email": "new@acme.example", "password1": "a long enough one"}
        assert client.post(reverse(name), data).status_code == 503

    def test_the_second_step_too(self, client, ada):
        factors.with_app(ada)
        client.force_login(ada)
        assert client.post(reverse("mfa_reauthenticate"), {"code": factors.code()}).status_code == 503

    def test_the_form_is_shown_and_whoever_is_in_stays_in(self, client, cast):
        assert client.get(reverse("account_login")).status_code == 200
        client.force_login(cast.owner)
        assert client.get(reverse("storefront:organization_settings")).status_code == 200
