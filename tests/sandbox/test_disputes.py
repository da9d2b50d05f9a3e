"""Disputed charges: opened by a test card, answered with evidence, won, lost, accepted or run out."""

import pytest
import stripe

DAY, START = 86_400, 1_780_000_000


@pytest.fixture
def disputed(shop):
    """A subscription's first charge of $100.00, by the card that disputes it as fraudulent."""
    customer = shop.customer(card="pm_card_createDispute")
    subscription = shop.subscribe(customer, shop.price(1000), 10)
    assert shop.invoice(subscription.latest_invoice).status == "paid"
    return shop.client.disputes.list({}).data[0]


def told(shop):
    return [event.type for event in reversed(shop.client.events.list({"limit": 20}).data) if "dispute" in event.type]


def test_a_card_that_disputes(shop, disputed):
    assert (disputed.amount, disputed.reason, disputed.status) == (10_000, "fraudulent", "needs_response")
    assert disputed.evidence_details.due_by - disputed.created == 14 * DAY
    assert told(shop) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    charge = shop.client.charges.retrieve(disputed.charge)
    assert (charge.disputed, charge.paid) == (True, True)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        shop.client.refunds.create({"charge": charge.id})


@pytest.mark.parametrize(
    ("word", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost"), ("See", "under_review")]
)
def test_evidence_decides(shop, disputed, word, status):
    staged = shop.client.disputes.update(disputed.id, {"evidence": {"product_description": "Notes"}, "submit": False})
    assert (staged.status, staged.evidence_details.submission_count) == ("needs_response", 0)
    sent = shop.client.disputes.update(disputed.id, {"evidence": {"uncategorized_text": word}})
    assert (sent.status, sent.evidence.product_description) == (status, "Notes")
    assert (sent.evidence_details.submission_count, sent.evidence_details.has_evidence) == (1, True)
    assert ("charge.dispute.funds_reinstated" in told(shop)) == (status == "won")
    with pytest.raises(stripe.InvalidRequestError, match="already"):
        shop.client.disputes.update(disputed.id, {"evidence": {"uncategorized_text": "More"}})


def test_accepted_or_left_alone_it_is_lost(shop, disputed):
    assert shop.client.disputes.close(disputed.id).status == "lost"
    clock = shop.clock(START)
    shop.subscribe(shop.customer(card="pm_card_createDispute", clock=clock.id), shop.price(1000), 1)
    other = next(one for one in shop.client.disputes.list({}).data if one.id != disputed.id)
    shop.advance(clock.id, START + 15 * DAY)
    after = shop.client.disputes.retrieve(other.id)
    assert (after.status, after.evidence_details.past_due) == ("lost", True)


def test_an_inquiry_moves_no_money(shop):
    shop.subscribe(shop.customer(card="pm_card_createDisputeInquiry"), shop.price(1000), 1)
    inquiry = shop.client.disputes.list({}).data[0]
    assert (inquiry.status, inquiry.is_charge_refundable, told(shop)) == (
        "warning_needs_response",
        True,
        ["charge.dispute.created"],
    )
    sent = shop.client.disputes.update(inquiry.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert sent.status == "warning_closed"
