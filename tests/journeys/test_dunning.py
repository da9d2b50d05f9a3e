"""A card that fails, in a real browser: the banner, read-only, and put right by the mail's link without an account."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import DESKTOP, PHONE

ENGLISH = {"locale": "en-US"}
FAILS_LATER = "4000 0000 0000 0341"


def pay_what_is_overdue(buyer):
    """The invoice that was not paid by its date, by a bank transfer on its page."""
    page, overdue = buyer.page, "$160.00 is overdue: invoice"
    assert buyer.sees("/", lambda page: page.get_by_text(overdue))
    buyer.shoot(page, "overdue")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Pay $160.00").click()
    transfer = opened.value.get_by_role("button", name="Let the transfer arrive")
    transfer.click()
    transfer.wait_for(state="detached")
    opened.value.close()
    assert buyer.sees("/", lambda page: page.get_by_text(overdue), gone=True)


def test_a_failed_card_is_put_right_by_the_link_of_the_mail(visit, shoot):
    page = visit(DESKTOP, **ENGLISH)
    buyer, slow = Buyer(page, shoot), Buyer(visit(DESKTOP, **ENGLISH), shoot)
    slow.arrive("fieldnote/team", 10, employees="100-499")
    slow.buy_on_invoice()  # due when the other's card fails
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out()
    buyer.is_in()
    page.goto("/payment-method/")
    page.locator('form[action="/payment-method/"] button').click()
    buyer.pay(FAILS_LATER)
    page.get_by_text("The new card is in use from now on.").wait_for()

    buyer.move_time("renewal")
    page.goto("/")
    page.get_by_text("$160.00 could not be charged").wait_for()
    shoot(page, "failed-home")
    link = re.search(r"/missing-payments/[\w:.=-]+/", buyer.mail(subject="could not be charged"))[0]

    buyer.move_time("week")
    pay_what_is_overdue(slow)
    for move in ("week", "day", "day", "day"):  # read-only on day 14, or on the Monday after it
        buyer.move_time(move)
        page.goto("/")
        if page.get_by_text("Team is read-only: a payment is missing").count():
            break
    page.get_by_text("Team is read-only: a payment is missing").wait_for()
    shoot(page, "read-only-home")

    stranger = visit(PHONE, locale="en-US")  # whoever holds the card: no account, another browser
    stranger.goto(link)
    stranger.get_by_role("heading", name="$160.00 is missing").wait_for()
    shoot(stranger, "missing-payment")
    stranger.get_by_role("button", name="Change the card").click()
    Buyer(stranger, shoot).pay()
    stranger.get_by_role("heading", name="Nothing is missing any more").wait_for()
    shoot(stranger, "settled")

    page.goto("/")
    page.get_by_role("link", name="Invite people").wait_for()
    assert not page.get_by_text("a payment is missing").count()
