"""The pictures of the README's tour, taken from the demo company into docs/pictures/: `bin/test tests/journeys/pictures.py`.

Not collected with the suite: it writes into the tree.
"""

from pathlib import Path

from django.conf import settings

from tests.journeys.conftest import DESKTOP, listen

PASSWORD = "fieldnote-demo"
# name, who looks (None: anybody), address, what the page has to say
PICTURES = [
    ("pricing", None, "/pricing/?seats=12", "Recommended"),
    ("home", "olive@acme.example", "/", "What happens next"),
    ("seats", "olive@acme.example", "/seats/?seats=15", "Charged"),
    ("admin", "admin@fieldnote.example", "/admin/billing/subscription/", "Acme Roofing"),
]


def sign_in(page, email, address):
    page.goto(f"/account/login/?next={address}")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def test_the_pictures_of_the_tour(browser, store_url):
    folder = Path(settings.ROOT) / "docs" / "pictures"
    for name, who, address, says in PICTURES:
        context = browser.new_context(base_url=store_url, locale="en-US", **DESKTOP)
        page = context.new_page()
        trouble = listen(page)
        if who:
            sign_in(page, who, address)
        page.goto(address)
        page.get_by_text(says).first.wait_for()
        page.screenshot(path=folder / f"{name}.png")
        assert (folder / f"{name}.png").stat().st_size > 10_000
        assert not trouble, trouble
        context.close()
