"""What can't be undone is asked first; what is sent twice happens once."""

import pytest
from django.urls import reverse

from accounts.models import ApiKey, Invitation
from accounts.services import api_keys
from billing.services import people
from config import clock
from tests.shop import text

KEYS = reverse("storefront:api_keys")
FORM = {"name": "Nightly report", "scopes": ["billing:read"]}


@pytest.fixture
def owner(client, cast):
    client.force_login(cast.owner)
    return client


def nonce(client):
    return client.get(KEYS).context["form"]["nonce"].value()


def make(client, **more):
    return client.post(KEYS, FORM | more)


def test_two_clicks_make_one_key_and_both_answers_show_it(owner):
    said = nonce(owner)
    first, second = make(owner, nonce=said), make(owner, nonce=said)
    assert ApiKey.objects.count() == 1
    assert first.context["text"] == second.context["text"]
    assert second.context["text"] in text(second)


def test_each_form_that_is_shown_makes_a_key_of_its_own(owner):
    one, other = nonce(owner), nonce(owner)
    assert one != other
    assert make(owner, nonce=one).context["text"] != make(owner, nonce=other).context["text"]
    assert ApiKey.objects.count() == 2


def test_another_name_under_the_same_nonce_is_another_key(owner):
    said = nonce(owner)
    make(owner, nonce=said)
    make(owner, nonce=said, name="Other")
    assert {key.name for key in ApiKey.objects.all()} == {"Nightly report", "Other"}


def test_a_nonce_is_worth_nothing_to_others(client, cast):
    client.force_login(cast.owner)
    mine = make(client, nonce="the-same").context["text"]
    client.force_login(cast.stranger)
    assert make(client, nonce="the-same").context["text"] != mine


def test_an_old_form_does_not_show_its_key_again(owner, shop):
    said = nonce(owner)
    shown = make(owner, nonce=said).context["text"]
    ApiKey.objects.update(created_at=clock.now() - api_keys.SHOWN_AGAIN * 2)
    response = make(owner, nonce=said)
    assert response.status_code == 422
    assert "This form has made its key already" in text(response)
    assert shown not in text(response)
    assert ApiKey.objects.count() == 1


def test_two_clicks_on_rotate_make_one_successor_and_show_it(owner):
    key = make(owner).context["made"]
    rotate = reverse("storefront:api_key_rotation", args=[key.pk])
    said = owner.get(KEYS).context["nonce"]
    first, second = owner.post(rotate, {"nonce": said}), owner.post(rotate, {"nonce": said})
    assert first.context["text"] == second.context["text"]
    assert ApiKey.objects.count() == 2


def test_revoking_a_key_is_asked_first(owner):
    key = make(owner).context["made"]
    address = reverse("storefront:api_key_revocation", args=[key.pk])
    page = text(owner.get(KEYS))
    assert f'href="{address}"' in page
    assert f'action="{address}"' not in page
    asked = text(owner.get(address))
    assert "Revoke “Nightly report”?" in asked
    assert "turned away at once" in asked
    key.refresh_from_db()
    assert key.revoked_at is None
    owner.post(address)
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_withdrawing_an_invitation_is_asked_first(owner, cast, shop):
    shop.buy(cast.acme, cast.owner, seats=10)
    made = {"organization": cast.acme, "role": "member", "with_seat": True, "origin": shop.origin, "at": clock.now()}
    people.invite(emails=["ada@acme.example"], **made)
    row = Invitation.objects.get()
    address = reverse("storefront:invitation_revocation", args=[row.pk])
    page = text(owner.get(reverse("storefront:team")))
    assert f'href="{address}"' in page
    assert f'action="{address}"' not in page
    asked = text(owner.get(address))
    assert "ada@acme.example" in asked
    assert "The seat kept for them is free again" in asked
    row.refresh_from_db()
    assert row.state == "open"
    owner.post(address)
    row.refresh_from_db()
    assert row.state == "revoked"
