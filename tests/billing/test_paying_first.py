"""Pay first: what gives something back is refused while a payment is missing, naming the invoice; leaving stays open."""

from datetime import timedelta

import pytest

from billing import gateway
from billing.models import Invoice, ScheduledChange
from billing.services import store_time
from billing.services.changes import paying_first, plan_changes, scheduled, seats
from billing.services.leaving import endings
from config import clock
from tests.billing.calling import Program, assert_problem
from tests.shop import text


@pytest.fixture
def behind(shop):
    def make():
        bought = shop.buy(seats=10)
        shop.control("POST", "next_payment", outcome="declined")
        store_time.to_renewal(shop.organization)
        return shop.fresh(bought)

    return shop.kept("behind", make)


def fewer(shop, row):
    return scheduled.change_seats(row, seats_after=8, releases=[], origin=shop.origin, at=clock.now())


def smaller(shop, row):
    said = {"plan": "starter", "interval": "month", "origin": shop.origin, "at": clock.now()}
    return plan_changes.schedule_for(row, **said)


def test_refused_with_the_invoice_until_it_is_paid(shop, behind):
    invoice = Invoice.objects.get(status="open")
    for change in (fewer, smaller):
        with pytest.raises(paying_first.PayFirst) as refused:
            change(shop, behind)
        assert refused.value.invoices == (invoice,)
    with pytest.raises(paying_first.PayFirst):
        seats.offer(behind, seats=12, at=clock.now())
    for plan, interval in (("business", ""), ("team", "year")):
        with pytest.raises(paying_first.PayFirst):
            plan_changes.offer(behind, plan=plan, interval=interval, quantity=None, at=clock.now())
    assert not ScheduledChange.objects.exists()
    assert endings.offer(behind, is_owner=False, at=clock.now()).token
    shop.pay_invoice(gateway.invoice(invoice.stripe_id).hosted_invoice_url)
    shop.settle()
    assert fewer(shop, shop.fresh(behind)).delta == -2


def test_what_is_not_yet_due_is_in_nobodys_way(shop):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    Invoice.objects.update(status="open", attempt_count=0, amount_remaining_minor=160, due_at=clock.now() + timedelta(days=9))
    change = fewer(shop, row)
    assert change.effective_at == row.period_ends_at
    Invoice.objects.update(due_at=clock.now() - timedelta(minutes=1), overdue_at=clock.now())
    with pytest.raises(paying_first.PayFirst):
        smaller(shop, row)
    with pytest.raises(paying_first.PayFirst):
        plan_changes.offer(row, plan="business", quantity=None, at=clock.now())
    assert seats.offer(row, seats=12, at=clock.now()).preview.due_now_minor > 0, "what gives nothing back goes on"


def test_the_page_and_the_api_lead_to_the_payment(shop, behind, client, cast):
    invoice = Invoice.objects.get(status="open")
    client.force_login(cast.owner)
    page = client.post("/seats/changes/", {"seats": 8, "when": "renewal", "line": "fieldnote"})
    assert (page.status_code, "Pay what is open first" in text(page)) == (409, True)
    assert f"Invoice {invoice.number} of $160.00 is overdue" in text(page)
    assert f"/invoices/{invoice.stripe_id}/hosted/" in text(page)
    for asked in ("/subscription/plan/?plan=starter&interval=month", "/seats/?seats=8&when=renewal"):
        page = text(client.get(asked))  # before any click
        assert "Pay what is open first" in page
        assert f"/invoices/{invoice.stripe_id}/hosted/" in page
        assert "A month, from then on" not in page
    own = Program(cast.organization_key)
    told = assert_problem(own.post("subscription/plan/preview", {"plan": "fieldnote/starter"}, key=""), 409, "pay-first")
    told = assert_problem(own.post("subscription/scheduled-changes", {"seats": 8}), 409, "pay-first")
    assert (told["invoice"], told["payment_url"].endswith(f"/invoices/{invoice.stripe_id}/hosted/")) == (
        invoice.stripe_id,
        True,
    )
    told = assert_problem(own.post("subscription/plan/preview", {"plan": "fieldnote/business"}, key=""), 409, "pay-first")
    assert told["invoice"] == invoice.stripe_id
