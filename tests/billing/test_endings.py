"""Ending at once: what is given back equals what was shown, what is behind is settled, and who may."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from billing import gateway
from billing.models import CancelReason, Invoice, ScheduledChange, SeatAssignment, SeatLedgerEntry
from billing.services import store_time
from billing.services.changes import scheduled, seats
from billing.services.leaving import endings
from config import clock
from tests.factories import rule


@pytest.fixture
def bought(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def behind(shop, bought):
    def make():
        shop.control("POST", "next_payment", outcome="declined")
        store_time.to_renewal(shop.organization)
        return shop.fresh(bought)

    return shop.kept("behind", make)


def end(shop, row, token=None, *, is_owner=True, **more):
    offered = token or endings.offer(row, is_owner=is_owner, at=clock.now()).token
    said = {"reason_code": CancelReason.PRICE, "reason": "Too dear", "origin": shop.origin, "at": clock.now()}
    return endings.end(row, token=offered, is_owner=is_owner, **said | more)


def test_unused_time_goes_back_as_it_was_shown(shop, bought):
    shop.advance(days=10)
    row = shop.fresh(bought)
    scheduled.change_seats(row, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    row = shop.fresh(row)
    assert row.schedule_id == shop.at_stripe(row).schedule != ""
    offered = endings.offer(row, is_owner=True, at=clock.now())
    assert offered.terms.gives_back
    assert 9_000 < offered.credit.credit_minor < 12_000
    shop.control("POST", "clock", advance_to=int((clock.now() + timedelta(minutes=10)).timestamp()))  # and a few cents
    command = end(shop, row, offered.token)
    assert end(shop, row, offered.token).pk == command.pk
    shop.settle()
    row = shop.fresh(row)
    assert (row.status, row.quantity, row.organization.customer.balance_minor) == ("canceled", 0, -offered.credit.credit_minor)
    assert shop.at_stripe(row).status == "canceled"
    assert not SeatAssignment.objects.filter(subscription=row, ended_at=None).exists()
    assert sum(SeatLedgerEntry.objects.filter(subscription=row).values_list("mrr_delta_minor", flat=True)) == 0
    assert set(ScheduledChange.objects.values_list("kind", "state", "reason_code")) == {
        ("seats", "superseded", ""),
        ("end", "applied", "price"),
    }
    mail = OutgoingMail.objects.filter(kind="billing/ended").first()
    assert mail.context["given_minor"] == offered.credit.credit_minor


def test_without_the_policy_nothing_goes_back(shop, bought):
    rule("billing.end_now_gives_back", False)
    offered = endings.offer(bought, is_owner=True, at=clock.now())
    assert (offered.credit.credit_minor, offered.terms.gives_back) == (0, False)
    end(shop, bought)
    assert shop.fresh(bought).status == "canceled"
    assert shop.fresh(bought).organization.customer.balance_minor == 0


@pytest.mark.parametrize(("voids", "status"), [(True, "void"), (False, "uncollectible")])
def test_what_is_behind_ends_for_whoever_may_cancel_and_settles_what_is_open(shop, behind, voids, status):
    rule("billing.end_now_voids_invoices", voids)
    assert behind.status == "past_due"
    offered = endings.offer(behind, is_owner=False, at=clock.now())
    assert (offered.terms.gives_back, [one.status for one in offered.invoices]) == (False, ["open"])
    end(shop, behind, is_owner=False)
    row = shop.fresh(behind)
    assert row.status == "canceled"
    assert set(Invoice.objects.filter(pk__in=[one.pk for one in offered.invoices]).values_list("status", flat=True)) == {status}
    at_stripe = gateway.invoice(offered.invoices[0].stripe_id)
    assert (at_stripe.status, at_stripe.next_payment_attempt) == (status, None)
    assert row.organization.customer.balance_minor == 0
    mail = OutgoingMail.objects.filter(kind="billing/ended").first()
    assert mail.context["settled"] == [offered.invoices[0].number]
    shop.advance(days=8)
    assert at_stripe.attempt_count == gateway.invoice(at_stripe.id).attempt_count


def test_refusals(shop, bought):
    with pytest.raises(endings.OwnersOnly):
        endings.offer(bought, is_owner=False, at=clock.now())
    token = endings.offer(bought, is_owner=True, at=clock.now()).token
    with pytest.raises(seats.Stale):
        end(shop, bought, token[:-2] + "xx")
    scheduled.change_seats(bought, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    with pytest.raises(seats.Stale):
        end(shop, shop.fresh(bought), token)
    end(shop, shop.fresh(bought))
    with pytest.raises(seats.NotLive):
        endings.offer(shop.fresh(bought), is_owner=True, at=clock.now())


def test_a_waiting_increase_is_dropped_and_a_lost_answer_ends_it_once(shop, bought):
    shop.control("POST", "next_payment", outcome="requires_action")
    offered = seats.offer(bought, seats=13, at=clock.now())
    change = seats.confirm(bought, token=offered.token, origin=shop.origin, at=clock.now())
    assert change.state == "waiting"
    row = shop.fresh(bought)
    shown = endings.offer(row, is_owner=True, at=clock.now()).credit
    shop.control("POST", "faults", match="DELETE /v1/subscriptions/*", kind="drop_after_effect")
    end(shop, row)
    shop.settle()
    change.refresh_from_db()
    assert change.state == "expired"
    assert gateway.invoice(change.stripe_invoice_id).status == "void"
    assert shop.fresh(row).organization.customer.balance_minor == -shown.credit_minor
