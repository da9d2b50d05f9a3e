"""The main story without a browser: buy 10, three more now, two fewer at renewal, and the renewal itself."""

from django.db.models import Sum

from billing.models import ChangeState, CheckoutState, Invoice, ScheduledState, Subscription
from billing.services.changes import scheduled, seats
from config import clock


def ledger_sum(row):
    return row.ledger.aggregate(sum=Sum("delta"))["sum"]


def test_buy_add_three_give_back_two_and_renew(shop):
    attempt = shop.start(seats=10)
    assert attempt.state == CheckoutState.OPEN
    assert attempt.url.startswith("http://127.0.0.1:")
    shop.pay(attempt)
    shop.settle()
    attempt.refresh_from_db()
    assert attempt.state == CheckoutState.APPLIED

    row = Subscription.objects.get()
    assert (row.quantity, row.status, ledger_sum(row)) == (10, "active", 10)
    assert row.assignments.filter(ended_at=None).count() == 1

    halfway = row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2
    shop.advance_to(halfway)

    row = seats.current(shop.organization)
    offer = seats.offer(row, seats=13, at=clock.now())
    assert offer.preview.due_now_minor > 0
    change = seats.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    assert change.state == ChangeState.DONE
    shop.settle()
    paid = Invoice.objects.get(stripe_id=change.stripe_invoice_id)
    assert (paid.status, paid.amount_paid_minor) == ("paid", offer.preview.due_now_minor)

    row = seats.current(shop.organization)
    waiting = scheduled.change_seats(row, seats_after=11, releases=[], origin=shop.origin, at=clock.now())
    row.refresh_from_db()
    assert (row.quantity, waiting.delta, row.is_being_arranged) == (13, -2, False)
    assert shop.at_stripe(row).schedule

    # Three more again: the schedule must follow to 14 at renewal, not stay at 11.
    offer = seats.offer(row, seats=16, at=clock.now())
    assert offer.preview.quantity_at_renewal == 14
    seats.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    shop.settle()
    row.refresh_from_db()
    assert (row.quantity, row.is_being_arranged) == (16, False)

    ends = row.period_ends_at
    shop.advance_to(ends)
    shop.settle()
    row.refresh_from_db()
    waiting.refresh_from_db()
    assert (row.quantity, waiting.state, row.period_starts_at) == (14, ScheduledState.APPLIED, ends)
    assert ledger_sum(row) == 14
    assert shop.at_stripe(row)["items"].data[0].quantity == 14
    assert not shop.at_stripe(row).schedule
