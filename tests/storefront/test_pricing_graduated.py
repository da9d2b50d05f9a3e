"""Graduated tiers on the pricing page: each seat at its own tier's price, at the tiers' edges too."""

import pytest

from billing.queries import catalog
from config import clock
from storefront.queries import pricing, pricing_choice
from tests import shelf
from tests.rules import test_catalog_file

SOLD = test_catalog_file.GOOD.replace('scheme = "volume"', 'scheme = "graduated"')


@pytest.fixture
def large(db):
    """Seats to the card of a plan whose first 9 seats cost $18, the next 15 $16, and all beyond $14."""
    shelf.put_on_sale(SOLD)

    def card(seats):
        page = pricing.page(catalog.on_sale(), pricing_choice.Choice("main", seats, "month", "usd"), clock.now())
        return next(card for card in page.cards if card.name == "Large")

    return card


@pytest.mark.parametrize(("seats", "total"), [(9, "$162"), (10, "$178"), (24, "$402"), (25, "$416"), (100, "$1,466")])
def test_the_total_at_the_edges_of_tiers(large, seats, total):
    assert large(seats).total_text.startswith(f"{total} a month")


def test_the_card_says_that_seats_differ(large):
    card = large(10)
    assert (card.unit_minor, card.unit_text) == (1780, "a seat on average, each month")
    assert card.next_text == "Each seat beyond 24 costs $14."
    assert [(step.label, step.amount, step.current) for step in card.tiers] == [
        *(("from 1 seat", "$18", False), ("from 10", "$16", True), ("from 25", "$14", False)),
    ]
    assert "Cheaper later seats save $2 a month" in card.savings
