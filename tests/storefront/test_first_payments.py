"""A first charge that the bank asks about, on the pages: what waits, how to finish or drop it, and what it becomes."""

import re

import pytest
from django.urls import reverse

from billing.models import Invoice, SeatChange, StripeCommand
from billing.queries import invoices
from billing.services.leaving import resuming
from tests import factories
from tests.billing import test_trials
from tests.billing.calling import Program, assert_problem
from tests.shop import text

RESUMPTION, CONVERSION = reverse("storefront:resumption"), reverse("storefront:pilot_conversion")
ASKS = {"outcome": "requires_action"}


@pytest.fixture
def over(shop, cast, client):
    """A trial that ended, with a card on file since; its owner is signed in."""
    client.force_login(cast.owner)
    return test_trials.ended_with_a_card(shop)


@pytest.fixture
def piloted(shop, cast, client):
    client.force_login(cast.owner)
    return shop.kept("pilot on a page", lambda: shop.buy(plan="", seats=1, pilot="fieldnote/site"))


def pay(client, shop, address):
    """Click on the amount; the bank asks. The page that this leads to, and what waits."""
    token = re.search(r'name="token" value="([^"]+)"', text(client.get(address)))[1]
    shop.control("POST", "next_payment", **ASKS)
    answer = client.post(address.partition("?")[0], {"token": token, "line": "fieldnote"})
    change = SeatChange.objects.latest("pk")
    assert answer.url == reverse("storefront:seat_change", args=[change.public_id])
    return answer.url, change


def test_a_trial_goes_on_once_the_bank_is_answered(client, shop, over, django_assert_max_num_queries):
    page_url, _change = pay(client, shop, RESUMPTION)
    shop.settle()
    page = text(client.get(page_url))
    for said in ("Your bank wants you to confirm the payment", "$54.00", "you go on with Team and 3 seats", "to read only"):
        assert said in page
    for name in ("home", "seats", "payment_method"):
        address = reverse(f"storefront:{name}")
        client.get(address)
        with django_assert_max_num_queries(6):
            page = text(client.get(address))
        assert "$54.00 waits for your bank" in page
        assert (page.count("Drop it"), f'href="{page_url}"' in page) == (1, True)
    # A new card pays neither this, nor anything else: nothing is overdue.
    assert "$54.00 waits for you and is not charged by changing the card" in page
    assert "tried with it at once" not in page
    address = reverse("storefront:invoices")
    client.get(address)
    with django_assert_max_num_queries(6):
        page = text(client.get(address))
    # Stripe would try it again next month; the store drops it before.
    assert "waits for your bank until" in page
    assert "tried again" not in page
    invoice = Invoice.objects.get(status="open")
    assert (invoice.next_attempt_at is None, invoices.next_attempt_at(invoice)) == (False, None)
    assert f'href="{page_url}" aria-label="Finish paying: Invoice' in page
    assert client.get(RESUMPTION).url == page_url
    paying = client.get(reverse("storefront:seat_change_payment", args=[page_url.split("/")[-2]]))
    shop.pay_invoice(paying.url)
    shop.settle()
    page = text(client.get(page_url, headers={"HX-Request": "true"}))
    assert "$54.00 was paid. Your people go on where they stopped." in page
    assert "waits for your bank" not in text(client.get("/"))


def test_what_is_ended_is_owed_no_more_on_the_next_page(client, shop, over):
    page_url, _change = pay(client, shop, RESUMPTION)
    shop.settle()
    assert "1 invoice is open" in text(client.get(reverse("storefront:invoices")))
    ended = client.post(reverse("storefront:cancellation"), {"line": "fieldnote"}, follow=True)
    assert "Ended. Nothing was charged" in text(ended)
    assert [one.status for one in ended.context["invoices"]] == ["void"]
    page = text(client.get(page_url))
    assert ("Nothing was charged." in page, "See what going on costs" in page, "Go home" in page) == (True, False, True)


def test_a_price_that_moved_leads_back_to_the_line_it_is_about(client, over, monkeypatch):
    failed = StripeCommand(state="failed", payload={"subscription": over.stripe_id})
    monkeypatch.setattr(resuming, "resume", lambda *_row, **_agreed: failed)
    assert client.post(RESUMPTION, {"line": "fieldnote", "token": "any"}).url == f"{RESUMPTION}?line=fieldnote"


def test_a_pilot_goes_on_when_it_is_dropped_and_can_become_the_plan_later(client, shop, piloted, django_assert_max_num_queries):
    page_url, change = pay(client, shop, f"{CONVERSION}?seats=25&interval=month")
    page = text(client.get(page_url))
    for said in ("$60.00", "you go on with Team and 25 seats", "Your pilot, until"):
        assert said in page
    for name in ("home", "seats"):
        address = reverse(f"storefront:{name}")
        client.get(address)
        with django_assert_max_num_queries(6):
            assert "$60.00 waits for your bank" in text(client.get(address))
    assert client.get(CONVERSION).url == page_url
    page = text(client.post(page_url, {"action": "drop"}, follow=True))
    assert "Dropped. Nothing was charged, and everything is as it was." in page
    assert "The pilot ends" in page
    page = text(client.get(page_url))
    assert "Nothing was charged. Your pilot runs until" in page
    assert f"{CONVERSION}?line=fieldnote&seats=25" in page
    assert client.post(page_url, {"action": "drop"}).url == "/"  # twice is no error
    change.refresh_from_db()
    assert change.state == "dropped"


def test_what_was_not_paid_in_time_says_so_and_leads_to_another_try(client, shop, over):
    page_url, _change = pay(client, shop, RESUMPTION)
    shop.advance(hours=24)
    page = text(client.get(page_url))
    assert "Not paid in time" in page
    assert "Nothing was charged. Everything is kept, and your people can read what they made." in page
    assert f'href="{RESUMPTION}?line=fieldnote"' in page
    assert "The trial is over, and nothing was charged" in text(client.get("/"))


def test_programs_hear_where_a_person_finishes_it(cast, shop, piloted):
    own = Program(factories.ApiKeyFactory(organization=cast.acme, scopes=["billing:read", "billing:write"]))
    preview = own.post("subscription/pilot/conversion-preview", {"seats": 25, "interval": "month"}, key="").json()
    shop.control("POST", "next_payment", **ASKS)
    agreed = {"token": preview["token"]}
    made = own.post("subscription/pilot/conversions", agreed)
    pending = own.get("subscription").json()["pending"]
    assert (made.status_code, made.json()["outcome"], made.json()["payment_url"]) == (202, "waiting", pending["finish_url"])
    assert (pending["kind"], pending["due_now_minor"]) == ("conversion", 6_000)
    again = own.post("subscription/pilot/conversion-preview", {"seats": 30, "interval": "month"}, key="").json()
    assert_problem(own.post("subscription/pilot/conversions", {"token": again["token"]}), 409, "payment-pending")
    dropped = own.delete(f"subscription/seats/changes/{pending['change']}")
    assert (dropped.status_code, dropped.json()["state"]) == (200, "dropped")
    said = own.post("subscription/pilot/conversions", agreed).json()
    assert (said["outcome"], said["payment_url"]) == ("declined", None)
