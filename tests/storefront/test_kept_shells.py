"""The frame of signed-in pages, kept in memory: what changes shows at once, and nobody is shown another's."""

import re

import pytest

from storefront import shells

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture
def signed_in(client, cast):
    client.force_login(cast.owner)
    return client


def header(client):
    html = client.get("/team/").content.decode()
    return html[html.index("<header") : html.index("</header>")]


def test_a_new_name_shows_on_the_next_page(signed_in, cast):
    assert cast.owner.name in header(signed_in)
    cast.owner.name = "Olga <Owner>"
    cast.owner.save(update_fields=["name"])
    assert "Olga &lt;Owner&gt;" in header(signed_in)
    cast.acme.name = "Acme & Sons"
    cast.acme.save(update_fields=["name"])
    assert "Acme &amp; Sons" in header(signed_in)


def test_each_sees_their_own_header(client, cast):
    client.force_login(cast.owner)
    assert cast.owner.email in header(client)
    client.force_login(cast.billing_admin)
    shown = header(client)
    assert cast.billing_admin.email in shown
    assert cast.owner.email not in shown


def test_a_kept_text_holds_the_requests_own_token(signed_in):
    first, second = (set(TOKEN.findall(signed_in.get("/team/").content.decode())) for _ in range(2))
    assert len(first) == len(second) == 1
    assert first != second
    assert shells.TOKEN not in signed_in.get("/team/").content.decode()


def test_the_language_decides(signed_in):
    assert "Sign out" in header(signed_in)
    signed_in.cookies["django_language"] = "de"
    assert "Abmelden" in header(signed_in)
    assert "Sign out" not in header(signed_in)
