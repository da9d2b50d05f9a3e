"""Each change of a running subscription, on and off again, in a real browser: had for what was shown, or taken back."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import PHONE

MONEY = re.compile(r"\$[\d,]+\.\d\d")


def be_seen(page):
    """The owner at work: the company's own program asks what they may use."""
    page.goto("/settings/api-keys/")
    page.locator("input[name=name]").fill("Product")
    for box in page.locator("input[name=scopes]").all():
        box.check()
    page.get_by_role("button", name="Create key").click()
    asked = {"Authorization": f"Bearer {page.locator('#key-text').inner_text()}"}
    members = page.context.request.get("/api/v1/members", headers=asked).json()["data"]
    answer = page.context.request.get(f"/api/v1/entitlements?member={members[0]['id']}", headers=asked)
    assert answer.ok, answer.text()


def take_back(page, coming):
    """What waits for the renewal, as the home page says it."""
    page.goto("/")
    page.get_by_text(coming).first.wait_for()
    page.get_by_role("button", name="Undo this change").click()
    page.wait_for_load_state()
    assert not page.get_by_role("button", name="Undo this change").count()


def test_what_is_added_is_paid_as_shown_and_what_waits_is_taken_back(visit, shoot):
    buyer = bought(visit, shoot)
    page = buyer.page

    # An add-on: had now, given back with the period, kept after all.
    page.goto("/seats/")
    page.locator(".addon").first.get_by_role("button", name="See what it costs").click()
    shown = page.locator(".receipt__total dd").inner_text()
    shoot(page, "addon")
    page.locator(".receipt form .button[data-kind=primary]").first.click()
    page.wait_for_load_state()
    assert buyer.has_invoice(shown)
    page.goto("/seats/")
    page.get_by_role("button", name=re.compile("Give it back on")).click()
    page.get_by_role("button", name="Keep it after all").click()
    page.get_by_role("button", name=re.compile("Give it back on")).wait_for()

    # As many seats as are used, by one click on the renewal's page, and fewer by hand: each taken back.
    be_seen(page)
    page.goto("/subscription/renewal/?line=fieldnote")
    page.get_by_role("button", name=re.compile(r"Renew with 3 seats for \$")).click()
    page.wait_for_load_state()
    take_back(page, "3 seats")
    buyer.ask_for(8, when="renewal")
    buyer.confirm()
    take_back(page, "8 seats")

    # Seats that come by themselves once all are in use, taken back.
    page.goto("/seats/expansion/")
    page.get_by_label("Add seats by themselves").check()
    for name, value in (("step", "2"), ("most", "12"), ("budget", "100")):
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    buyer.invite(*(f"crew{number}" for number in range(9)))
    said = buyer.mail(subject="2 seats added by themselves for")
    assert buyer.has_invoice(MONEY.search(said)[0])
    page.goto(re.search(r"/seats/expansion/[\w-]+/undo/", said)[0])
    shown = MONEY.search(page.locator("main").inner_text())[0]
    page.get_by_role("button", name="Take back 2 seats").click()
    page.wait_for_load_state()
    assert buyer.has_seats(10)
    assert buyer.sees("/payment-method/", lambda page: page.get_by_text(shown, exact=True)), "as credit"


def test_a_year_a_month_again_an_end_and_none_after_all(visit, shoot):
    buyer = bought(visit, shoot)
    page = buyer.page
    page.goto("/subscription/plan/?line=fieldnote&plan=team&interval=year")
    button = page.get_by_role("button", name=re.compile(r"Pay \$[\d,.]+ for a year of Team"))
    shown = MONEY.search(button.inner_text())[0]
    button.click()
    page.get_by_text(f"You have Team for a year now. {shown} paid.").wait_for()
    assert buyer.has_invoice(shown)

    page.goto("/subscription/plan/?line=fieldnote&plan=team&interval=month")
    page.get_by_role("button", name=re.compile("Change to .*on")).click()
    page.get_by_text("You can take it back until then.").wait_for()
    shoot(page, "month-coming")
    page.get_by_role("button", name="Undo this change").click()
    page.get_by_text("You keep Team as it is.").wait_for()

    page.goto("/")
    page.get_by_role("link", name="Cancel the subscription").click()
    page.get_by_label("Another reason").check()
    page.get_by_role("button", name=re.compile("End it on")).click()
    page.wait_for_load_state()
    page.goto("/subscription/cancellation/")
    page.get_by_role("heading", name=re.compile("Your subscription ends")).wait_for()
    shoot(page, "ending")
    page.get_by_role("button", name="Keep the subscription").click()
    page.wait_for_load_state()
    assert buyer.sees("/", lambda page: page.get_by_role("link", name="Cancel the subscription"))


def bought(visit, shoot):
    buyer = Buyer(visit(PHONE, locale="en-US"), shoot)
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out()
    buyer.is_in()
    return buyer
