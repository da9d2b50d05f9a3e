"""In from the vendor's product: a link by the API, good once, and the way back."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Entry, Journal, Scope
from accounts.origin import Origin
from accounts.services import api_keys, entries, memberships
from config import clock
from tests import factories

BACK = "https://app.example/team"


@pytest.fixture(autouse=True)
def origins(settings):
    settings.RETURN_ORIGINS = ["https://app.example"]


def asked(key, **body):
    organization = {} if key.organization else {"Storefront-Organization": body.pop("organization", "")}
    headers = {"Authorization": f"Bearer {key.text}", "Idempotency-Key": uuid.uuid4().hex, **organization}
    return Client().post("/api/v1/sessions", body, content_type="application/json", headers=headers)


@pytest.fixture
def link(cast):
    def make(person=None, **body):
        body = {"organization": cast.acme.public_id, "member": (person or cast.owner).email, **body}
        answer = asked(cast.vendor_key, **body)
        assert answer.status_code == 201, answer.content
        return answer.json()["url"].removeprefix("http://testserver").removeprefix("http://127.0.0.1:8000")

    return make


def path_of(url):
    return "/entry/" + url.rpartition("/entry/")[2]


def test_the_product_brings_its_user_to_a_page_and_back(cast, client, link):
    url = path_of(link(page="team", return_url=BACK))
    answer = client.get(url)
    assert (answer.status_code, answer.url) == (302, "/team/")
    page = client.get("/team/").content.decode()
    assert f'href="{BACK}"' in page
    assert cast.owner.name in page
    kinds = Journal.objects.filter(kind__startswith="accounts.entry.").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["accounts.entry.made", "accounts.entry.used"]


def test_whoever_signs_in_here_sees_no_way_back(cast, client):
    client.force_login(cast.owner)
    assert "Back to Fieldnote" not in client.get("/team/").content.decode()


def test_a_link_works_once(client, link):
    url = path_of(link())
    assert client.get(url).status_code == 302
    again = Client().get(url)
    assert again.status_code == 410
    assert "This link has ended" in again.content.decode()


def test_a_browser_that_looks_ahead_uses_nothing_up(client, link):
    url = path_of(link())
    assert Client().get(url, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 204
    assert Client().head(url).status_code == 405
    assert client.get(url).status_code == 302


def test_a_link_runs_out(client, link):
    url = path_of(link())
    Entry.objects.update(expires_at=clock.wall() - timedelta(seconds=1))
    assert client.get(url).status_code == 410
    assert "_auth_user_id" not in client.session


def test_somebody_else_is_asked_before_people_are_swapped(cast, client, link):
    client.force_login(cast.stranger)
    url = path_of(link(page="team"))
    first = client.get(url)
    assert first.status_code == 200
    assert cast.owner.email in first.content.decode()
    assert client.session["_auth_user_id"] == str(cast.stranger.pk)
    assert client.post(url).url == "/team/"
    assert client.session["_auth_user_id"] == str(cast.owner.pk)


def test_who_left_meanwhile_does_not_come_in(cast, client, link):
    url = path_of(link(cast.member))
    memberships.remove(membership=cast.membership(cast.member), origin=Origin.system(), at=clock.now())
    assert client.get(url).status_code == 410
    assert "_auth_user_id" not in client.session


def test_a_plan_and_seats_lead_to_a_cart(client, link):
    answer = client.get(path_of(link(plan="fieldnote/team", seats=12, interval="year")))
    assert answer.url == "/cart/new/?plan=fieldnote%2Fteam&seats=12&interval=year"


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"member": "nobody@nowhere.example"}, 422, "#/member"),
        ({"page": "admin"}, 400, "#/page"),
        ({"plan": "../../admin"}, 400, "#/plan"),
        ({"return_url": "https://evil.example/"}, 400, "#/return_url"),
        ({"path": "/admin/"}, 400, "#/path"),
    ],
)
def test_a_bad_wish_names_the_field_and_makes_nothing(cast, body, status, pointer):
    answer = asked(cast.vendor_key, **{"organization": cast.acme.public_id, "member": cast.owner.email} | body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
    assert not Entry.objects.exists()


def test_a_stranger_of_the_organization_is_nobody(cast):
    answer = asked(cast.vendor_key, organization=cast.acme.public_id, member=cast.stranger.email)
    assert answer.status_code == 422


def test_staff_do_not_come_in_by_the_products_word(cast):
    person = cast.staff_member("finance")
    factories.MembershipFactory(organization=cast.acme, user=person)
    answer = asked(cast.vendor_key, organization=cast.acme.public_id, member=person.email)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:storefront:problem:entry-not-allowed")


def test_a_key_of_one_organization_brings_nobody_in(cast):
    answer = asked(cast.organization_key, member=cast.owner.email)
    assert answer.status_code == 403
    with pytest.raises(ValidationError):
        api_keys.create(organization=cast.acme, name="x", scopes=[Scope.SESSIONS_WRITE], origin=Origin.system(), at=clock.now())


def test_what_ended_a_month_ago_is_forgotten(link):
    link()
    wall = clock.wall()
    assert entries.forget(wall) == 0
    assert entries.forget(wall + timedelta(days=31)) == 1
