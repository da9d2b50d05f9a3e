"""Every page of the running demo that visitors, customers and staff see, looked at in four ways (tests/journeys/looking.py).

tests/journeys/test_every_state.py looks at those that need a link out of a mail, or something to have happened.
tests/house/test_looks.py holds that no page is forgotten.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.journeys import looking
from tests.journeys.conftest import listen
from tests.journeys.looking import Looker

FOLDER = Path(settings.ROOT) / "artifacts" / "pages"
PASSWORD = "fieldnote-demo"
# What the browser's console says of a page whose answer is not 200, and of nothing else.
ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (401|404|410)")
CART = "/cart/new/?plan=fieldnote/team&seats=5&interval=month&currency=usd"

NEWEST_MAIL = "the newest"
FIRST_CASE = "the first at the desk"

# name of the picture: (URL name, address)
VISITOR = {
    "pricing": ("storefront:pricing", "/pricing/?seats=12"),
    "cart-of-nothing": ("storefront:cart", "/cart/"),
    "cart-of-a-visitor": ("storefront:cart_new", CART),
    "talk": ("storefront:talk", "/talk/"),
    "terms": ("storefront:legal", "/legal/terms/"),
    "link-of-a-mail-too-old": ("storefront:invitation", "/invitations/never-given-out/"),
    "entry-too-old": ("storefront:entry", f"/entry/{'a' * 43}/"),
    "sign-in": ("account_login", "/account/login/"),
    "sign-up": ("account_signup", "/account/signup/"),
    "sign-in-by-code": ("account_request_login_code", "/account/login/code/"),
    "password-forgotten": ("account_reset_password", "/account/password/reset/"),
    "password-forgotten-sent": ("account_reset_password_done", "/account/password/reset/done/"),
    "password-link-too-old": ("account_reset_password_from_key", "/account/password/reset/key/1-x-y/"),
    "password-reset": ("account_reset_password_from_key_done", "/account/password/reset/key/done/"),
    "sign-in-elsewhere-ended": ("socialaccount_login_cancelled", "/account/connections/login/cancelled/"),
    "sign-in-elsewhere-failed": ("socialaccount_login_error", "/account/connections/login/error/"),
    "account-closed": ("account_inactive", "/account/inactive/"),
    "not-found": ("-", "/nowhere/"),
    "mailbox": ("mailbox", "/demo/mailbox/"),
    "mailbox-mail": ("mailbox_mail", NEWEST_MAIL),
    "components": ("storefront:components", "/demo/components/"),
}
OWNER = {
    "home": ("storefront:home", "/"),
    "seats": ("storefront:seats", "/seats/?seats=15"),
    "team": ("storefront:team", "/team/"),
    "team-leaving": ("storefront:team_leaving", "/team/leaving/"),
    "ownership": ("storefront:ownership", "/team/ownership/"),
    "invoices": ("storefront:invoices", "/invoices/"),
    "payment-method": ("storefront:payment_method", "/payment-method/"),
    "cancellation": ("storefront:cancellation", "/subscription/cancellation/"),
    "ending": ("storefront:ending", "/subscription/ending/"),
    "pause": ("storefront:pause", "/subscription/pause/"),
    "promotion": ("storefront:promotion", "/subscription/promotion/"),
    "settings": ("storefront:organization_settings", "/settings/organization/"),
    "settings-billing": ("storefront:billing_details", "/settings/billing/"),
    "settings-people": ("storefront:people_settings", "/settings/people/"),
    "settings-mails": ("storefront:mail_preferences", "/settings/mails/"),
    "settings-api-keys": ("storefront:api_keys", "/settings/api-keys/"),
    "settings-webhooks": ("storefront:webhooks", "/settings/webhooks/"),
    "settings-closure": ("storefront:organization_closure", "/settings/closure/"),
    "organization-new": ("storefront:organization_new", "/organizations/new/"),
    "account-deletion": ("storefront:account_deletion", "/account/deletion/"),
    "account-addresses": ("account_email", "/account/email/"),
    "account-password": ("account_change_password", "/account/password/change/"),
    "account-sessions": ("usersessions_list", "/account/sessions/"),
    "account-connections": ("socialaccount_connections", "/account/connections/"),
    "second-factors": ("mfa_index", "/account/second-factor/"),
    "sign-out": ("account_logout", "/account/logout/"),
}
# Whose subscription's payment failed; whose cart waits; who has a seat and decides nothing.
OTHERS = {
    "greta@globex.example": {
        "past-due-home": ("storefront:home", "/"),
        "past-due-seats": ("storefront:seats", "/seats/"),
        "past-due-invoices": ("storefront:invoices", "/invoices/"),
    },
    "nora@initech.example": {
        "empty-home": ("storefront:home", "/"),
        "empty-seats": ("storefront:seats", "/seats/"),
        "empty-invoices": ("storefront:invoices", "/invoices/"),
        "empty-team": ("storefront:team", "/team/"),
        "empty-payment-method": ("storefront:payment_method", "/payment-method/"),
        "cart": ("storefront:cart", "/cart/"),
    },
    "mia@acme.example": {"member-home": ("storefront:home", "/")},
    "rep@fieldnote.example": {
        "desk": ("offramps:desk", "/desk/"),
        "case": ("offramps:case", FIRST_CASE),
        "deal-customers": ("offramps:deal_customers", "/desk/customers/?q=a"),
    },
    "manager@fieldnote.example": {
        "board": ("offramps:board", "/desk/board/"),
        "credit": ("offramps:credit", "/desk/credit/"),
        "approvals": ("offramps:approvals", "/desk/approvals/"),
        "budgets": ("offramps:budgets", "/desk/budgets/"),
    },
    # Staff: a list. A row and the acts on it: test_every_state.py; one page of each kind, and lists on a phone: test_admin.py.
    "admin@fieldnote.example": {
        "admin": ("-", "/admin/"),
        "admin-organizations": ("-", "/admin/accounts/organization/"),
    },
}
LISTED = {name for pages in (VISITOR, OWNER, *OTHERS.values()) for name, _address in pages.values()} - {"-"}


@pytest.fixture
def folder():
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER


@pytest.fixture
def window(browser, store_url):
    """window(who): a page of somebody's own, or of nobody in particular."""
    contexts = []

    def open_window(who=None):
        context = browser.new_context(base_url=store_url, locale="en-US")
        contexts.append(context)
        if who:
            sign_in(context, who)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def walk(window, folder):
    """walk(pages, who): look at pages as somebody; what is wrong with them, in words."""

    def walk(pages, who=None):
        page = window(who)
        trouble = listen(page)
        looker = Looker(page, folder)
        for name, (_name, address) in pages.items():
            found = FOUND.get(address, lambda _context, known=address: known)
            trouble += looker.look(found(page.context), name)
        return "\n".join(said for said in trouble if not ANSWERED.search(said))

    return walk


def _newest_mail(context):
    """The address of the mail that the demo's mailbox has on top."""
    listing = context.request.get("/demo/mailbox/").text()
    return re.search(r'href="(/demo/mailbox/[^"/]+/)"', listing)[1]


def _first_case(context):
    return re.search(r'href="(/desk/cases/[^"]+)"', context.request.get("/desk/").text())[1]


FOUND = {NEWEST_MAIL: _newest_mail, FIRST_CASE: _first_case}


def sign_in(context, who):
    """By the form, without drawing it."""
    page = context.request.get("/account/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text())[1]
    form = {"csrfmiddlewaretoken": token, "login": who, "password": PASSWORD}
    answer = context.request.post("/account/login/", form=form, headers={"Referer": page.url})
    assert "login" not in answer.url, f"{who} was not signed in"


def test_pages_for_everybody(walk):
    assert not walk(VISITOR)


def test_pages_of_an_owner(walk):
    assert not walk(OWNER, "olive@acme.example")


@pytest.mark.parametrize("who", OTHERS)
def test_pages_of(who, walk):
    assert not walk(OTHERS[who], who)


# --- On paper, and on a slow line ---------------------------------------------------------------------------------------

PAPER = {"width": 718, "height": 1047}  # A4 within its margins, in CSS pixels
NOT_ON_PAPER = ".site-header, .site-footer, .focus__bar, .sandbox, .messages, .button, .segmented"
PRINTED = f"[...document.querySelectorAll('{NOT_ON_PAPER}')].filter(it => it.checkVisibility()).map(it => it.className)"
# What runs before the first paint is awaited like a stylesheet.
LATE = re.compile(r"\.js$|\.js\?|htmx")


def test_on_paper_stands_what_one_came_for(window, folder):
    page = window("olive@acme.example")
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    for name, address in (("invoices", "/invoices/"), ("home", "/"), ("terms", "/legal/terms/")):
        page.goto(address)
        assert page.evaluate(PRINTED) == [], name
        assert not page.evaluate(looking.TOO_WIDE), name
        assert page.evaluate("getComputedStyle(document.querySelector('tr, li')).breakInside") == "avoid", name
        page.screenshot(path=folder / f"{name}-paper.jpg", type="jpeg", quality=60, scale="css", full_page=True)


@pytest.mark.parametrize("address", ["/pricing/", "/seats/"])
def test_usable_while_its_scripts_are_on_their_way(window, address):
    """Nothing waits for htmx and the rest, which never come here; a number is typed and sent, and the price is there."""
    page = window("olive@acme.example")
    page.route(LATE, lambda route: None if "theme" not in route.request.url else route.continue_())
    page.goto(address, wait_until="commit")
    field = page.locator("main input[name=seats][type=number]").first
    field.fill("17")
    field.press("Enter")
    page.wait_for_url(re.compile(r"[?&]seats=17\b"), wait_until="commit")
    page.get_by_text("17 seats" if address == "/pricing/" else re.compile(r"\d+ more seats")).first.wait_for()
