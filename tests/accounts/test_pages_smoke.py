import pytest
from django.urls import reverse
from tests import factories

PAGES = ["team", "team_leaving", "ownership", "organization_new", "organization_settings", "api_keys"]


@pytest.mark.parametrize("name", PAGES)
def test_page(cast, client, name, django_assert_max_num_queries):
    client.force_login(cast.owner)
    factories.InvitationFactory(organization=cast.acme)
    factories.ApiKeyFactory(organization=cast.acme)
    response = client.get(reverse(f"storefront:{name}"))
    assert response.status_code == 200


def test_denied(cast, client):
    client.force_login(cast.member)
    r = client.get(reverse("storefront:team"))
    assert r.status_code == 403 and "Olive Owner" in r.content.decode()


@pytest.mark.parametrize("kind", ["terms", "privacy", "dpa"])
def test_legal(client, kind, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get(reverse("storefront:legal", args=[kind])).status_code == 200


def test_invitation(cast, client):
    i = factories.InvitationFactory(organization=cast.acme, email="new@initech.example")
    assert client.get(reverse("storefront:invitation", args=[i.token])).status_code == 200
    assert client.get(reverse("storefront:invitation", args=["x"])).status_code == 404
    client.force_login(cast.newcomer)
    r = client.post(reverse("storefront:invitation", args=[i.token]))
    assert r.status_code == 302
    assert cast.membership(cast.newcomer).organization == cast.acme
