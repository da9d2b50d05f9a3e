"""Invoices: what each is for, pages that cost the same however many there are, and fresh addresses at Stripe."""

from datetime import timedelta

import pytest
from django.urls import reverse

from billing.models import Invoice, InvoiceLine, Price
from billing.queries import invoices
from billing.services import store_time
from config import clock
from tests import factories
from tests.shop import text

INVOICES = "/invoices/"


@pytest.fixture
def subscription(shop, cast):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def many(subscription, count):
    """Paid invoices of the past, one a day, each with a line."""
    start = clock.now() - timedelta(days=count + 1)
    rows = [
        Invoice(
            organization=subscription.organization,
            subscription=subscription,
            stripe_id=f"in_past{number}",
            number=f"P-{number:05d}",
            status="paid",
            currency="usd",
            subtotal_minor=16000,
            total_minor=16000,
            amount_due_minor=16000,
            amount_paid_minor=16000,
            amount_remaining_minor=0,
            issued_at=start + timedelta(days=number),
            mirrored_at=clock.now(),
        )
        for number in range(count)
    ]
    made = Invoice.objects.bulk_create(rows)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=row,
            stripe_id=f"il_{row.pk}",
            position=0,
            description="10 x Team",
            quantity=10,
            amount_minor=16000,
            starts_at=row.issued_at,
            ends_at=row.issued_at + timedelta(days=30),
        )
        for row in made
    )


def test_nothing_yet_says_when_the_first_comes(buyer, cast):
    page = text(buyer.get(INVOICES))
    assert "No invoices yet" in page
    assert reverse("storefront:pricing") in page


def test_in_a_trial_nobody_is_sent_to_the_prices(buyer, cast, on_sale):
    price = Price.objects.select_related("plan__line").first()
    factories.SubscriptionFactory(organization=cast.acme, price=price, status="paused")
    page = text(buyer.get(INVOICES))
    assert "Nothing has been charged yet" in page
    assert "No invoices yet" not in page


def test_each_says_seats_period_and_amount(buyer, subscription):
    page = text(buyer.get(INVOICES))
    assert "Everything is paid." in page
    assert "data-fresh" not in page
    assert "10 seats" in page
    assert "$160.00" in page
    assert Invoice.objects.get().number in page


def test_an_open_one_is_to_be_paid(buyer, subscription, shop, cast):
    shop.control("POST", "next_payment", outcome="declined")
    store_time.to_renewal(cast.acme)
    page = text(buyer.get(INVOICES))
    assert "1 invoice is overdue: $160.00." in page
    assert "data-fresh" in page
    assert "tried again" in page


def test_the_way_to_stripe_is_asked_afresh(buyer, subscription):
    invoice = Invoice.objects.get()
    hosted = buyer.get(reverse("storefront:invoice_hosted", args=[invoice.stripe_id]))
    assert (hosted.status_code, "/i/" in hosted.url) == (303, True)
    pdf = buyer.get(reverse("storefront:invoice_pdf", args=[invoice.stripe_id]))
    assert pdf.url.endswith("/pdf")


def test_stripe_silent_is_said(buyer, subscription, shop):
    shop.control("POST", "faults", match="GET /v1/invoices/*", kind="drop", times=9)
    response = buyer.get(reverse("storefront:invoice_hosted", args=[Invoice.objects.get().stripe_id]))
    assert response.url == INVOICES
    assert "does not answer" in text(buyer.get(INVOICES))


def test_nobody_elses_invoice(client, cast, subscription):
    client.force_login(cast.stranger)
    for name in ("storefront:invoice_hosted", "storefront:invoice_pdf"):
        assert client.get(reverse(name, args=[Invoice.objects.get().stripe_id])).status_code == 404
    assert "No invoices yet" in text(client.get(INVOICES))


def test_a_member_may_not_look(client, cast, subscription):
    client.force_login(cast.member)
    assert client.get(INVOICES).status_code == 403


def test_pages_go_on_where_the_one_before_ended(buyer, subscription):
    many(subscription, 45)
    seen, address = [], INVOICES
    for _page in range(3):
        response = buyer.get(address)
        page = response.context["page"]
        seen += [invoice.number for invoice in page.invoices]
        address = f"{INVOICES}?before={page.older}"
    assert len(seen) == len(set(seen)) == 46
    assert page.older == ""
    assert seen[-1] == "P-00000"


@pytest.mark.parametrize("before", ["x", "1-", "-1", "9" * 60, "99999999999999999999-1", "1-1"])
def test_a_place_that_makes_no_sense(buyer, subscription, before):
    assert buyer.get(INVOICES, {"before": before}).status_code == 200


def test_six_queries_for_one_and_for_thousands(buyer, subscription, django_assert_num_queries):
    buyer.get(INVOICES)
    with django_assert_num_queries(6):
        buyer.get(INVOICES)
    many(subscription, 10_000)
    with django_assert_num_queries(6):
        buyer.get(INVOICES)
    older = buyer.get(INVOICES).context["page"].older
    with django_assert_num_queries(6):
        buyer.get(INVOICES, {"before": older})


def test_a_plan_charged_in_a_line_for_each_tier_is_counted_whole(subscription):
    invoice = Invoice.objects.get()
    main = invoice.lines.get()
    for number, addon in ((7, {}), (2, {"en": "Support"})):
        said = {"invoice": invoice, "position": number, "quantity": number, "amount_minor": 100, "addon": addon}
        InvoiceLine.objects.create(stripe_id=f"il_{number}", starts_at=main.starts_at, ends_at=main.ends_at, **said)
    [shown] = invoices.page(subscription.organization).invoices
    assert (shown.quantity, [line.quantity for line in shown.beside]) == (17, [2])
