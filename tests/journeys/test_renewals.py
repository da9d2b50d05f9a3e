"""A renewal in a real browser: announced with its amount, looked at from the mail, charged with exactly that."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import DESKTOP


def test_announced_looked_at_and_charged_as_it_was_said(visit, shoot):
    page = visit(DESKTOP, locale="en-US")
    buyer = Buyer(page, shoot)
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out()
    buyer.is_in()

    page.goto("/subscription/plan/?line=fieldnote&plan=team&interval=year&when=later")
    page.get_by_role("button", name=re.compile("Change to Team on")).click()
    page.get_by_text("You can take it back until then.").wait_for()
    for _week in range(4):
        buyer.move_time("week")
    said = buyer.mail(subject="Team renews")
    amount = re.search(r"\$[\d,]+\.\d\d", said)[0]
    path = re.search(r"/subscription/renewal/\?line=\w+", said)[0]

    page.goto(path)
    page.get_by_role("heading", name=re.compile("It renews on")).wait_for()
    assert amount in page.locator(".receipt__total dd").inner_text()
    page.get_by_role("switch", name="Renews by itself").click()
    page.wait_for_url("**/subscription/cancellation/**")  # asked for a reason first, as whoever cancels
    buyer.move_time("renewal")
    assert buyer.has_invoice(amount)
