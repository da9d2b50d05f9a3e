"""The pictures of the README's tour, taken from the demo company. WRITE_PICTURES=1 puts them into docs/pictures/."""

import os
from pathlib import Path

import pytest
from django.conf import settings

from tests.journeys.conftest import ARTIFACTS, DESKTOP

FOLDER = Path(settings.ROOT) / "docs" / "pictures" if os.environ.get("WRITE_PICTURES") == "1" else ARTIFACTS / "pictures"
PASSWORD = "fieldnote-demo"
# name, who looks (None: anybody), address, what the page has to say
PICTURES = [
    ("pricing", None, "/pricing/?seats=12", "Recommended"),
    ("home", "olive@acme.example", "/", "What happens next"),
    ("seats", "olive@acme.example", "/seats/?seats=15", "Due now"),
    ("admin", "admin@fieldnote.example", "/admin/billing/subscription/", "Acme Roofing"),
]


def sign_in(page, email):
    page.goto("/account/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


@pytest.mark.parametrize(("name", "who", "address", "says"), PICTURES, ids=[picture[0] for picture in PICTURES])
def test_a_picture_of(visit, name, who, address, says):
    page = visit(DESKTOP, locale="en-US")
    if who:
        sign_in(page, who)
    page.goto(address)
    page.get_by_text(says).first.wait_for()
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png")
    assert (FOLDER / f"{name}.png").stat().st_size > 10_000
