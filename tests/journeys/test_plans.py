"""Another plan in a real browser: a larger one paid for as shown, a smaller one from the next period on, kept, then a year."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import PHONE


def test_up_now_down_later_kept_after_all_and_a_year_now(visit, shoot):
    page = visit(PHONE, locale="en-US")
    buyer = Buyer(page, shoot)
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out()
    buyer.is_in()

    page.goto("/")
    page.get_by_role("link", name="Change the plan").click()
    page.get_by_role("link", name="See what Business costs").click()
    button = page.get_by_role("button", name=re.compile(r"Pay \$[\d.]+ and change to Business"))
    shown = re.search(r"\$[\d.]+", button.inner_text())[0]
    shoot(page, "plan-now")
    button.click()
    page.get_by_text(f"You have Business now. {shown} paid.").wait_for()
    page.get_by_role("heading", name="Business, 10 seats").wait_for()
    assert buyer.has_invoice(shown)

    page.goto("/subscription/plan/")
    page.get_by_role("link", name="See what Team costs").click()
    shoot(page, "plan-later")
    page.get_by_role("button", name=re.compile("Change to Team on")).click()
    page.get_by_text("You can take it back until then.").wait_for()
    page.get_by_text("Team, paid monthly").wait_for()
    shoot(page, "plan-coming")
    page.get_by_role("button", name="Undo this change").click()
    page.get_by_text("You keep Business as it is.").wait_for()

    page.goto("/subscription/plan/?interval=year")
    page.get_by_role("link", name="See what Business costs").click()
    page.get_by_role("link", name=re.compile("Let it begin on")).wait_for()
    button = page.get_by_role("button", name=re.compile(r"Pay \$[\d,.]+ for a year of Business"))
    shown = re.search(r"\$[\d,.]+", button.inner_text())[0]
    shoot(page, "plan-year")
    button.click()
    page.get_by_text(f"You have Business for a year now. {shown} paid.").wait_for()
    assert buyer.has_invoice(shown)
