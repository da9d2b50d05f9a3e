"""Customers with a past (storefront/demo/history.py): lived apart, handed over whole, and nothing differs from Stripe's."""

import contextlib
import json
from datetime import timedelta

import pytest
from django.conf import settings as store
from django.db import connection
from django.db.models import F, Sum

from accounts.models import Journal, Organization, OutgoingMail
from billing import sandbox_history
from billing.models import Customer, Invoice, InvoiceLine, StripeObject, Subscription, TaxStanding
from billing.services.offering import catalog
from billing.services.reconciliation import reconciling
from billing.services.reconciliation.reconciling_reading import Scope
from config import clock
from storefront.demo import apart, history, names, population
from storefront.demo.population import Fate, What
from tests import shelf

# One of each that is told apart below: the bank refused and was paid later, who left, who owes, two products, an open cart,
# a VAT ID.
NUMBERS = (142, 44, 27, 169, 131, 79)
ENDED, OWING, LOOKING = 44, 27, 131


@pytest.fixture
def bring(shop, settings, tmp_path):
    """Bring companies: the sandbox of the tests is both the demo's and, by another key, the one to live in."""
    settings.STATE_FOLDER = tmp_path

    def run(numbers):
        return history.run(numbers=numbers, place=lambda: contextlib.nullcontext(store.STRIPE_API_BASE))

    return run


def organization(number):
    return Organization.objects.get(external_id=population.life(number).company.external_id)


# --- Who they are ------------------------------------------------------------------------------------------------------------


def test_the_companies_are_the_same_every_time_and_all_different():
    lives = [population.life(number) for number in range(population.COUNT)]
    assert lives == [population.life(number) for number in range(population.COUNT)]
    assert len({life.company.name for life in lives}) == len({life.company.domain for life in lives}) == population.COUNT
    addresses = [person.email for life in lives for person in life.company.people]
    assert len(set(addresses)) == len(addresses)
    assert all(address.endswith(".example") for address in addresses)
    assert population.COUNT <= names.MOST


def test_the_companies_differ_as_customers_do():
    lives = [population.life(number) for number in range(population.COUNT)]
    assert {life.fate for life in lives} == set(Fate)
    assert {life.currency for life in lives} == {"usd", "eur", "gbp", "jpy"}
    assert {life.interval for life in lives} == {"month", "year"}
    assert {life.plan for life in lives} == {"fieldnote/starter", "fieldnote/team", "fieldnote/business"}
    assert {life.code for life in lives} == {"", "welcome20", "yearly50"}
    assert {step.what for life in lives for step in life.steps} == set(What)
    ages = sorted(life.days_ago for life in lives)
    assert ages[0] < 14
    assert ages[-1] > 365
    seats = sorted((life.seats for life in lives), reverse=True)
    assert sum(seats[:60]) > 0.6 * sum(seats)


# --- What is brought ---------------------------------------------------------------------------------------------------------


def test_a_past_is_brought_and_nothing_differs(bring, shop, monkeypatch):
    catalog.apply(wanted=shelf.read(store.CATALOG_FILE.read_text(encoding="utf-8")), at=clock.now(), origin=shop.origin)
    at = clock.now()
    told = bring(NUMBERS)
    assert (told.there, told.failed) == (len(NUMBERS), 0)
    monkeypatch.setattr(
        reconciling, "_scope", lambda run: Scope(until=run.started_at, since=at - timedelta(days=500), customer="")
    )
    run = reconciling.go_on(reconciling.begin())
    assert (run.found, run.repaired) == (0, 0)
    assert run.compared == Subscription.objects.count() + Invoice.objects.count() + Customer.objects.count()
    assert Invoice.objects.count() >= len(NUMBERS)
    check_books()
    check_what_happened(at)


def check_books():
    """Sums of the ledger are quantities, sums of lines are invoices, and no fact is younger than its row may be."""
    for row in Subscription.objects.annotate(booked=Sum("ledger__delta")):
        assert row.booked == row.quantity
    for invoice in Invoice.objects.all():
        lines = InvoiceLine.objects.filter(invoice=invoice).aggregate(amount=Sum("amount_minor"), off=Sum("discount_minor"))
        assert lines["amount"] == invoice.subtotal_minor
        assert lines["amount"] - lines["off"] + invoice.tax_minor == invoice.total_minor
    assert not Journal.objects.filter(organization=None, kind__startswith="billing.subscription").exists()


def check_what_happened(at):
    refused, ended, owing, wide, looking, reversed_ = (organization(number) for number in NUMBERS)
    tried = Invoice.objects.filter(organization=refused, attempt_count__gt=1).get()
    assert tried.status == "paid"
    assert (at - tried.issued_at).days >= 3
    assert ended.subscriptions.get().ended_at < at
    assert owing.subscriptions.get().status == "past_due"
    assert {row.line.code for row in wide.subscriptions.live()} == {"fieldnote", "inspect"}
    assert not looking.subscriptions.exists()
    standing = reversed_.tax_standing
    assert (standing.exempt, standing.reason, standing.is_behind) == ("reverse", "confirmed", False)
    assert set(Invoice.objects.filter(organization=reversed_).values_list("tax_minor", flat=True)) == {0}
    assert not TaxStanding.objects.filter(done__lt=F("wanted")).exists()
    assert Invoice.objects.filter(organization__country="IE", tax_minor__gt=0).exists()
    joined = Journal.objects.filter(organization=refused).earliest("occurred_at").occurred_at
    assert abs((at - joined) / timedelta(days=1) - population.life(NUMBERS[0]).days_ago) < 1.5
    assert set(Journal.objects.filter(kind="billing.invoice.paid").values_list("source", flat=True)) == {"stripe"}
    # Nobody is written to, and nothing is left to be heard of.
    assert not OutgoingMail.objects.exists()
    assert not StripeObject.objects.exists()


def test_what_was_brought_lives_on_and_comes_once(bring, shop):
    bring((LOOKING,))
    bring((OWING, LOOKING))
    row = organization(OWING).subscriptions.get()
    assert Organization.objects.filter(external_id__startswith=population.EXTERNAL_ID).count() == 2
    shop.advance(days=8)  # the card is charged again, and is good
    assert shop.fresh(row).status == "active"
    assert reconciling.go_on(reconciling.begin()).found == 0


def test_a_killed_hand_over_is_finished_by_the_next_run(bring, shop, monkeypatch):
    def die(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(sandbox_history, "add", die)
        with pytest.raises(KeyboardInterrupt):
            bring((ENDED,))
    row = organization(ENDED).subscriptions.get()
    assert shop.account.store.get("subscription", row.stripe_id) is None
    assert json.loads((store.STATE_FOLDER / "demo" / history.PENDING_FILE).read_text())["names"] == [
        organization(ENDED).external_id
    ]
    assert bring((ENDED,)).rows == 0
    assert shop.at_stripe(row).status == "canceled"
    assert not (store.STATE_FOLDER / "demo" / history.PENDING_FILE).exists()


def test_a_story_that_fails_leaves_nothing_behind_and_no_other_out(bring, shop, monkeypatch):
    def refuse(*_args, **_options):
        raise sandbox_history.NoAnswer

    with monkeypatch.context() as broken:
        broken.setattr(sandbox_history, "release_clock", refuse)
        told = bring((ENDED, LOOKING))
    assert (told.there, told.failed) == (1, 1)
    assert Organization.objects.get(external_id__startswith=population.EXTERNAL_ID) == organization(LOOKING)
    assert shop.account.store.find("customer", "test_clock", None) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.accounts_organization')")
        assert cursor.fetchone() == (None,)


# --- Apart -------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nobody_sees_a_world_until_it_is_handed_over():
    with apart.world():
        made = Organization.objects.create(name="Quoravik Roofing", country="DE", employee_bracket="1-9")
        assert apart.is_entered()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM public.accounts_organization WHERE id = %s", [made.pk])
            assert cursor.fetchone() == (0,)
        assert apart.hand_over(moved_from="a", moved_to="b") == 1
        assert not Organization.objects.exists()
    assert not apart.is_entered()
    assert Organization.objects.get() == made


def test_what_stands_is_not_taken_apart():
    labels = {model._meta.label for model in apart.own_models()}
    assert {"accounts.Journal", "billing.SeatLedgerEntry", "billing.InvoiceLine", "account.EmailAddress"} <= labels
    assert labels.isdisjoint({"billing.Plan", "billing.Price", "billing.Promotion", "accounts.Policy", "billing.StoreTime"})
