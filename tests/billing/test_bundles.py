"""Bundles: read with care, sold as one subscription, occupying their parts' lines, their revenue shared to the cent."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.origin import Origin, Source
from billing.models import (
    AdjustmentKind,
    AdjustmentReason,
    CreditNote,
    Invoice,
    OccupiedLine,
    Price,
    ProductLine,
    RevenueShare,
    SeatLedgerEntry,
    ShareKind,
    Subscription,
)
from billing.queries import catalog as on_sale
from billing.queries import differences, entitlements, pilots, trials
from billing.rules import catalog as rules
from billing.rules import catalog_file, reconciling, rounding
from billing.rules.trials import Refusal
from billing.services.books import bundles
from billing.services.changes import seats
from billing.services.reconciliation import reconciling_reading
from billing.services.refunds import giving_back, replacing
from billing.services.selling import checkout
from config import clock
from tests import factories, shelf
from tests.billing.calling import Program
from tests.shop import text

BUNDLE = """
[bundles.suite]
name = "Field Suite"
pitch = "Notes and inspections in one"
parts = { "fieldnote/team" = 2, "inspect/complete" = 1 }
seats = { min = 3, max = 100 }
margin_bps = 7500
prices.month = { usd = 2500, eur = 2300, gbp = 2100, jpy = 3600 }
prices.year = { usd = 25000, eur = 23000, gbp = 21000, jpy = 36000 }
"""


@pytest.fixture
def suite(shop, settings):
    wanted = shelf.read(settings.CATALOG_FILE.read_text(encoding="utf-8") + BUNDLE)
    shop.sell(wanted)
    return shop


def read(settings, bundle=BUNDLE):
    return catalog_file.parse(settings.CATALOG_FILE.read_text(encoding="utf-8") + bundle, languages=["en", "de"])


def test_it_is_read_as_a_line_with_its_parts_and_survives_its_version(settings):
    found = read(settings)
    plan = found.line("suite").plan("suite")
    assert [(part.path, part.weight) for part in plan.parts] == [("fieldnote/team", 2), ("inspect/complete", 1)]
    assert {feature.part for feature in plan.features} == {"fieldnote/team", "inspect/complete"}
    assert rules.Catalog.of_document(found.document) == found
    listed = read(
        settings, BUNDLE.replace('{ "fieldnote/team" = 2, "inspect/complete" = 1 }', '["fieldnote/team", "inspect/complete"]')
    )
    assert [part.weight for part in listed.line("suite").plan("suite").parts] == [1800, 1200]
    other = read(settings, BUNDLE.replace("= 2,", "= 3,")).line("suite").plan("suite")
    assert other.prices[0].fingerprint != plan.prices[0].fingerprint


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"inspect/complete" = 1', '"inspect/nothing" = 1', "no plan"),
        ('"inspect/complete" = 1', '"fieldnote/starter" = 1', "two plans of one line"),
        (', "inspect/complete" = 1', "", "name one plan"),
        ("= 2,", "= 0,", "outside 1"),
        ("min = 3", "min = 1", "outside 3"),
        ("[bundles.suite]", "[bundles.inspect]", "code of a product line"),
        ("margin_bps", "margin", "not known"),
    ],
)
def test_what_is_wrong_is_said(settings, before, after, said):
    assert before in BUNDLE
    with pytest.raises(catalog_file.CatalogError, match=said):
        read(settings, BUNDLE.replace(before, after))


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(1, 10**6), min_size=2, max_size=5))
def test_the_shares_sum_to_the_whole(amount, weights):
    assert sum(rounding.split(amount, weights)) == amount


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=5), st.lists(st.integers(1, 10**6), max_size=6))
def test_what_goes_back_in_pieces_never_exceeds_a_share_and_leaves_nothing(shares, pieces):
    left = list(shares)
    for piece in [*pieces, sum(shares)]:
        amount = min(piece, sum(left))
        if amount:
            parts = rounding.split(amount, left)
            assert sum(parts) == amount
            left = [rest - part for rest, part in zip(left, parts, strict=True)]
        assert min(left) >= 0
    assert not any(left)


def test_it_is_one_subscription_with_entitlements_and_revenue_of_each_part(suite, client, cast):
    page = text(client.get("/pricing/?line=fieldnote"))
    assert "Team and Inspect Complete together, at one price" in page
    page = text(client.get("/pricing/?line=suite&seats=10"))
    assert "Saves $30 a month against each by itself" in page
    row = suite.buy(plan="suite/suite", seats=7)
    assert (row.status, row.quantity, row.line.code) == ("active", 7, "suite")
    assert SeatLedgerEntry.objects.get(subscription=row).mrr_delta_minor == 17_500
    invoice = Invoice.objects.get(subscription=row)
    shares = list(RevenueShare.objects.filter(invoice=invoice).values_list("line", "plan", "amount_minor").order_by("id"))
    assert shares == [("fieldnote", "team", 11_667), ("inspect", "complete", 5_833)]
    assert entitlements.check(suite.organization, feature="storage_gb").plan == "fieldnote/team"
    assert entitlements.check(suite.organization, feature="signatures").plan == "inspect/complete"
    offer = seats.offer(row, seats=8, at=clock.now())
    assert offer.preview.quantity_after == 8
    ours = differences.known([row], since=clock.now())[row.stripe_id].ours
    theirs = reconciling_reading.subscription(row.stripe_id)
    assert reconciling.compare(ours, theirs, differences.standard({theirs.price})).found == ()
    own = Program(factories.ApiKeyFactory(organization=cast.acme, scopes=["billing:read", "catalog:read"]))
    wanted = [{"plan": "fieldnote/team", "weight": 2}, {"plan": "inspect/complete", "weight": 1}]
    assert own.get("subscription").json()["parts"] == wanted
    assert own.get("catalog").json()["lines"][-1]["plans"][0]["parts"] == wanted


def test_it_occupies_the_lines_of_its_parts(suite, client, cast):
    late = suite.start(plan="inspect/essential", seats=2)
    row = suite.buy(plan="suite/suite", seats=5)
    held = OccupiedLine.objects.filter(subscription=row, ended_at=None)
    assert set(held.values_list("line__code", flat=True)) == {"suite", "fieldnote", "inspect"}
    with pytest.raises(checkout.AlreadyBought):
        suite.start(plan="fieldnote/team", seats=5)
    suite.pay(late)  # a page that was open meanwhile: given back
    suite.settle()
    late.refresh_from_db()
    assert late.state == "returned"
    line = ProductLine.objects.get(code="inspect")
    with pytest.raises(IntegrityError), transaction.atomic():
        OccupiedLine.objects.create(organization=row.organization, line=line, subscription=row)


def test_whoever_had_a_part_in_a_bundle_tries_it_no_more(suite):
    line = ProductLine.objects.get(code="fieldnote").pk
    wanted = {"line_id": line, "trial_days": 14, "user": suite.owner}
    assert trials.ask(suite.organization, **wanted).refusal is None
    row = suite.buy(plan="suite/suite", seats=5)
    assert trials.ask(suite.organization, **wanted).has_live
    Subscription.objects.filter(pk=row.pk).update(status="canceled")
    bundles.leave(row, at=clock.now())
    asked = trials.ask(suite.organization, **wanted)
    assert (asked.refusal, asked.has_live) == (Refusal.BOUGHT, False)
    assert pilots.ask(suite.organization, line_id=line).on == row.started_at


def test_whoever_has_a_part_is_told_before_paying(suite, client, cast):
    suite.buy(plan="fieldnote/team", seats=4)
    with pytest.raises(checkout.AlreadyBought):
        suite.start(plan="suite/suite", seats=4)
    client.force_login(cast.owner)
    page = text(client.get("/cart/new/?plan=suite/suite&seats=4&interval=month&currency=usd", follow=True))
    assert "Your organization has Team with 4 seats already, and Field Suite would bring Fieldnote again" in page
    assert "/seats/?line=fieldnote" in page
    assert on_sale.on_sale().plan("suite/suite").parts


def test_an_invoice_made_out_anew_is_split_as_the_old_one_was(suite, cast):
    row = suite.buy(plan="suite/suite", seats=7)
    old = Invoice.objects.select_related("organization", "subscription__price").get(subscription=row)
    other = [{"line": "fieldnote", "plan": "team", "weight": 1}, {"line": "inspect", "plan": "complete", "weight": 1}]
    Price.objects.filter(pk=row.price_id).update(parts=other)  # as if it had another price since
    origin = Origin(actor=cast.admin, source=Source.ADMIN)
    right = {"purchase_order": "PO-8"}
    command = replacing.replace(old, right, nonce="one", origin=origin, at=clock.now(), is_staff=True)
    assert command.state == "done", command.error
    suite.settle()
    new = Invoice.objects.get(replaces=old)
    assert (new.status, new.total_minor, new.purchase_order) == ("paid", old.total_minor, "PO-8")
    earned = RevenueShare.objects.filter(kind=ShareKind.EARNED).order_by("id")
    assert [list(earned.filter(invoice=one).values_list("amount_minor", flat=True)) for one in (old, new)] == [
        [11_667, 5_833]
    ] * 2
    assert sum(RevenueShare.objects.filter(invoice=old).values_list("amount_minor", flat=True)) == 0


def test_what_goes_back_is_split_as_it_was_earned(suite, cast):
    row = suite.buy(plan="suite/suite", seats=7)
    invoice = Invoice.objects.select_related("organization").get(subscription=row)
    origin = Origin(actor=cast.admin, source=Source.ADMIN)
    said = {"kind": AdjustmentKind.REFUND, "reason": AdjustmentReason.ORDER_CHANGE, "note": "T-7"}
    wanted = giving_back.Wanted(amount_minor=2_000, nonce="once", **said)
    giving_back.give_back(invoice, wanted=wanted, shown_minor=2_000, origin=origin, at=clock.now())
    suite.settle()

    def back(kind):
        return list(RevenueShare.objects.filter(invoice=invoice, kind=kind).order_by("id").values_list("line", "amount_minor"))

    assert back(ShareKind.NOTE) == [("fieldnote", -1_121), ("inspect", -560)]  # without its 319 of tax
    assert back(ShareKind.REFUND) == []
    invoice.refresh_from_db()
    for refunded, shares in ((2_100, [-56, -28]), (20_825, [-10_546, -5_273]), (99_999, [-10_546, -5_273])):
        invoice.refunded_minor = refunded  # by somebody in Stripe's dashboard, without a note
        bundles.share_back(invoice)
        assert [amount for _line, amount in back(ShareKind.REFUND)] == shares
    CreditNote.objects.update(status="void")
    invoice.refunded_minor = 0
    bundles.share_back(invoice)
    assert [amount for _line, amount in back(ShareKind.EARNED)] == [11_667, 5_833]
    assert back(ShareKind.NOTE) == back(ShareKind.REFUND) == []
