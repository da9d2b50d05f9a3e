"""A wrong purchase order or address on a final invoice: a credit note over it and a new invoice, linked to each other."""

from datetime import timedelta

import pytest
import requests
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.origin import Origin, Source
from accounts.queries import policies
from billing import gateway
from billing.models import AdjustmentKind, AdjustmentReason, CreditNote, DunningEpisode, Invoice
from billing.queries import credit
from billing.rules import payment_terms
from billing.services.refunds import giving_back, replacing
from config import clock
from storefront import invoice_file
from tests import factories
from tests.billing import on_terms, test_webhook_news
from tests.billing.calling import Program
from tests.shop import text

LINE = ("description", "amount_minor", "quantity", "is_proration", "starts_at", "ends_at")
RIGHT = {"purchase_order": "PO-8", "line1": "2 Acme Street"}
# An hour after a cut's instant may be the weekend, on which nothing is cut.
AT_ONCE = timedelta(seconds=5)


@pytest.fixture
def bought(shop):
    row = shop.kept("bought on invoice", lambda: on_terms.buy(shop))
    policies.forget()
    return row


def replace(shop, invoice, nonce="one", **more):
    return replacing.replace(invoice, RIGHT, nonce=nonce, origin=shop.origin, at=clock.now(), **more)


def test_an_open_one_is_replaced_and_due_as_before(shop, bought):
    old = Invoice.objects.get()
    command = replace(shop, old)
    assert command.state == "done", command.error
    shop.settle()
    old.refresh_from_db()
    new = Invoice.objects.get(replaces=old)
    assert (old.status, old.amount_remaining_minor, new.status, new.amount_remaining_minor) == ("paid", 0, "open", 16_000)
    assert (new.purchase_order, new.due_at, new.subscription_id) == ("PO-8", old.due_at, bought.pk)
    assert list(new.lines.values_list(*LINE)) == list(old.lines.values_list(*LINE))
    note = CreditNote.objects.get()
    assert (note.invoice, note.total_minor, note.lowered_minor) == (old, 16_000, 16_000)
    at_stripe = gateway.invoice(new.stripe_id)
    assert at_stripe.customer_address.line1 == "2 Acme Street"
    pdf = requests.get(at_stripe.invoice_pdf, timeout=30).content
    assert (b"PO-8" in pdf, b"10 \xd7 $16.00" in pdf) == (True, True), "each line with its number and price"
    states = [line.split(",")[2] for line in "".join(invoice_file.lines(old.organization)).splitlines()[1:]]
    assert states == ["Open", f"Replaced by {new.number}"]
    kinds = set(OutgoingMail.objects.values_list("kind", flat=True))
    assert "billing/invoice_replaced" in kinds
    assert "billing/given_back" not in kinds
    assert credit.of(shop.organization, clock.now()).used == 16_000
    assert replace(shop, old).pk == command.pk, "a second click is the same act"
    with pytest.raises(replacing.NotReplaceable):
        replace(shop, old, nonce="two")
    on_terms.transfer(shop.fresh(bought), 16_000)
    shop.settle()
    assert Invoice.objects.get(pk=new.pk).status == "paid"
    assert shop.fresh(bought).quantity == 10


def test_a_paid_one_is_for_staff_and_paid_by_its_note(shop, bought, client, cast):
    old = Invoice.objects.get()
    on_terms.transfer(bought, 16_000)
    shop.settle()
    old.refresh_from_db()
    with pytest.raises(replacing.OthersOnly):
        replace(shop, old)
    assert replace(shop, old, is_staff=True).state == "done"
    shop.settle()
    new, note = Invoice.objects.get(replaces=old), CreditNote.objects.get()
    assert (new.status, new.total_minor, new.amount_paid_minor, note.credited_minor) == ("paid", 16_000, 0, 16_000)
    assert gateway.customer(shop.fresh(bought).organization.customer.stripe_id).balance == 0
    client.force_login(cast.owner)
    page = text(client.get(f"/invoices/{old.stripe_id}/credit-notes/"))
    assert f"The credit has paid invoice {new.number}, which replaces this one." in page
    assert "taken by your next invoices" not in page


def test_of_one_that_was_lowered_the_rest_is_replaced(shop, bought, client, cast):
    old = Invoice.objects.select_related("organization", "subscription__price").get()
    origin = Origin(actor=cast.admin, source=Source.ADMIN)
    said = {"kind": AdjustmentKind.LOWER, "reason": AdjustmentReason.ORDER_CHANGE, "note": "T-7"}
    wanted = giving_back.Wanted(amount_minor=3_333, nonce="less", **said)
    giving_back.give_back(old, wanted=wanted, shown_minor=3_333, origin=origin, at=clock.now())
    shop.settle()
    old.refresh_from_db()
    client.force_login(cast.owner)
    assert "a new invoice of $126.67" in text(client.get(f"/invoices/{old.stripe_id}/correction/"))
    assert "Something wrong on it?" in text(client.get("/invoices/"))
    command = replace(shop, old)
    assert command.state == "done", command.error
    shop.settle()
    new = Invoice.objects.get(replaces=old)
    old.refresh_from_db()
    assert (new.total_minor, new.amount_remaining_minor, new.status) == (12_667, 12_667, "open")
    assert (old.amount_remaining_minor, sum(CreditNote.objects.values_list("total_minor", flat=True))) == (0, 16_000)
    assert credit.of(shop.organization, clock.now()).used == 12_667
    with pytest.raises(replacing.NotReplaceable):
        replace(shop, old, nonce="two")


def test_the_ladders_end_settles_what_replaced_another_too(shop, bought):
    for name, value in {"read_only_days": 1, "grace_days": 1, "second_days": 0, "third_days": 0, "notice_days": 0}.items():
        factories.rule(f"billing.dunning_{name}", value)
    old = Invoice.objects.get()
    replace(shop, old)
    shop.settle()
    new = Invoice.objects.get(replaces=old)
    shop.advance_to(payment_terms.overdue_at(new.due_at, shop.organization.time_zone) + timedelta(seconds=5))
    episode = DunningEpisode.objects.get()
    assert [one.invoice for one in episode.invoices.all()] == [new]
    shop.advance_to(episode.read_only_at + AT_ONCE)
    episode.refresh_from_db()
    shop.advance_to(episode.off_at + AT_ONCE)
    episode.refresh_from_db()
    assert (episode.outcome, shop.fresh(bought).status) == ("lost", "canceled")
    assert Invoice.objects.get(pk=new.pk).status == "void"


def test_the_buyer_corrects_it_on_a_page_and_staff_in_the_admin(shop, bought, client, cast, admin_client):
    old = Invoice.objects.get()
    factories.webhook_endpoint(cast.acme, types=["invoice.replaced"], at=clock.now() - timedelta(days=1))
    client.force_login(cast.owner)
    listed = text(client.get("/invoices/"))
    assert "Something wrong on it?" in listed
    address = f"/invoices/{old.stripe_id}/correction/"
    page = text(client.get(address))
    assert ("PO-7" in page, "$160.00" in page) == (True, True)
    said = {"purchase_order": "PO-9", "line1": "1 Acme Street", "city": "Springfield", "postal_code": "10000", "nonce": "page"}
    assert client.post(address, said).status_code == 303
    listed = text(client.get("/invoices/"))
    new = Invoice.objects.get(replaces=old)
    assert (f"replaced by {new.number}" in listed, f"replaces {old.number}" in listed, "PO-9" in listed) == (True, True, True)
    own = Program(cast.organization_key)
    told = {one["number"]: one for one in own.get("invoices").json()["data"]}
    ((kind, news),) = test_webhook_news.told()
    assert (kind, news["invoice"]["id"], news["replacement"]) == ("invoice.replaced", old.stripe_id, new.number)
    assert news["credit_note"] == CreditNote.objects.get().number
    assert (told[new.number]["replaces"], told[old.number]["replaced_by"]) == (old.number, new.number)
    assert own.get(f"invoices/{old.stripe_id}").json()["replaced_by"] == new.number
    assert "Correct it" in text(admin_client.get(reverse("admin:billing_invoice_change", args=[new.pk])))
    assert new.number in text(admin_client.get(reverse("admin:billing_invoice_change", args=[old.pk])))
