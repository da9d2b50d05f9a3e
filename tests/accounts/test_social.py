"""Google and Microsoft: buttons only when set up, and whose word counts for an address."""

import pytest
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import User
from accounts.sessions import SessionStore
from config.settings import sign_in
from tests.accounts import factors

pytestmark = pytest.mark.django_db


@pytest.fixture
def _both(settings):
    app = {"client_id": "id", "secret": "s", "settings": {"tenant": "organizations"}}
    settings.SOCIALACCOUNT_PROVIDERS = {name: {"APPS": [app]} for name in ("google", "microsoft")}


def test_no_button_and_no_page_without_an_application(client):
    html = client.get(reverse("account_login")).content.decode()
    assert "Google" not in html
    assert "Microsoft" not in html
    assert client.post(reverse("google_login")).status_code == 404


@pytest.mark.usefixtures("_both")
def test_with_one_the_button_leads_there_by_post_only(client):
    html = client.get(reverse("account_login")).content.decode()
    assert "Go on with Google" in html
    assert "Go on with Microsoft" in html
    response = client.post(reverse("google_login") + "?process=login")
    assert response.headers["Location"].startswith("https://accounts.google.com/")
    assert client.get(reverse("google_login")).status_code == 200
    response = client.post(reverse("microsoft_login") + "?process=login")
    assert response.headers["Location"].startswith("https://login.microsoftonline.com/organizations/")


def test_the_policy_names_only_providers_that_are_set(monkeypatch):
    assert sign_in.origins() == []
    monkeypatch.setattr(sign_in, "GOOGLE_CLIENT_ID", "x")
    assert sign_in.origins() == ["https://accounts.google.com"]


def come_back(provider, email, *, verified, uid="1"):
    """What happens after the provider has told who it is: the request, signed in or not."""
    request = RequestFactory().get("/account/google/login/callback/")
    request.session, request.user = SessionStore(), AnonymousUser()
    request._messages = FallbackStorage(request)
    request.META["REMOTE_ADDR"] = "127.0.0.1"
    with context.request_context(request):
        data = {
            "google": {"sub": uid, "email": email, "email_verified": verified, "given_name": "Ada", "family_name": "Example"},
            "microsoft": {"id": uid, "mail": email, "givenName": "Ada", "surname": "Example"},
        }[provider]
        login = get_adapter().get_provider(request, provider).sociallogin_from_response(request, data)
        response = complete_social_login(request, login)
    return request, response


def signed_in(request):
    return request.session.get("_auth_user_id")


@pytest.mark.usefixtures("_both")
class TestComingBack:
    def test_a_new_person_of_google_is_in_with_name_and_address(self):
        request, _response = come_back("google", "Ada@acme.example", verified=True)
        person = User.objects.get()
        assert (person.email, person.name) == ("ada@acme.example", "Ada Example")
        assert signed_in(request) == str(person.pk)

    def test_a_new_person_of_microsoft_confirms_the_address_by_a_code(self):
        request, response = come_back("microsoft", "ada@acme.example", verified=False)
        assert signed_in(request) is None
        assert response.headers["Location"] == reverse("account_email_verification_sent")

    def test_googles_verified_address_opens_our_verified_account(self):
        ada = factors.person()
        request, _response = come_back("google", ada.email, verified=True)
        assert signed_in(request) == str(ada.pk)

    def test_but_not_one_whose_address_nobody_confirmed(self):
        """Somebody may have made it beforehand, with a password of theirs, to wait for its owner."""
        planted = factors.person(verified=False)
        EmailAddress.objects.create(user=planted, email=planted.email, verified=False, primary=True)
        request, _response = come_back("google", planted.email, verified=True)
        assert signed_in(request) is None
        assert not SocialAccount.objects.filter(user=planted).exists()

    @pytest.mark.parametrize(
        ("provider", "verified", "staff"), [("google", False, False), ("microsoft", False, False), ("google", True, True)]
    )
    def test_nor_by_an_unproven_address_nor_by_microsofts_nor_a_staff_account(self, provider, verified, staff):
        ada = factors.person(is_staff=staff)
        request, _response = come_back(provider, ada.email, verified=verified)
        assert signed_in(request) is None
        assert not SocialAccount.objects.filter(user=ada).exists()

    def test_who_is_connected_is_known_by_id_whatever_the_address(self):
        ada = factors.person()
        SocialAccount.objects.create(user=ada, provider="microsoft", uid="77")
        request, _response = come_back("microsoft", "other@globex.example", verified=False, uid="77")
        assert signed_in(request) == str(ada.pk)

    def test_a_second_factor_is_asked_for_all_the_same(self):
        ada = factors.person()
        factors.with_app(ada)
        SocialAccount.objects.create(user=ada, provider="google", uid="78")
        request, response = come_back("google", ada.email, verified=True, uid="78")
        assert signed_in(request) is None
        assert response.headers["Location"] == reverse("mfa_authenticate")
