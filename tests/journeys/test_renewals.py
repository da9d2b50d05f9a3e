"""A renewal in a real browser: announced with its amount, looked at from the mail, charged with exactly that."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import DESKTOP, PHONE

POOR_IBAN = "DE65 3704 0044 0002 2222 27"  # its debits fail after five working days


def says(buyer, words):
    buyer.page.goto("/")
    buyer.page.get_by_text(words).wait_for()
    buyer.shoot(buyer.page, words[-10:])


def test_announced_looked_at_and_charged_as_it_was_said(visit, shoot):
    page = visit(DESKTOP, locale="en-US")
    buyer = Buyer(page, shoot)
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out()
    buyer.is_in()

    page.goto("/subscription/plan/?line=fieldnote&plan=team&interval=year&when=later")
    page.get_by_role("button", name=re.compile("Change to Team on")).click()
    page.get_by_text("You can take it back until then.").wait_for()
    other = Buyer(visit(PHONE, locale="en-US"), shoot)
    other.arrive("fieldnote/team", 10, country="DE", currency="eur")
    other.buy_by_debit(POOR_IBAN)
    assert other.has_invoice("€178.50")
    says(other, "€178.50 is being debited from your bank account")
    buyer.move_time("week")
    says(other, "€178.50 could not be debited")
    for _week in range(3):
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
