"""Bank debits in the store: bought and had while the bank is at work, within a limit; late failures go up the ladder."""

import re
from datetime import timedelta

import pytest
import requests
from django.conf import settings
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.services import rendering
from billing import gateway
from billing.models import Customer, DunningEpisode, Invoice, Subscription
from billing.queries import overview
from billing.rules.collecting import How
from billing.services.changes import seats
from billing.services.leaving import endings, resuming
from billing.services.selling import cards, checkout, mandates
from config import clock
from tests import factories
from tests.shop import text

IBAN, IBAN_POOR, IBAN_FAILS = "DE89370400440532013000", "DE65370400440002222227", "DE62370400440532013001"
FORM = {"action": "pay", "card_name": "Olive Owner", "country": "DE"}


def pay_by_debit(shop, url, iban=IBAN):
    answer = requests.post(
        f"{url}?method=sepa_debit", data={**FORM, "email": shop.owner.email, "iban": iban}, allow_redirects=False, timeout=30
    )
    assert answer.status_code == 303, answer.text[-3000:]


def bought(shop, iban=IBAN, **wanted):
    """Acme with ten seats in euros, whose bank is at work on the first invoice."""

    def buy():
        attempt = shop.start(currency="eur", seats=10, **wanted)
        pay_by_debit(shop, attempt.url, iban)
        shop.settle()
        attempt.refresh_from_db()
        return attempt.subscription

    return shop.fresh(shop.kept(f"ten seats by debit of {iban}", buy))


def standing(row):
    return overview.standing(row.organization)


def mails(kind):
    return OutgoingMail.objects.filter(kind=f"billing/{kind}")


def test_seats_are_had_while_the_bank_is_at_work_and_nothing_is_late(shop):
    row = bought(shop)
    found, invoice = standing(row), Invoice.objects.get()
    customer = Customer.objects.get()
    assert (customer.method_kind, customer.bank_last4, customer.card_last4) == ("sepa_debit", "3000", "")
    assert (row.status, row.quantity, found.state, found.overdue) == ("active", 10, "active", ())
    assert (found.debit.amount_minor, found.debit.arrives_on) == (invoice.total_minor, invoice.debit_arrives_on)
    assert (found.bank.kind, found.bank.last4, found.card) == ("sepa_debit", "3000", None)
    assert {mail.context["last4"] for mail in mails("being_debited")} == {"3000"}
    assert not mails("receipt").exists()
    assert not DunningEpisode.objects.exists()

    shop.advance_to(clock.now() + timedelta(days=12))
    invoice.refresh_from_db()
    assert (invoice.status, invoice.debited_at, standing(row).debit) == ("paid", None, None)
    assert invoice.how == How.DEBIT  # so that is where a refund goes, whatever pays by then
    assert mails("receipt").exists()
    assert not mails("payment_missing").exists()


def test_nothing_is_given_back_of_what_has_not_arrived(shop, client, admin_client):
    """Ending at once waits for the bank, on the page and by a token from before; with the period it ends any time."""
    row = bought(shop, IBAN)
    client.force_login(shop.owner)
    page = text(client.get("/subscription/ending/", follow=True))
    assert "Ending it today is possible once that has arrived" in page
    assert "End it on" in page
    assert "You have paid until then" not in page
    for_staff = text(admin_client.get(reverse("admin:accounts_organization_change", args=[row.organization_id])))
    assert re.search(r"€1[\d.,]+ of €", for_staff), "what may be open, in the customer's currency"
    assert "•••• 3000" in for_staff
    with pytest.raises(endings.BankAtWork):
        endings.offer(row, is_owner=True, at=clock.now())
    shop.advance_to(clock.now() + timedelta(days=8))
    assert endings.offer(shop.fresh(row), is_owner=True, at=clock.now()).credit.credit_minor > 0


def test_a_late_failure_goes_up_the_ladder_and_another_debit_holds_it(shop, client):
    row = bought(shop, IBAN_POOR)
    shop.advance_to(clock.now() + timedelta(days=7, hours=12))  # after its bank said no, before it is tried again
    row, invoice, episode = shop.fresh(row), Invoice.objects.get(), DunningEpisode.objects.get()
    assert (row.status, invoice.status, invoice.debited_at) == ("past_due", "open", None)
    assert standing(row).state == "past_due"
    assert episode.started_at > invoice.issued_at + timedelta(days=4)
    _no_card_is_spoken_of(shop, client)
    # Stripe tries such an account once more: while the bank is at work, nothing gets worse.
    shop.advance_to(invoice.next_attempt_at + timedelta(hours=1))
    invoice.refresh_from_db()
    assert invoice.debited_at is not None
    told = episode.steps.count()
    shop.advance_to(invoice.debited_at + timedelta(days=3))
    episode.refresh_from_db()
    assert (episode.closed_at, episode.steps.count()) == (None, told)


def _no_card_is_spoken_of(shop, client):
    """Mail, the page its link leads to, home and the payment page: an account was debited."""
    told = mails("payment_failed").first()
    mail = rendering.message(told)
    assert "could not be debited" in mail.subject
    path = told.context["pay_url"].removeprefix(settings.STORE_URL)
    page = text(client.get(path))
    assert "The bank account of Acme" in page
    client.force_login(shop.owner)
    home, method = text(client.get("/")), text(client.get("/payment-method/"))
    assert "could not be debited" in home
    for said in (mail.body, page, home):
        assert not re.search(r"(the|[Aa]|[Nn]ew|your) card\b|be charged", said)
    assert "could not be charged" not in method


def test_who_comes_back_by_card_pays_by_card(shop, client):
    """By the page, the API's row and Stripe alike, although the customer had been debited before."""
    row = bought(shop)
    shop.advance_to(clock.now() + timedelta(days=8))
    gateway.cancel_subscription(row.stripe_id, {"invoice_now": False, "prorate": False}, key="over")
    shop.settle()
    shop.buy(currency="eur", seats=10)
    customer = Customer.objects.get()
    assert (customer.method_kind, customer.bank_last4, customer.card_last4) == ("card", "", "4242")
    settings_there = gateway.customer(customer.stripe_id).invoice_settings
    assert settings_there.default_payment_method.id == customer.payment_method_id
    assert Invoice.objects.latest("pk").how == How.CARD
    assert not mails("card_changed").exists()
    client.force_login(shop.owner)
    assert "SEPA" not in text(client.get("/payment-method/"))


def test_more_seats_are_had_at_once_within_the_credit_limit(shop):
    row = bought(shop)
    shop.advance_to(clock.now() + timedelta(days=10))
    row = shop.fresh(row)
    offer = seats.offer(row, seats=12, at=clock.now())
    change = seats.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    shop.settle()
    row = shop.fresh(row)
    assert (change.state, row.quantity, shop.at_stripe(row).pending_update) == ("done", 12, None)
    assert standing(row).debit.amount_minor == offer.preview.due_now_minor
    factories.rule("billing.credit_limit", 100)
    with pytest.raises(seats.BeyondCredit):
        seats.offer(row, seats=20, at=clock.now())


def test_beyond_the_limit_a_payment_page_takes_cards_alone(shop):
    factories.rule("billing.credit_limit", 100)
    attempt = shop.start(currency="eur", seats=10)
    assert "SEPA Direct Debit" not in requests.get(attempt.url, timeout=30).text


def test_a_trial_that_paused_goes_on_as_soon_as_the_bank_is_asked(shop):
    def paused():
        cart = shop.cart(is_trial=True, seats=10, currency="eur")
        attempt = checkout.start(cart=cart, organization=cart.organization, origin=shop.origin, at=clock.now())
        requests.post(attempt.url, data=FORM, allow_redirects=False, timeout=30)
        shop.settle()
        shop.advance_to(clock.now() + timedelta(days=15))
        return Subscription.objects.get()

    row = shop.fresh(shop.kept("a trial in euros is over", paused))
    wanted = resuming.offer(row)
    agreed = resuming.agreed(row, wanted.token)
    setup = cards.start_setup(shop.organization, origin=shop.origin, at=clock.now(), agreed=agreed)
    pay_by_debit(shop, setup.result["url"])
    shop.settle()
    row, invoice = shop.fresh(row), Invoice.objects.get(total_minor__gt=0)
    assert (row.status, row.is_in_trial, invoice.total_minor) == ("active", False, wanted.charge.due_minor)
    assert (invoice.status, invoice.debited_at is not None) == ("open", True)
    assert mails("card_changed").first().context["bank_last4"] == "3000"


def test_another_account_is_asked_for_what_the_first_did_not_pay(shop):
    row = bought(shop, IBAN_FAILS)
    shop.advance_to(clock.now() + timedelta(days=9))
    episode = DunningEpisode.objects.get()
    assert [invoice.billing_reason for invoice in cards.overdue(row.organization)] == ["subscription_create"]
    setup = cards.start_setup(shop.organization, origin=shop.origin, at=clock.now())
    pay_by_debit(shop, setup.result["url"])
    shop.settle()
    assert not cards.overdue(row.organization).exists()
    assert Invoice.objects.get().debited_at is not None
    shop.advance_to(clock.now() + timedelta(days=9))
    episode.refresh_from_db()
    assert (shop.fresh(row).status, episode.outcome, Invoice.objects.get().status) == ("active", "recovered", "paid")


def test_the_mandate_is_shown_where_there_is_one(shop):
    row = bought(shop)
    assert "/mandates/mandate_" in mandates.url(row.organization)
    Customer.objects.update(method_kind="card")
    with pytest.raises(mandates.NoDocument):
        mandates.url(row.organization)
