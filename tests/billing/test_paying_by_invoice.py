"""Paying on invoice: NET 30 to paid and to overdue, more seats within the credit limit, and back to the card."""

import dataclasses
from datetime import timedelta

import pytest
import requests

from accounts.models import OutgoingMail, Policy
from accounts.queries import policies
from accounts.services import links, rendering
from billing import gateway
from billing.models import DunningEpisode, Invoice, Subscription
from billing.queries import credit, overview, unpaid
from billing.rules import payment_terms
from billing.services.books import dunning, sent_invoices
from billing.services.changes import paying_first, scheduled, seats
from billing.services.leaving import pauses
from billing.services.mirroring import tax_ids
from billing.services.recovery import dunning_mails, dunning_sweep
from billing.services.selling import checkout, collecting, invoiced
from billing.services.tax import tax_details
from config import clock, words
from storefront import invoice_file
from tests import factories
from tests.billing import on_terms, test_tax
from tests.billing.calling import Program, assert_problem
from tests.shop import text


@pytest.fixture
def bought(shop):
    """Ten seats of Team on an invoice due in 30 days: $160."""
    row = shop.kept("bought on invoice", lambda: on_terms.buy(shop))
    policies.forget()
    return row


def open_invoice():
    return Invoice.objects.get(status="open")


def mails(kind):
    return OutgoingMail.objects.filter(kind=f"billing/{kind}").order_by("pk")


def test_bought_at_once_and_paid_by_transfer_later(shop, bought):
    invoice, row = open_invoice(), shop.fresh(bought)
    assert (row.status, row.quantity, row.collection_method, row.days_until_due) == ("active", 10, "send_invoice", 30)
    assert (invoice.amount_remaining_minor, invoice.purchase_order) == (16_000, "PO-7")
    assert invoice.due_at - invoice.issued_at == timedelta(days=30)
    sent = mails("invoice_sent").first().context
    assert (sent["purchase_order"], sent["amount_minor"], sent["account"]["kind"]) == ("PO-7", 16_000, "aba")
    assert credit.of(shop.organization, clock.now()).used == 16_000
    shop.advance(days=24)
    assert mails("invoice_due").count() == mails("invoice_sent").count()
    on_terms.transfer(row, 16_000)
    shop.settle()
    assert Invoice.objects.get(pk=invoice.pk).status == "paid"
    shop.advance(days=8)
    assert not DunningEpisode.objects.exists()
    assert mails("receipt").exists()


def test_overdue_once_its_day_is_over_where_the_customer_is(shop, bought):
    shop.organization.time_zone = "America/Los_Angeles"
    shop.organization.save(update_fields=["time_zone"])
    invoice = open_invoice()
    over_at = payment_terms.overdue_at(invoice.due_at, "America/Los_Angeles")
    shop.advance_to(max(over_at - timedelta(minutes=10), invoice.due_at + timedelta(seconds=1)))
    row = shop.fresh(bought)
    assert row.status == "past_due", "Stripe counts by the second"
    standing = overview.standing(row.organization)
    assert (standing.state, standing.overdue, standing.sent[0].stripe_id) == ("active", (), invoice.stripe_id)
    assert seats.offer(row, seats=11, at=clock.now()).preview.due_now_minor > 0
    assert not unpaid.is_behind(row)
    assert not DunningEpisode.objects.exists()
    assert sent_invoices.next_due_at() == over_at
    shop.advance_to(over_at + timedelta(minutes=10))
    episode = DunningEpisode.objects.get()
    invoice.refresh_from_db()
    assert invoice.overdue_at is not None
    assert shop.fresh(bought).status == "past_due"
    told = mails("invoice_overdue").first().context
    assert (told["number"], told["is_sent"], told["amount_minor"]) == (invoice.number, True, 16_000)
    assert not mails("payment_failed").exists()
    with pytest.raises(paying_first.PayFirst) as refused:
        seats.offer(shop.fresh(bought), seats=12, at=clock.now())
    assert (refused.value.invoices, refused.value.amount_minor) == ((invoice,), 16_000)
    gateway.pay_invoice(invoice.stripe_id, {"paid_out_of_band": True}, key="by hand")
    shop.settle()
    episode.refresh_from_db()
    assert (episode.outcome, shop.fresh(bought).status) == ("recovered", "active")


def test_the_date_is_enough_where_no_event_comes(shop, bought):
    invoice = open_invoice()
    over_at = payment_terms.overdue_at(invoice.due_at, shop.organization.time_zone) + timedelta(hours=1)
    shop.control("POST", "clock", advance_to=int(over_at.timestamp()))
    shop.move_store(int((over_at - clock.wall()).total_seconds()))
    on_terms.without_events(shop)
    invoice.refresh_from_db()
    assert invoice.overdue_at is not None
    assert DunningEpisode.objects.filter(invoices__invoice=invoice).exists()


def test_more_seats_are_had_at_once_within_the_limit(shop, bought, client):
    row, at = shop.fresh(bought), clock.now()
    offered = seats.offer(row, seats=13, at=at)
    assert offered.preview.payable_at is not None
    change = seats.confirm(row, token=offered.token, origin=shop.origin, at=at)
    assert (change.state, shop.fresh(bought).quantity) == ("done", 13)
    shop.settle()
    second = Invoice.objects.exclude(pk=Invoice.objects.earliest("pk").pk).get()
    assert (second.status, second.amount_remaining_minor) == ("open", change.due_now_minor)
    assert (second.due_at - second.issued_at).days == 30
    used, due = 16_000 + change.due_now_minor, change.due_now_minor
    factories.rule("billing.credit_limit", used + due * 5 // 6)  # room for two seats and a half
    with pytest.raises(seats.BeyondCredit) as refused:
        seats.offer(shop.fresh(bought), seats=18, at=clock.now())
    client.force_login(shop.owner)
    home = text(client.get("/"))
    assert all(f"{words.money(amount, 'usd')} is due" in home for amount in (16_000, due)), "both are open"
    beyond = refused.value.beyond
    assert (beyond.credit.used, beyond.credit.left, beyond.fits) == (used, due * 5 // 6, 15)
    assert seats.offer(shop.fresh(bought), seats=15, at=clock.now()).preview.quantity_after == 15
    page = text(client.get("/seats/", {"seats": 18}))
    assert f"{words.money(used, 'usd')} is open now" in page
    assert "Take 15 seats instead" in page
    fewer = scheduled.change_seats(shop.fresh(bought), seats_after=11, releases=[], origin=shop.origin, at=clock.now())
    assert fewer.effective_at == shop.fresh(bought).period_ends_at, "what is not yet due is in nobody's way"


def test_no_terms_no_invoice(shop):
    tax_details.save(shop.organization, on_terms.ADDRESS, origin=shop.origin, at=clock.now())
    with pytest.raises(invoiced.NotOnInvoice):
        invoiced.offer(shop.cart(), shop.organization, clock.now())
    factories.rule("billing.payment_days", 30)
    offered = invoiced.offer(shop.cart(), shop.organization, clock.now())
    factories.rule("billing.credit_limit", offered.total_minor - 1)
    said = {"cart": shop.cart(), "organization": shop.organization, "origin": shop.origin, "at": clock.now()}
    with pytest.raises(invoiced.AmountDiffers):
        invoiced.start(**said, expected_minor=offered.total_minor - 1)
    with pytest.raises(checkout.BeyondCredit):
        invoiced.start(**said, expected_minor=offered.total_minor)


def test_what_is_ordered_counts_before_its_invoice_is_heard_of(shop, monkeypatch):
    factories.rule("billing.payment_days", 30)
    tax_details.save(shop.organization, on_terms.ADDRESS, origin=shop.origin, at=clock.now())
    cart, other, at = shop.cart(), shop.cart(plan="inspect/complete", seats=5), clock.now()
    offered, wanted = (invoiced.offer(one, shop.organization, at) for one in (cart, other))
    factories.rule("billing.credit_limit", offered.total_minor + wanted.total_minor - 1)
    said = {"organization": shop.organization, "origin": shop.origin, "at": at}
    with monkeypatch.context() as patched:
        patched.setattr(checkout, "_execute", lambda _: None)  # Stripe does not answer
        attempt = invoiced.start(cart=cart, expected_minor=offered.total_minor, **said)
    assert attempt.state == "opening"
    with pytest.raises(checkout.BeyondCredit):
        invoiced.start(cart=other, expected_minor=wanted.total_minor, **said)
    shown = dataclasses.replace(invoiced.offer(other, shop.organization, at), has_room=True)
    with monkeypatch.context() as patched:
        patched.setattr(invoiced, "offer", lambda *_: shown)  # another one asked at the same moment
        with pytest.raises(checkout.BeyondCredit):
            invoiced.start(cart=other, expected_minor=wanted.total_minor, **said)
    assert invoiced.start(cart=cart, expected_minor=offered.total_minor, **said) == attempt, "a second click goes on with it"
    shop.settle()
    assert Subscription.objects.get().is_invoiced
    assert credit.of(shop.organization, clock.now()).used == offered.total_minor


def test_from_card_to_invoice_and_back(shop, client):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    with pytest.raises(collecting.NotAllowed):
        collecting.switch(row, "send_invoice", origin=shop.origin, at=clock.now())
    factories.rule("billing.payment_days", 14)
    with pytest.raises(collecting.NoAddress):
        collecting.switch(row, "send_invoice", origin=shop.origin, at=clock.now())
    tax_details.save(shop.organization, on_terms.ADDRESS, origin=shop.origin, at=clock.now())
    scheduled.change_seats(row, seats_after=9, releases=[], origin=shop.origin, at=clock.now())
    collecting.switch(shop.fresh(row), collecting.Collection.INVOICED, origin=shop.origin, at=clock.now())
    row = shop.fresh(row)
    assert (row.collection_method, row.days_until_due, row.is_being_arranged) == ("send_invoice", 14, False)
    with pytest.raises(pauses.Refused) as refused:
        pauses.check(row, months=1, at=clock.now())
    assert refused.value.why == "no_card", "what rests goes on by a charge, and not by an invoice"
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    renewal = open_invoice()
    assert ((renewal.due_at - renewal.issued_at).days, renewal.amount_remaining_minor) == (14, 16_200)
    collecting.switch(shop.fresh(row), collecting.Collection.CHARGED, origin=shop.origin, at=clock.now())
    assert shop.at_stripe(row).collection_method == "charge_automatically"
    assert open_invoice() == renewal
    assert shop.fresh(row).days_until_due is None
    standing = overview.standing(row.organization)
    assert (standing.state, [one.stripe_id for one in standing.sent]) == ("active", [renewal.stripe_id])
    client.force_login(shop.owner)
    assert f"{words.money(16_200, 'usd')} is due" in text(client.get("/")), "its day stays in sight"
    Invoice.objects.filter(pk=renewal.pk).update(status="void")
    file = "".join(invoice_file.lines(row.organization)).splitlines()
    header, void = file[0].split(","), file[1].split(",")
    assert (void[header.index("State")], void[header.index("Open")]) == ("Void", "0.00")


def test_the_switch_leads_over_a_missing_address_and_on_with_the_choice(shop, client, cast):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    factories.rule("billing.payment_days", 14)
    client.force_login(cast.owner)
    asked = client.post("/payment-method/collection/", {"line": "fieldnote", "method": "send_invoice"}).headers["Location"]
    page = text(client.get(asked))
    assert "Save, and pay on invoice" in page
    hidden = {"for": "invoice", "line": "fieldnote"}
    assert all(f'name="{name}" value="{value}"' in page for name, value in hidden.items())
    wrong = client.post("/settings/billing/", hidden | {"line1": "1 Acme Street", "country": "zz"})
    assert (wrong.status_code, "Save, and pay on invoice" in text(wrong)) == (422, True)
    again = client.post("/settings/billing/", hidden | {"line1": "1 Acme Street", "country": "US"})
    assert again.headers["Location"] == asked, "the city is missing still"
    answer = client.post("/settings/billing/", hidden | on_terms.ADDRESS | {"country": "US"}, follow=True)
    assert "From now on you are sent invoices" in text(answer)
    assert shop.fresh(row).collection_method == "send_invoice"
    told = row.organization.customer
    told.refresh_from_db()
    assert told.bank_account["account_holder_name"] != cast.acme.name


def test_the_stores_own_step_asks_whom_the_invoice_is_for(shop, client, cast):
    factories.rule("billing.payment_days", 30)
    client.force_login(cast.owner)
    cart = shop.cart()
    assert "Pay by invoice (NET 30)" in text(client.get("/cart/"))
    address = f"/checkout/invoice/?cart={cart.public_id}"
    assert "Buy for $160.00 on invoice" in text(client.get(address))
    said = {"cart": cart.public_id, "expected": "16000", "accept": "yes", "country": "US"}
    assert client.post("/checkout/invoice/", said).status_code == 422, "an invoice needs an address"
    said |= on_terms.ADDRESS
    assert client.post("/checkout/invoice/", said | {"expected": "1"}).status_code == 409
    assert not Subscription.objects.exists()
    bought = client.post("/checkout/invoice/", said)
    assert bought.status_code == 303
    page = text(client.get(bought.headers["Location"]))
    assert ("You're in" in page, "within 30 days" in page) == (True, True)
    home = text(client.get("/"))
    assert ("Invoice, NET 30" in home, "$160.00 is due" in home) == (True, True)
    paying = text(client.get("/payment-method/"))
    assert ("By bank transfer to" in paying, "Routing number" in paying) == (True, True)


def test_reverse_charge_and_the_tax_id_stand_on_the_sent_invoice(shop):
    test_tax.put(shop)
    details = on_terms.ADDRESS | {"country": "FR", "city": "Lyon"}
    tax_ids.add(shop.organization, country="FR", kind="eu_vat", typed="FR40303265045", origin=shop.origin, at=clock.now())
    on_terms.buy(shop, details=details, currency="eur")
    invoice = open_invoice()
    assert (invoice.tax_minor, invoice.amount_remaining_minor) == (0, 15_000)
    assert invoice.taxes[0]["is_reverse"]
    pdf = requests.get(gateway.invoice(invoice.stripe_id).invoice_pdf, timeout=30).content
    for said in (b"FR40303265045", b"PO-7", b"Lyon", b"IBAN"):
        assert said in pdf


def test_overdue_pages_lead_to_the_payment(shop, bought, client, cast):
    invoice = open_invoice()
    Invoice.objects.update(due_at=clock.now() - timedelta(days=2), mirrored_at=clock.now())
    episode = dunning.failed(invoice, at=clock.now())
    Invoice.objects.update(overdue_at=clock.now())
    Subscription.objects.update(status="past_due")
    client.force_login(cast.owner)
    assert f"$160.00 is overdue: invoice {invoice.number}" in text(client.get("/"))
    assert "Overdue" in text(client.get("/invoices/"))
    client.logout()
    page = text(client.get(f"/missing-payments/{dunning_mails.token(episode.pk)}/"))
    assert ("$160.00 is missing" in page, "It was due on" in page, "Change the card" in page) == (True, True, False)
    found = client.get(f"/open-invoices/{links.token(links.OPEN_INVOICE, invoice.pk)}/")
    assert (found.status_code, "/i/in_" in found.headers["Location"]) == (303, True)


def test_several_overdue_invoices_are_said_alike_everywhere(shop, bought, client, cast):
    first, now = open_invoice(), clock.now()
    was_due = {"due_at": now - timedelta(days=2), "overdue_at": now, "mirrored_at": now}
    Invoice.objects.update(**was_due)
    second = Invoice.objects.get()
    second.pk, second.stripe_id, second.number, second.amount_remaining_minor = None, "in_second", "FN-SECOND", 5_000
    second.issued_at += timedelta(days=1)
    second.save()
    Subscription.objects.update(status="past_due")
    for one in (first, second):
        episode = dunning.failed(one, at=now)
    dunning_sweep.sweep(now)
    dunning_mails.tell(now)
    mail = mails("invoice_overdue").last()
    told = rendering.message(mail)
    assert mail.context["amount_minor"] == 21_000
    assert "$210.00 is overdue" in told.subject
    both = (f"{first.number}: $160.00", "FN-SECOND: $50.00", "2 invoices of Acme are overdue")
    assert all(said in told.body for said in both), told.body
    client.force_login(cast.owner)
    each = f"2 invoices are overdue, $210.00 in all: {first.number} ($160.00), FN-SECOND ($50.00)."
    home = text(client.get("/"))
    assert all(said in home for said in ("$210.00 is overdue: 2 invoices", "Pay $210.00: 2 invoices", each))
    for page in ("/seats/?seats=12", "/seats/?seats=8&when=renewal"):
        shown = text(client.get(page))
        assert (each in shown, "Pay $210.00: 2 invoices" in shown) == (True, True), page
    assert each in text(client.get("/payment-method/"))
    assert "2 invoices are overdue: $210.00" in text(client.get("/invoices/"))
    own = Program(cast.organization_key)
    missing = own.get("subscription").json()["missing_payment"]
    assert (missing["amount_minor"], [one["number"] for one in missing["invoices"]]) == (21_000, [first.number, "FN-SECOND"])
    refused = assert_problem(own.post("subscription/seats/preview", {"seats": 12}, key=""), 409, "pay-first")
    assert (refused["amount_minor"], refused["invoices"]) == (21_000, missing["invoices"])
    assert refused["payment_url"].endswith(f"/invoices/{first.stripe_id}/hosted/")
    client.logout()
    page = text(client.get(f"/missing-payments/{dunning_mails.token(episode.pk)}/"))
    said = ("$210.00 is missing", "2 invoices that Acme has not paid", f"Pay {first.number}, $160.00", "Pay FN-SECOND, $50.00")
    assert all(one in page for one in said), page


def test_whose_time_to_pay_was_taken_back_gets_nothing_more_on_invoice(shop, bought):
    now = {"effective_at": clock.now(), "created_at": clock.now(), "reason": "No longer"}
    Policy.objects.create(name="billing.payment_days", value=0, **now)
    policies.forget()
    with pytest.raises(seats.BeyondCredit):
        seats.offer(shop.fresh(bought), seats=12, at=clock.now())
