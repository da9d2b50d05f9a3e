"""Leaving in a real browser: an offer beside the reason, a pause and going on, ending today for what is shown, coming back."""

import re

from tests.journeys.buyer import Buyer
from tests.journeys.conftest import PHONE


def test_paused_gone_on_ended_today_and_back(visit, shoot):
    page = visit(PHONE, locale="en-US")
    buyer = Buyer(page, shoot)
    buyer.arrive("fieldnote/team", 10)
    buyer.check_out()
    buyer.is_in()
    assert buyer.has_card()  # who has none is offered no pause

    page.get_by_role("link", name="Cancel the subscription").click()
    page.get_by_label("Too expensive").check()
    page.get_by_text("Starter costs less").wait_for()
    page.get_by_label("We don't use it enough").check()
    page.get_by_text("Starter costs less").wait_for(state="hidden")
    shoot(page, "cancellation-offer")
    page.get_by_role("link", name="Look at a pause").click()
    page.get_by_role("link", name="2 months").click()
    shown = page.locator(".receipt__total dd").inner_text()
    shoot(page, "pause")
    page.get_by_role("button", name=re.compile("Pause until")).click()
    page.get_by_text(f"{shown} was given back as your credit.").wait_for()
    shoot(page, "paused-home")

    page.get_by_role("link", name="Go on", exact=True).click()
    page.get_by_role("button", name=re.compile(r"Go on now|Pay \$[\d.]+ by")).click()
    page.get_by_text("Your subscription goes on").wait_for()

    page.goto("/subscription/cancellation/")
    page.get_by_role("link", name="End it today instead").click()
    shown = page.locator(".receipt__total dd").inner_text()
    page.get_by_label("The company or project ended").check()
    shoot(page, "ending")
    page.get_by_role("button", name="End it now").click()
    page.get_by_text(f"Ended. {shown} was given back as your credit.").wait_for()
    shoot(page, "ended-home")

    page.get_by_role("button", name="Come back with what you had").click()
    page.get_by_text("1 person gets their seat back.").wait_for()
    shoot(page, "back-cart")
