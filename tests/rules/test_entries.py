"""Where an entry may lead, and where back to."""

import pytest

from accounts.rules import entries

ALLOWED = ("https://app.example/", "http://127.0.0.1:8200")


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"page": "home"}, "/"),
        ({"page": "invoices"}, "/invoices/"),
        ({"page": "home", "seats": 12}, "/seats/?seats=12"),
        ({"page": "seats", "seats": 12}, "/seats/?seats=12"),
        ({"page": "team", "seats": 12}, "/team/"),
        ({"page": "home", "plan": "fieldnote/team", "seats": 3}, "/cart/new/?plan=fieldnote%2Fteam&seats=3"),
        ({"page": "home", "plan": "fieldnote/team", "interval": "year"}, "/cart/new/?plan=fieldnote%2Fteam&interval=year"),
    ],
)
def test_a_page_becomes_a_path_of_the_store(asked, path):
    page = asked.pop("page")
    assert entries.path(page, **asked) == path


def test_an_unknown_page_is_refused():
    with pytest.raises(KeyError):
        entries.path("https://evil.example/")


@pytest.mark.parametrize(
    "url", ["https://app.example", "https://APP.example/team?tab=1", "https://app.example:443/x", "http://127.0.0.1:8200/back"]
)
def test_an_address_of_the_product_is_a_way_back(url):
    assert entries.may_return(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://app.example/",
        "https://app.example.evil.example/",
        "https://app.example@evil.example/",
        "https://user@app.example/",
        "https://app.example:8443/",
        "//app.example/",
        "javascript:alert(1)",
        "https:\\\\app.example",
        "https://app.example/\nx",
        "https://[",
        "https://app.example:port/",
        "/team/",
    ],
)
def test_anything_else_is_none(url):
    assert not entries.may_return(url, ALLOWED)
