"""Visits: written down only where it was allowed, and gone when they are old, refused, or of somebody who left."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from accounts.origin import Origin
from config import clock
from storefront import departures
from telemetry.models import Visit
from telemetry.services import visits
from tests import factories

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


def tell(client, page="pricing", **headers):
    response = client.post("/visits/", {"page": page}, headers=OURS | headers)
    assert (response.status_code, response.content) == (204, b"")
    return Visit.objects.count()


def choose(client, may, **headers):
    return client.post("/visits/choice/", {"may": may}, headers=OURS | headers).cookies


def test_nothing_is_written_down_before_it_was_allowed_nor_of_who_wishes_not(client, cast):
    assert tell(client) == 0
    choose(client, "no")
    assert tell(client) == 0
    assert not choose(client, "yes", DNT="1")
    assert not choose(client, "yes", **{"Sec-Fetch-Site": "cross-site"})
    cookie = choose(client, "yes")["visits"]
    assert (len(cookie.value), cookie["samesite"], cookie["httponly"]) == (22, "Lax", "")
    for refused in ({"Sec-GPC": "1"}, {"DNT": "1"}, {"Sec-Fetch-Site": "cross-site"}):
        assert tell(client, **refused) == 0
    assert client.post("/visits/", {"page": "pricing"}, headers={"Origin": "https://evil.example"}).status_code == 204
    assert tell(client, page="secrets") == 0
    assert tell(client) == 1
    assert tell(client) == 1, "the same visit"
    assert client.post("/visits/", {"page": "seats"}, headers={"Origin": "http://testserver"}).status_code == 204
    found = Visit.objects.get(page="pricing")
    assert (found.user, found.organization, found.mail_domain) == (None, None, "")
    client.force_login(cast.admin)
    assert tell(client, page="plan") == 2, "staff are nobody's visitors"
    assert client.cookies["visits"].value == cookie.value
    choose(client, "no")
    assert not Visit.objects.exists()


def test_somebody_signed_in_counts_for_company_and_verified_domain(client, cast, django_assert_max_num_queries):
    choose(client, "yes")
    client.force_login(cast.owner)
    with django_assert_max_num_queries(10):
        tell(client)
    found = Visit.objects.get()
    assert (found.user, found.organization, found.mail_domain) == (cast.owner, cast.acme, "acme.example")
    cast.owner.emailaddress_set.update(verified=False)
    tell(client, page="seats")
    assert Visit.objects.get(page="seats").mail_domain == ""


def test_one_network_tells_of_so_many_an_hour(client):
    cache.clear()
    factories.rule("telemetry.visits_per_hour_and_network", 1)
    choose(client, "yes")
    tell(client)
    assert tell(client, page="seats") == 1


def test_old_ones_go_and_those_of_a_person_who_leaves(client, cast):
    now = clock.now()
    for days, visitor, user in ((91, "old", None), (89, "kept", None), (1, "hers", cast.member), (2, "hers", None)):
        at = now - timedelta(days=days)
        visits.note(visitor=visitor, page="pricing", user=user, organization=None, at=at)
    assert visits.forget_past(now) == 1
    departures.delete_account(user=cast.member, origin=Origin.system(), at=now)
    assert list(Visit.objects.values_list("visitor", flat=True)) == ["kept"], "signed out, she was the same browser"


def test_the_choice_can_be_taken_back_on_the_privacy_notice_and_is_asked_on_prices_alone(on_sale, client, cast):
    assert "May we remember" in client.get("/pricing/").content.decode()
    privacy = client.get("/legal/privacy/").content.decode()
    assert "always" in privacy
    assert "<strong>Visits</strong>" in privacy
    client.force_login(cast.owner)
    quotes = client.get("/quotes/").content.decode()
    assert 'page="quote"' in quotes
    assert "May we remember" not in quotes
