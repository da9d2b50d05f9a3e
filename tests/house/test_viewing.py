"""What staff see who look as a customer: exactly what the customer sees, on every page of the matrix; all else is refused."""

import re

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from tests.house import asking
from tests.house.test_access_matrix import PAGES

NOW = re.compile(r' datetime="[^"]+"')
BANNER = re.compile(r'(<div hx-swap-oob="afterbegin:body">\s*)?<aside class="viewing".*?</aside>\s*(</div>)?', re.DOTALL)
ASKS_STRIPE = {"storefront:seat_preview", "storefront:checkout_attempt", "storefront:payment_method"}
# What a browser of one's own brings along, and what everybody reaches who looks.
OWN = {"viewing", "viewing_end", "account_logout"}


def signed_in(user):
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def look(cast):
    client = signed_in(cast.staff_member("support"))
    url = reverse("admin:accounts_organization_viewing", args=[cast.acme.pk])
    assert client.post(url, {"reason": "The seats page shows a wrong number"}).status_code == 302
    return client


def _visible(response):
    """A page without what is each browser's own, or who looks at whom."""
    if response.status_code != 200:
        return response.headers.get("Location")
    text = NOW.sub("", BANNER.sub("", response.content.decode()))
    own = ("csrf", "X-CSRFToken", 'name="nonce"')
    return [line.strip() for line in text.splitlines() if line.strip() and not any(mark in line for mark in own)]


def test_the_viewer_sees_what_the_owner_sees(world):
    """Word for word, on every page; none of them writes anything of the customer's."""
    owner, viewer = signed_in(world.cast.owner), look(world.cast)
    for name in sorted(settings.VIEWING["pages"] - ASKS_STRIPE):
        url = reverse(name, args=world.args.get(name, []))
        expected = owner.get(url)
        before = asking.written()
        seen = viewer.get(url)
        assert [table for table, count in asking.written().items() if count != before[table]] == [], name
        assert seen.status_code == expected.status_code, name
        differing = [pair for pair in zip(_visible(seen), _visible(expected), strict=True) if pair[0] != pair[1]]
        assert not differing, (name, differing)


def test_the_viewer_is_refused_everything_else(world):
    """Every address of the store that is not looked at, and every unsafe method on every address: nothing changes."""
    viewer = look(world.cast)
    for name, (methods, _letters) in PAGES.items():
        if name in settings.VIEWING["open"] | OWN or name.startswith("v1:"):
            continue
        url = reverse(name, args=world.args.get(name, []))
        for method in {m.rstrip("!") for m in methods.split()} - ({"GET"} if name in settings.VIEWING["pages"] else set()):
            with transaction.atomic():
                before = asking.written()
                answer = getattr(viewer, method.lower())(url)
                changed = [table for table, count in asking.written().items() if count != before[table]]
                transaction.set_rollback(True)
            if answer.status_code != 404:  # to Google or Microsoft, of which this store has neither
                assert answer.status_code == 403, (method, name)
                assert "You are only looking" in answer.content.decode(), (method, name)
            assert not changed, (method, name)


def test_every_page_of_the_list_is_there():
    assert settings.VIEWING["pages"] | settings.VIEWING["open"] <= set(asking.names(get_resolver()))


@pytest.mark.usefixtures("kept")
def test_a_page_costs_no_query_more_than_the_owners(world):
    counts = []
    for client in (signed_in(world.cast.owner), look(world.cast)):
        client.get(reverse("storefront:seats"))
        with CaptureQueriesContext(connection) as made:
            assert client.get(reverse("storefront:seats")).status_code == 200
        counts.append(len(made))
    assert counts[1] <= counts[0]
