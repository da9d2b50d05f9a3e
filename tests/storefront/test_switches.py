"""What is left to the product: pages and links vanish, an address says where to go, and the API stays."""

import pytest
from django.urls import reverse

from accounts.models import Invitation
from storefront import shells

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_frames():
    yield
    shells.forget()


@pytest.mark.parametrize(
    ("feature", "names"),
    [
        ("team", ["storefront:team", "storefront:team_leaving", "storefront:ownership"]),
        ("cancel", ["storefront:cancellation"]),
    ],
)
def test_a_page_that_is_switched_off_says_where_to_go(cast, client, settings, feature, names):
    client.force_login(cast.owner)
    assert all(client.get(reverse(name)).status_code != 404 for name in names)
    settings.STORE_WITHOUT = [feature]
    settings.STORE_ELSEWHERE = {feature: "https://app.example/there"}
    for name in names:
        response = client.get(reverse(name))
        assert response.status_code == 404
        assert "https://app.example/there" in response.content.decode()


def test_without_an_address_of_its_own_the_product_is_named(cast, client, settings):
    settings.STORE_WITHOUT, settings.STORE_ELSEWHERE = ["team"], {}
    client.force_login(cast.owner)
    assert settings.BRAND["product_url"] in client.get(reverse("storefront:team")).content.decode()


def test_links_vanish_with_the_team(cast, client, settings):
    client.force_login(cast.owner)
    assert reverse("storefront:team") in client.get(reverse("storefront:organization_settings")).content.decode()
    settings.STORE_WITHOUT = ["team"]
    shells.forget()  # a store's switches change with a restart only, and frames are kept till then
    page = client.get(reverse("storefront:organization_settings")).content.decode()
    assert f'href="{reverse("storefront:team")}"' not in page
    assert "Colleagues without" not in client.get(reverse("storefront:people_settings")).content.decode()


def test_without_invitations_the_team_stays(cast, client, settings):
    settings.STORE_WITHOUT = ["invitations"]
    client.force_login(cast.owner)
    page = client.get(reverse("storefront:team"))
    assert page.status_code == 200
    assert "Send invitations" not in page.content.decode()
    for name in ("storefront:team_invitations", "storefront:seat_assignments"):
        client.post(reverse(name), {"addresses": "a@acme.example", "emails": "a@acme.example", "role": "member"})
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("feature", ["team", "invitations", "cancel"])
def test_the_api_stays(cast, client, settings, feature):
    settings.STORE_WITHOUT = [feature]
    key = {"Authorization": f"Bearer {cast.organization_key.text}"}
    assert client.get(reverse("v1:members"), headers=key).status_code == 200
