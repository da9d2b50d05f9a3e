"""Paying like a business in a real browser: on an invoice with terms, and by quotes that others accept."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import DESKTOP

ENGLISH = {"locale": "en-US"}


def draw(page, approver):
    """Of what is shown, a quote that is issued; its link."""
    page.get_by_role("button", name="Get a quote").click()
    page.locator("input[name=approver_email]").fill(approver)
    page.get_by_role("button", name="Issue the quote").click()
    return page.locator(".quotes__link").inner_text().strip()


def accept(page, link, button, way="invoice"):
    """As somebody who has the link alone; the amount that they said yes to."""
    page.goto(link)
    shown = page.locator(".quotes__due").inner_text()
    page.locator("input[name=name]").fill("Frida Finance")
    page.locator("input[name=email]").fill("frida@approver.example")
    page.locator("input[name=accept]").check()
    if (ways := page.locator(f"input[name=way][value={way}]")).count():
        ways.check()
    page.get_by_role("button", name=re.compile(button)).click()
    return shown


def test_a_quote_is_accepted_on_invoice_and_another_by_card(visit, shoot):
    page, stranger = visit(DESKTOP, **ENGLISH), visit(DESKTOP, **ENGLISH)
    buyer = Buyer(page, shoot)
    buyer.arrive("fieldnote/team", 10, employees="100-499")
    buyer.buy_on_invoice()
    assert buyer.has_invoice("$160.00")
    assert "PO-7" in page.content()

    buyer.ask_for(12)
    link = draw(page, f"frida@{buyer.domain}")
    assert "/quotes/approval/" in buyer.mail(f"frida@{buyer.domain}")
    shown = accept(stranger, link, "Accept, and be invoiced")
    stranger.get_by_role("heading", name="This quote is accepted").wait_for()
    shoot(stranger, "accepted")
    assert buyer.has_seats(12)
    assert buyer.has_invoice(shown)

    # An invoice is paid by whoever has its mail.
    link = re.search(r"/open-invoices/[\w:.=-]+/", buyer.mail(subject=f": {shown}, due on"))[0]
    stranger.goto(link)
    Buyer(stranger, shoot).pay()
    stranger.locator("button[value=pay]").wait_for(state="detached")

    # Another product: its quote is accepted by card, on the payment page that its link leads to.
    page.goto("/cart/new/?plan=inspect/complete&seats=5&interval=month&currency=usd")
    shown = accept(stranger, draw(page, ""), "Accept for", way="card")
    Buyer(stranger, shoot).pay()
    stranger.get_by_role("heading", name="This quote is accepted").wait_for()
    assert buyer.has_invoice(shown)
