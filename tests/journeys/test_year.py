"""A year of a customer's life from the SANDBOX bar, in a real browser. The last journey: the time goes on without it."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import DESKTOP


def test_a_year_passes_month_by_month_with_what_happens_in_each(visit, shoot):
    page = visit(DESKTOP, locale="en-US")
    buyer = Buyer(page, shoot)
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out()
    buyer.is_in()
    page.goto("/")
    page.get_by_role("button", name="A year in a minute").click()
    page.get_by_role("heading", name="A year passes").wait_for()
    months = page.locator(".moving__months li")
    months.filter(has_text="$160.00 paid").first.wait_for()  # its renewal
    shoot(page, "a-year")
    share = page.locator(".moving__now").get_by_text(re.compile(r"[1-9]\d?%"))
    share.wait_for()
    page.goto("/demo/clock/")  # one may leave the page and look again: it goes on
    page.get_by_role("heading", name="A year passes").wait_for()
