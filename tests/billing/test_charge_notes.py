"""What is said beside a charge: the additions of a window with who and when, and an amount that no card can be charged."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from accounts.services import rendering
from billing.models import Invoice, InvoiceWindow
from billing.queries import overview
from billing.rules import smallest
from billing.services.changes import seats
from config import clock
from tests.billing.test_expansions import allow, fill, look
from tests.shop import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("windows")]


@pytest.fixture
def row(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def go(shop, row, count, **more):
    offered = seats.offer(shop.fresh(row), seats=count, at=clock.now(), **more)
    change = seats.confirm(shop.fresh(row), token=offered.token, origin=shop.origin, at=clock.now())
    assert change.state == "done", change.message
    return offered.preview, change


def written(kind):
    """The latest mail to the owner, as text and as HTML."""
    mail = OutgoingMail.objects.filter(kind=f"billing/{kind}", recipient__startswith="owner").latest("pk")
    made = rendering.message(mail, None)
    return [f"{made.subject} {made.body}", str(made.alternatives[0][0])]


def test_all_additions_of_a_window_are_told_with_who_and_when(shop, row, client):
    for count in (11, 14, 13):
        go(shop, row, count)
    assert "comes in one mail with the charge" in written("window_opened")[0]
    shop.advance_to(InvoiceWindow.objects.get().closes_at + timedelta(minutes=1))
    for kind in ("window_billed", "receipt"):
        for said in written(kind):
            assert [
                said.count(f"{count} (Olive Owner)") for count in ("1 seat added", "3 seats added", "1 seat given back")
            ] == [
                1,
                1,
                1,
            ]
    client.force_login(shop.owner)
    assert text(client.get("/seats/")).count(", with all that was added") == 3


def test_seats_that_come_by_themselves_say_what_they_bill_along(shop, row, client):
    go(shop, row, 11)
    allow(shop, row)
    fill(shop.fresh(row))
    look()
    assert (shop.fresh(row).quantity, shop.fresh(row).unbilled) == (14, 0)
    for said in written("seats_expanded"):
        assert "Charged along, as it was had before and not charged yet:" in said
        assert "1 seat added (Olive Owner)" in said
    client.force_login(shop.owner)
    assert "along with seats that came by themselves" in text(client.get("/seats/"))


def test_an_amount_below_the_smallest_charge_is_carried_and_never_called_paid(shop, client):
    row = shop.buy(plan="fieldnote/starter", seats=3)
    shop.advance_to(row.period_ends_at - timedelta(hours=30))
    client.force_login(shop.owner)
    page = text(client.get("/seats/", {"seats": 4}))
    assert "is below the smallest amount a card can be charged: it is carried to your next invoice." in page
    shown, change = go(shop, row, 4, is_gathered=False)
    shop.settle()
    carried = shown.carried_minor
    assert 0 < carried == shown.total_minor < 50
    assert (shown.due_now_minor, change.due_now_minor, change.carried_minor) == (0, 0, carried)
    invoice = Invoice.objects.get(stripe_id=change.stripe_invoice_id)
    assert (invoice.status, invoice.amount_paid_minor, invoice.carried_minor) == ("paid", 0, carried)
    for kind in ("seats_added", "receipt"):
        for said in written(kind):
            assert "it is carried to your next invoice" in said
            assert not any(wrong in said for wrong in ("is paid", "$0.00 paid", "From your credit", "Paid for the rest"))
    assert "Carried over" in text(client.get("/invoices/"))
    charge = overview.standing(shop.organization).next_charge
    assert charge.due_minor == 4 * 900 + carried
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    assert Invoice.objects.latest("issued_at").amount_paid_minor == 4 * 900 + carried
    assert "Still owed from before" in written("receipt")[0]


def test_what_a_window_could_not_charge_is_carried_too(shop, client):
    row = shop.buy(plan="fieldnote/starter", seats=3)
    shop.advance_to(row.period_ends_at - timedelta(hours=40))
    shown, change = go(shop, row, 4)
    assert (change.window_id is not None, shown.due_now_minor) == (True, 0)
    assert "carried to your next invoice" in written("window_opened")[0]
    client.force_login(shop.owner)
    assert "carried to your next invoice" in text(client.get("/"))
    assert overview.standing(shop.organization).next_charge.due_minor == 4 * 900 + shown.carried_minor
    shop.advance_to(InvoiceWindow.objects.get().closes_at + timedelta(minutes=1))
    shop.settle()
    assert "carried to your next invoice" in written("window_billed")[0]
    assert overview.standing(shop.organization).next_charge.due_minor == 4 * 900 + shown.carried_minor


@pytest.mark.parametrize(
    ("due", "currency", "carried"),
    [(0, "usd", 0), (49, "usd", 49), (50, "usd", 0), (29, "GBP", 29), (30, "gbp", 0), (-5, "eur", 0)],
)
def test_all_of_it_or_nothing_is_carried(due, currency, carried):
    assert smallest.carried_minor(due, currency) == carried
