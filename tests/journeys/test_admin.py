"""Every page of the admin in a real browser: no failed script, no refusal of the content security policy, no lost resource."""

import re
from urllib.parse import urljoin, urlsplit

from tests.journeys.conftest import PHONE, listen

STAFF = ("admin@fieldnote.example", "fieldnote-demo")
# Rows' pages differ by model only in their fields; these carry something of their own. tests/house reads all of them.
WITH_ROWS = (
    *("accounts/organization", "accounts/user", "billing/subscription", "billing/stripecommand", "billing/inboxevent"),
    *("billing/plan", "billing/invoice"),
)


def sign_in(page, address="/admin/"):
    page.goto(f"/account/login/?next={address}")
    page.fill("input[name=login]", STAFF[0])
    page.fill("input[name=password]", STAFF[1])
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)


def below_admin(page):
    """Paths of the admin's pages linked from this one; of rows' pages one for each model of WITH_ROWS."""
    found = {}
    for href in page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))"):
        url = urlsplit(urljoin(page.url, href))
        kind = re.sub(r"/[^/]+/(change|history)/$", r"/*/\1/", url.path)
        is_wanted = "*" not in kind or kind.removeprefix("/admin/").partition("/*")[0] in WITH_ROWS
        if url.path.startswith("/admin/") and "logout" not in url.path and is_wanted and "//" not in href:
            found.setdefault(kind, url.path)
    return found


def test_every_page_of_the_admin_runs_clean(visit):
    page = visit()
    trouble = listen(page)
    sign_in(page)
    waiting, seen = {"/admin/": "/admin/", "password": "/admin/password_change/"}, set()
    while new := {kind: path for kind, path in waiting.items() if kind not in seen}:
        kind, path = next(iter(new.items()))
        seen.add(kind)
        answer = page.goto(path)
        assert answer.status == 200, path
        waiting |= below_admin(page)
    assert not trouble, trouble
    for kind in (
        "/admin/accounts/organization/*/change/",
        "/admin/billing/subscription/*/change/",
        "/admin/accounts/policy/add/",
    ):
        assert kind in seen
    assert not any(kind.startswith("/admin/django_celery_beat/") and kind.endswith("/add/") for kind in seen)


def test_nothing_is_wider_than_a_phone(visit, shoot):
    page = visit(PHONE)
    trouble = listen(page)
    sign_in(page)
    lists = ("accounts/organization", "billing/subscription", "billing/stripecommand", "billing/inboxevent", "accounts/policy")
    for path in ("/admin/", *(f"/admin/{name}/" for name in lists)):
        page.goto(path)
        shoot(page, path.strip("/").replace("/", "-"))
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, path
    assert not trouble, trouble
