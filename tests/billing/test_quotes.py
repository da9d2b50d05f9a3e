"""Standard quotes: made by the buyer alone, held whatever is sold meanwhile, accepted by a link for what is shown, once."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import Journal, OutgoingMail, Policy
from accounts.queries import policies
from billing.models import Cart, CheckoutAttempt, Invoice, Quote, SeatChange, Subscription
from billing.services import announcements
from billing.services.books import quote_rows
from billing.services.changes import plan_changes, seats
from billing.services.quoting import acceptances, days, drafts, quotes
from billing.services.tax import tax_details
from config import clock, words
from storefront import limits
from tests import factories, shelf
from tests.billing import on_terms
from tests.billing.calling import Program, assert_problem
from tests.shop import text

SHIPPED = "prices.month = { usd = 900,"
LINK = re.compile(r"/quotes/approval/[^/\"]+/")
APPROVER = {"name": "Frida Finance", "email": "frida@acme.example", "accept": "yes", "purchase_order": "PO 4711"}


@pytest.fixture(autouse=True)
def _asked_as_often_as_one_likes(monkeypatch):
    """The hour's counts of an address outlive a test."""
    monkeypatch.setattr(limits, "is_over", lambda *_asked: False)


@pytest.fixture
def row(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def issued(shop, quote, **said):
    return quotes.issue(quote, said=quotes.Addressed(**said), origin=shop.origin, at=clock.now())


def of_cart(shop, **wanted):
    cart = Cart.objects.select_related("plan__line", "pilot", "organization").get(pk=shop.cart(**wanted).pk)
    return issued(shop, drafts.of_cart(cart, shop.organization, origin=shop.origin, at=clock.now()))


def of_seats(shop, row, number):
    token = seats.offer(row, seats=number, at=clock.now()).token
    return issued(shop, drafts.of_token(shop.organization, token, origin=shop.origin, at=clock.now()))


def link_of(quote):
    return LINK.search(quote_rows.link(quote)).group(0)


def form_of(page):
    """The hidden fields of the accepting form, as a browser would send them."""
    return dict(re.findall(r'<input type="hidden" name="(due|token)" value="([^"]*)"', page))


def test_a_cart_becomes_a_quote_that_holds_its_price_and_is_bought_by_its_link(shop, buyer, client_of_nobody):
    cart = shop.cart(plan="fieldnote/starter", seats=3)
    assert "Get a quote" in text(buyer.get("/cart/"))
    draft = buyer.post("/quotes/", {"cart": cart.public_id}).headers["Location"]
    assert "Issue the quote" in text(buyer.get(draft))
    said = {"action": "issue", "approver_email": "frida@acme.example", "addressed_to": "Einkauf & Söhne", "note": "<b>Q4</b>"}
    assert [buyer.post(draft, said).status_code for _ in "12"] == [303, 303]
    quote = Quote.objects.get()
    assert (quote.state, quote.due_minor, quote.number[-5:]) == ("open", 2_700, "00001")
    mail = OutgoingMail.objects.get(kind="billing/quote_to_approve")
    assert mail.recipient == "frida@acme.example"
    link = LINK.search(mail.context["open_url"]).group(0)
    shop.sell(shelf.read(shelf.text().replace(SHIPPED, "prices.month = { usd = 990,")))
    page = text(client_of_nobody.get(link))
    assert "Einkauf & Söhne" in page
    assert "<b>Q4</b>" not in client_of_nobody.get(link).content.decode()
    assert form_of(page) == {"due": "2700"}
    assert client_of_nobody.get(f"{link}pdf/").content.startswith(b"%PDF-")
    assert client_of_nobody.post(link, APPROVER | {"due": "2600"}).status_code == 409
    gone = [client_of_nobody.post(link, APPROVER | form_of(page)).headers["Location"] for _ in "12"]
    assert gone[0] == gone[1]
    again = text(client_of_nobody.get(link))  # back from the payment page, without having paid
    assert ['value="Frida Finance"' in again, 'value="PO 4711"' in again] == [True, True]
    assert CheckoutAttempt.objects.count() == 1
    back = shop.pay(gone[0])
    assert link in back
    assert "This quote is accepted" in text(client_of_nobody.get(back))
    shop.settle()
    row = Subscription.objects.get()
    assert (row.quantity, row.price.retired_at is not None) == (3, True)
    quote.refresh_from_db()
    assert (quote.state, quote.decision.name, quote.decision.due_minor) == ("accepted", "Frida Finance", 2_700)
    assert OutgoingMail.objects.filter(kind="billing/quote_accepted").count() == 2  # owner and billing admin
    assert row.organization.billing_details.purchase_order == "PO 4711"
    invoice, said = Invoice.objects.get(), text(buyer.get(draft))
    came_of_it = f"$27.00 on invoice {invoice.number}"
    assert ("Frida Finance accepted it" in said, came_of_it in said, invoice.stripe_id in said) == (True, True, True)
    said = text(client_of_nobody.get(link))
    assert (came_of_it in said, "/open-invoices/" in said, "on acceptance" in said) == (True, True, False)
    told = OutgoingMail.objects.get(kind="billing/quote_done")
    assert (told.recipient, told.context["amount_minor"]) == (APPROVER["email"], 2_700)


def test_bought_on_invoice_where_that_is_allowed(shop, client_of_nobody):
    factories.rule("billing.payment_days", 30)
    tax_details.save(shop.organization, on_terms.ADDRESS, origin=shop.origin, at=clock.now())
    quote = of_cart(shop, plan="fieldnote/starter", seats=3)
    page = text(client_of_nobody.get(link_of(quote)))
    assert "On invoice, to be paid by" in page
    client_of_nobody.post(link_of(quote), APPROVER | form_of(page) | {"way": "invoice"})
    row = Subscription.objects.get()
    quote.refresh_from_db()
    assert (row.collection_method, quote.state, quote.decision.way) == ("send_invoice", "accepted", "invoice")
    change = of_seats(shop, shop.fresh(row), 5)
    assert "to be paid by" in text(client_of_nobody.get(link_of(change)))


def test_what_something_else_overtook_is_closed_with_the_reason(shop, row, buyer, client_of_nobody):
    change, bought = of_seats(shop, row, 13), of_cart(shop, plan="inspect/complete", seats=5)
    seats.confirm(row, token=seats.offer(row, seats=11, at=clock.now()).token, origin=shop.origin, at=clock.now())
    shop.settle()
    change.refresh_from_db()
    bought.refresh_from_db()
    assert (change.state, change.overtaken["why"], change.overtaken["seats"]) == ("overtaken", "changed", 11)
    assert (bought.state, bought.look_at) == ("open", None), "of another line, and looked at"
    mail = OutgoingMail.objects.get(kind="billing/quote_overtaken")
    assert (mail.recipient, mail.context["number"]) == (shop.owner.email, change.number)
    page = text(client_of_nobody.get(link_of(change)))
    assert "Something else came before this quote" in page
    assert "with 11 seats" in page
    assert f"mailto:{shop.owner.email}" in page
    said = APPROVER | {"due": "1", "token": "x"}
    assert client_of_nobody.post(link_of(change), said).status_code == 409
    assert "make it anew" in text(buyer.get(f"/quotes/{change.public_id}/"))
    again = buyer.post(f"/quotes/{change.public_id}/", {"action": "again"}).headers["Location"]
    buyer.post(again, {"action": "issue"})
    assert Quote.objects.get(follows=change).state == "open"
    shop.buy(plan="inspect/complete", seats=5)
    shop.settle()
    bought.refresh_from_db()
    assert (bought.state, bought.overtaken["why"]) == ("overtaken", "bought")


def test_terms_approved_after_it_was_issued_count_when_it_is_accepted(shop, client_of_nobody):
    """And the price it holds stays."""
    quote = of_cart(shop, plan="fieldnote/starter", seats=3)
    assert "On invoice" not in text(client_of_nobody.get(link_of(quote)))
    shop.sell(shelf.read(shelf.text().replace(SHIPPED, "prices.month = { usd = 990,")))
    factories.rule("billing.payment_days", 30)
    assert "On invoice too, once Acme has completed its billing address" in text(client_of_nobody.get(link_of(quote)))
    tax_details.save(shop.organization, on_terms.ADDRESS, origin=shop.origin, at=clock.now())
    page = text(client_of_nobody.get(link_of(quote)))
    assert "On invoice, to be paid by" in page
    client_of_nobody.post(link_of(quote), APPROVER | form_of(page) | {"way": "invoice"})
    quote.refresh_from_db()
    assert (quote.state, quote.decision.due_minor, Subscription.objects.get().collection_method) == (
        "accepted",
        2_700,
        "send_invoice",
    )


def test_more_seats_are_accepted_once_by_two_approvers_for_what_is_shown(shop, row, buyer, client_of_nobody):
    shown = text(buyer.get("/seats/", {"seats": 13}))
    token = re.search(r'name="token" value="([^"]+)"', shown).group(1)
    draft = buyer.post("/quotes/", {"token": token}).headers["Location"]
    assert "3 more seats of Team" in text(buyer.get(draft))
    buyer.post(draft, {"action": "issue"})
    quote = Quote.objects.get()
    link = link_of(quote)
    first, second = (text(client_of_nobody.get(link)) for _ in "12")
    assert "13 seats at once" in first
    due = int(form_of(first)["due"])
    assert 0 < due <= 4_800
    for page in (first, second):
        client_of_nobody.post(link, APPROVER | form_of(page))
    change = SeatChange.objects.get()
    assert (change.state, change.due_now_minor) == ("done", due)
    assert shop.fresh(row).quantity == 13
    quote.refresh_from_db()
    assert quote.state == "accepted"
    assert "There is nothing left to do" in text(client_of_nobody.get(link))
    assert {"billing.quote.issued", "billing.quote.accepted"} <= set(Journal.objects.values_list("kind", flat=True))


def test_its_document_says_to_the_cent_what_is_invoiced_on_its_day_at_odd_instants_and_days(shop, row, client_of_nobody):
    shop.organization.time_zone = "Pacific/Auckland"
    shop.organization.save()
    row = shop.fresh(row)
    midnight = days.counts_from(row, row.period_starts_at + timedelta(days=6))
    shop.advance_to(midnight + timedelta(hours=1, seconds=7))
    quote = of_seats(shop, row, 13)
    dues = [acceptances.offer(quote, at=midnight + timedelta(days=number, seconds=7)).due_minor for number in range(0, 24, 5)]
    late = [
        acceptances.offer(quote, at=midnight + timedelta(days=number, seconds=86_399)).due_minor for number in range(0, 24, 5)
    ]
    assert dues == late == sorted(set(dues), reverse=True)
    assert dues[0] == quote.due_minor
    shop.advance_to(midnight + timedelta(hours=19, minutes=41, seconds=13))
    page = text(client_of_nobody.get(link_of(quote)))
    assert f"if accepted on {words.full_day(clock.now().astimezone(days.zone_of(shop.organization)).date())}" in page
    client_of_nobody.post(link_of(quote), APPROVER | form_of(page))
    shop.settle()
    invoice = Invoice.objects.get(stripe_id=SeatChange.objects.get().stripe_invoice_id)
    assert (invoice.total_minor, invoice.amount_paid_minor) == (quote.due_minor, quote.due_minor)
    # What is had since then is not billed for the time before.
    assert days.counts_from(shop.fresh(row), clock.now()) > midnight + timedelta(hours=19)


def test_it_says_until_when_where_the_day_brings_another_amount(shop, row, client_of_nobody):
    near, over = row.period_ends_at - timedelta(minutes=30), row.period_ends_at
    shop.organization.time_zone = "UTC" if near.date() == over.date() else "Asia/Tokyo"
    shop.organization.save()
    shop.advance_to(near)
    row = shop.fresh(row)
    quote = of_seats(shop, row, 13)
    said = f"{over.astimezone(days.zone_of(row.organization)):%H:%M}"
    assert f"before {said}" in text(client_of_nobody.get(link_of(quote)))
    assert days.holds_before(row, row.period_ends_at - timedelta(seconds=1)) == row.period_ends_at
    assert days.holds_before(row, row.period_ends_at - timedelta(days=2)) is None


def test_a_year_instead_of_months_is_what_its_document_says_all_day(shop, row, client_of_nobody):
    shop.advance_to(days.counts_from(row, row.period_starts_at + timedelta(days=6)) + timedelta(minutes=3))
    token = plan_changes.offer(row, plan="team", quantity=None, interval="year", at=clock.now()).token
    quote = issued(shop, drafts.of_token(shop.organization, token, origin=shop.origin, at=clock.now()))
    shop.advance_to(clock.now() + timedelta(hours=17, minutes=11))
    page = text(client_of_nobody.get(link_of(quote)))
    assert form_of(page)["due"] == str(quote.due_minor)
    client_of_nobody.post(link_of(quote), APPROVER | form_of(page))
    shop.settle()
    assert Invoice.objects.get(stripe_id=SeatChange.objects.get().stripe_invoice_id).total_minor == quote.due_minor


def test_what_it_rests_on_has_moved_so_it_is_made_anew(shop, row, buyer, client_of_nobody):
    quote = of_seats(shop, row, 13)
    token = seats.offer(row, seats=11, at=clock.now(), is_gathered=False).token
    seats.confirm(row, token=token, origin=shop.origin, at=clock.now())
    page = text(client_of_nobody.get(link_of(quote)))
    assert "What it rests on has changed" in page
    assert not form_of(page)
    fresh = buyer.post(f"/quotes/{quote.public_id}/", {"action": "again"}).headers["Location"]
    assert "2 more seats of Team" in text(buyer.get(fresh))
    buyer.post(fresh, {"action": "issue"})
    quote.refresh_from_db()
    assert quote.state == "withdrawn"
    assert Quote.objects.get(state="open").number[-5:] == "00002"


def test_a_larger_plan_whose_price_has_left_the_catalog_is_had_at_the_price_that_was_held(shop, row, client_of_nobody):
    token = plan_changes.offer(row, plan="business", quantity=None, at=clock.now()).token
    quote = issued(shop, drafts.of_token(shop.organization, token, origin=shop.origin, at=clock.now()))
    dearer = shelf.text().replace("prices.month = { usd = [2900,", "prices.month = { usd = [9900,")
    shop.sell(shelf.read(dearer))
    page = text(client_of_nobody.get(link_of(quote)))
    client_of_nobody.post(link_of(quote), APPROVER | form_of(page))
    row = shop.fresh(row)
    assert (row.plan.code, row.price_id) == ("business", quote.price_id)
    assert row.price.retired_at is not None


def test_a_declined_card_is_replaced_on_the_page_it_leads_to_and_then_it_is_accepted(shop, row, client_of_nobody):
    quote = of_seats(shop, row, 12)
    link = link_of(quote)
    shop.control("POST", "next_payment", outcome="insufficient_funds")
    leads = client_of_nobody.post(link, APPROVER | form_of(text(client_of_nobody.get(link)))).headers["Location"]
    assert "The card was declined" in text(client_of_nobody.get(link))
    assert client_of_nobody.post(link, {"way": "pay"}).headers["Location"] == leads
    quote.refresh_from_db()
    assert (quote.state, shop.fresh(row).quantity) == ("open", 10)
    shop.pay_invoice(leads)
    shop.settle()
    quote.refresh_from_db()
    assert (quote.state, shop.fresh(row).quantity) == ("accepted", 12)


def test_it_is_reminded_of_then_lapses_and_accepts_nothing(shop, client_of_nobody):
    quote = of_cart(shop, plan="fieldnote/starter", seats=3)
    shop.move_store(26 * 86_400)
    announcements.drain(clock.wall())
    announcements.drain(clock.wall())
    assert OutgoingMail.objects.filter(kind="billing/quote_lapses").count() == 1
    form = APPROVER | form_of(text(client_of_nobody.get(link_of(quote))))
    shop.move_store(32 * 86_400)
    assert client_of_nobody.post(link_of(quote), form).status_code == 409  # before any sweep says so
    announcements.drain(clock.wall())
    quote.refresh_from_db()
    assert quote.state == "lapsed"
    assert "This quote has lapsed" in text(client_of_nobody.get(link_of(quote)))
    shop.move_store(95 * 86_400)
    assert client_of_nobody.get(link_of(quote)).status_code == 404
    assert not CheckoutAttempt.objects.exists()


def test_withdrawing_ends_a_page_that_is_open(shop, buyer, client_of_nobody):
    quote = of_cart(shop, plan="fieldnote/starter", seats=3)
    client_of_nobody.post(link_of(quote), APPROVER | {"due": str(quote.due_minor)})
    buyer.post(f"/quotes/{quote.public_id}/", {"action": "withdraw"})
    assert CheckoutAttempt.objects.get().state == "expired"
    assert "This quote was withdrawn" in text(client_of_nobody.get(link_of(quote)))


def test_pages_in_few_queries_and_limits(shop, buyer, django_assert_max_num_queries, in_force):
    for number in (3, 4):
        quote = of_cart(shop, plan="fieldnote/starter", seats=number)
    with django_assert_max_num_queries(6):
        page = text(buyer.get("/quotes/"))
    assert page.count("Starter for") == 2
    with django_assert_max_num_queries(6):
        buyer.get(f"/quotes/{quote.public_id}/")
    in_force(quotes_per_day=2)
    with pytest.raises(quotes.TooMany):
        of_cart(shop, plan="fieldnote/starter", seats=5)
    zone = ZoneInfo(shop.organization.time_zone)
    assert quote.valid_on - timedelta(days=30) == quote.issued_at.astimezone(zone).date()


def test_by_the_api(shop, row, cast):
    program = Program(cast.organization_key)
    token = program.post("subscription/seats/preview", {"seats": 12}).json()["token"]
    said = {"token": token, "external_id": "deal-1", "note": "For the new crew"}
    made = program.post("quotes", said)
    assert (made.status_code, made.json()["state"], made.json()["kind"], made.json()["seats"]) == (201, "open", "change", 12)
    assert program.post("quotes", said).status_code == 200
    assert program.get("quotes/external:deal-1").json() == made.json()
    assert program.get("quotes", {"state": "open"}).json()["data"] == [made.json()]
    pdf = program.get("quotes/external:deal-1/pdf").json()["url"]
    assert Client().get(LINK.search(pdf).group(0) + "pdf/").content.startswith(b"%PDF-")
    assert program.delete("quotes/external:deal-1").json()["state"] == "withdrawn"
    assert program.delete("quotes/external:deal-1").status_code == 200
    assert_problem(program.post("quotes", {}), 400, "invalid", "#/cart")
    trial = shop.cart(plan="fieldnote/team", seats=5, is_trial=True)
    assert_problem(program.post("quotes", {"cart": trial.public_id}), 422, "not-quotable")
    assert not Quote.objects.filter(state="draft").exists()


@pytest.fixture
def client_of_nobody():
    return Client()


@pytest.fixture
def in_force():
    def now(**values):
        at = clock.now()
        Policy.objects.bulk_create(
            Policy(name=f"billing.{name}", value=value, effective_at=at - timedelta(days=1), created_at=at, reason="x")
            for name, value in values.items()
        )
        policies.forget()

    return now
