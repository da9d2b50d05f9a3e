"""Billing contacts: they agree before anything is sent, stop it at any time, and can't be used to mail strangers."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import BillingContact, OutgoingMail, Suppression, SuppressionReason
from accounts.services import billing_contacts, links, outbox, suppressions
from billing.models import Invoice
from billing.services import notices
from billing.services.mirroring import invoices
from config import clock

pytestmark = pytest.mark.django_db
PAGE = "storefront:people_settings"


def add(client, email="invoices@acme.example", locale="de"):
    return client.post(reverse(PAGE), {"email": email, "locale": locale})


def contact(cast, **values):
    now = clock.now()
    term = {"added_at": now, "sent_at": now, "expires_at": now + timedelta(days=7)}
    facts = {"email": "invoices@acme.example", "locale": "de", **term}
    return BillingContact.objects.create(organization=cast.acme, **facts | values)


def url(row):
    return reverse("storefront:billing_contact", args=[links.token(links.CONTACT, row.pk)])


def invoice(cast):
    amounts = ("subtotal_minor", "total_minor", "amount_due_minor", "amount_paid_minor", "amount_remaining_minor")
    return Invoice.objects.create(
        organization=cast.acme,
        stripe_id="in_1",
        number="A-1",
        status="paid",
        currency="eur",
        issued_at=clock.now(),
        mirrored_at=clock.now(),
        **dict.fromkeys(amounts, 100),
    )


def test_an_address_agrees_by_its_link_in_its_language(cast, client):
    client.force_login(cast.owner)
    assert add(client).status_code == 302
    outbox.drain(clock.wall())
    [message] = mail.outbox
    assert message.to == ["invoices@acme.example"]
    assert message.subject == "Belege von Acme an diese Adresse?"
    link = re.search(r"http://testserver(/billing-contacts/\S+)", message.body).group(1)
    client.logout()
    assert client.get(link).status_code == 200
    assert not BillingContact.objects.verified().exists()
    for _twice in range(2):
        assert client.post(link, {"answer": "yes"}).status_code == 200
    assert BillingContact.objects.verified().count() == 1


def test_receipts_go_to_those_who_agreed_with_a_link_of_their_own(cast, client, monkeypatch):
    row = contact(cast, verified_at=clock.now())
    contact(cast, email="not-yet@acme.example")
    notices.receipt(invoice(cast), at=clock.now())
    sent = {found.recipient: found for found in OutgoingMail.objects.filter(kind="billing/receipt")}
    assert set(sent) == {"owner@acme.example", "billing@acme.example", "invoices@acme.example"}
    assert sent["invoices@acme.example"].locale == "de"
    link = sent["invoices@acme.example"].context["invoice_url"].removeprefix("http://testserver")
    monkeypatch.setattr(invoices.gateway, "invoice", lambda _id: SimpleNamespace(hosted_invoice_url="https://pay.example/1"))
    assert client.get(link)["Location"] == "https://pay.example/1"
    billing_contacts.refuse(contact=row, at=clock.now())
    assert client.get(link).status_code == 404


def test_the_reader_stops_it_and_is_not_asked_again(cast, client):
    row = contact(cast, verified_at=clock.now())
    assert client.post(url(row), {"answer": "no"}).status_code == 200
    assert client.get(url(row)).status_code == 410
    client.force_login(cast.owner)
    assert add(client).status_code == 422
    assert BillingContact.objects.live().count() == 0


def test_an_old_link_agrees_to_nothing(cast, client):
    row = contact(cast, expires_at=clock.now() - timedelta(seconds=1))
    assert client.post(url(row), {"answer": "yes"}).status_code == 410
    assert not BillingContact.objects.verified().exists()


@pytest.mark.parametrize("email", ["", "nonsense", "INVOICES@acme.example"])
def test_what_is_no_address_or_there_already_is_refused(cast, client, email):
    contact(cast)
    client.force_login(cast.owner)
    assert add(client, email).status_code == 422
    assert BillingContact.objects.count() == 1


def test_there_is_a_most(cast, client):
    for number in range(10):
        contact(cast, email=f"a{number}@acme.example")
    client.force_login(cast.owner)
    assert "Höchstens" in add(client).content.decode() or "are the most" in add(client).content.decode()
    BillingContact.objects.update(removed_at=clock.now())
    for number in range(10):
        contact(cast, email=f"b{number}@acme.example", removed_at=clock.now())
    assert add(client).status_code == 422  # added and removed all day, it would be a way to mail strangers


def test_asking_again_has_a_pace(cast, client):
    row = contact(cast)
    client.force_login(cast.owner)
    client.post(reverse("storefront:contact_sends", args=[row.pk]))
    assert not OutgoingMail.objects.exists()
    BillingContact.objects.update(sent_at=clock.now() - timedelta(hours=1))
    client.post(reverse("storefront:contact_sends", args=[row.pk]))
    assert OutgoingMail.objects.count() == 1


def test_a_contact_that_bounces_falls_back_to_the_owner(cast):
    contact(cast, verified_at=clock.now())
    suppressions.suppress(address="invoices@acme.example", reason=SuppressionReason.BOUNCE, detail="", at=clock.wall())
    notices.receipt(invoice(cast), at=clock.now())
    for _round in range(2):
        outbox.drain(clock.wall())
    assert {to for message in mail.outbox for to in message.to} == {"owner@acme.example", "billing@acme.example"}
    assert Suppression.objects.live().count() == 1
