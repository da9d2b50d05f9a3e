"""Every kind of page of the admin in a real browser: no failed script, no refusal of the content security policy, no lost
resource. tests/house/test_admin.py reads the pages of all models, and finds no inline script."""

from tests.journeys.conftest import PHONE, listen

STAFF = ("admin@fieldnote.example", "fieldnote-demo")
# Lists and rows differ by model only in their columns and fields; these carry something of their own.
OWN = {
    *("accounts/organization", "accounts/user", "accounts/policy", "accounts/outgoingmail", "accounts/journal"),
    *("billing/subscription", "billing/stripecommand", "billing/inboxevent", "billing/plan", "billing/invoice"),
    *("billing/difference", "offramps/handraise", "django_celery_beat/periodictask"),
}
LINKS = """() => [...new Set([...document.querySelectorAll("a[href]")]
    .filter(link => link.origin === location.origin && link.pathname.startsWith("/admin/")).map(link => link.pathname))]"""


def sign_in(page, address="/admin/"):
    page.goto(f"/account/login/?next={address}")
    page.fill("input[name=login]", STAFF[0])
    page.fill("input[name=password]", STAFF[1])
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)


def kind_of(path):
    """What a page is: one list, row, history or app stands for all others that have nothing of their own."""
    match path.strip("/").split("/")[1:]:
        case ["logout"]:
            return None
        case [_app] if path != "/admin/password_change/":
            return "app"
        case [app, model] if f"{app}/{model}" not in OWN:
            return "list"
        case [app, model, _, "change"]:
            return f"{app}/{model} row" if f"{app}/{model}" in OWN else "row"
        case [_app, _model, _, "history"]:
            return "history"
    return path


def test_every_kind_of_page_of_the_admin_runs_clean(visit):
    page = visit()
    trouble = listen(page)
    sign_in(page)
    waiting, seen = {"/admin/": "/admin/", "/admin/password_change/": "/admin/password_change/"}, {None}
    while new := [kind for kind in waiting if kind not in seen]:
        seen.add(new[0])
        path = waiting[new[0]]
        assert page.goto(path).status == 200, path
        for found in page.evaluate(LINKS):
            waiting.setdefault(kind_of(found), found)
    assert not trouble, trouble
    assert {"accounts/organization row", "billing/subscription row", "/admin/accounts/policy/add/", "list", "history"} <= seen
    assert "/admin/django_celery_beat/periodictask/" in seen
    assert not any(path.startswith("/admin/django_celery_beat/") and path.endswith("/add/") for path in waiting.values())


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
