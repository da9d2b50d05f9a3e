"""Graduated tiers through the shop: what is shown is what is charged at the tiers' edges, and each tier is named.

Crew costs $20 for each of the first 5 seats, $15 for each up to the 20th, and $10 beyond.
"""

from dataclasses import replace

import pytest

from billing.models import Invoice
from billing.queries import catalog_words, overview
from billing.rules.catalog_diff import Change, Kind
from billing.services.changes import scheduled, seats
from config import clock
from storefront import receipts
from tests import factories, shelf
from tests.shop import text

CREW = """
[lines.crew]
name = "Crew"
family = "core"
growth = false
stage = "mature"
max_plans = 1
pitch.en = "For crews."
pitch.de = "Für Trupps."

[lines.crew.features]
notes = { name = { en = "Notes", de = "Notizen" } }

[lines.crew.plans.crew]
name = "Crew"
pitch = { en = "Crew", de = "Trupp" }
seats = { min = 1, max = 100 }
margin_bps = 8000
features = { notes = true }
scheme = "graduated"
tiers = [5, 20]
prices.month = { usd = [2000, 1500, 1000], eur = [2000, 1500, 1000], gbp = [2000, 1500, 1000], jpy = [2000, 1500, 1000] }
prices.year = { usd = [20000, 15000, 10000], eur = [2000, 1500, 1000], gbp = [2000, 1500, 1000], jpy = [2000, 1500, 1000] }
"""
TOTALS = {5: 10_000, 6: 11_500, 20: 32_500, 21: 33_500}
ROWS = ["1 to 5: 5 x $20.00 = $100.00", "6 to 20: 15 x $15.00 = $225.00", "from 21: 1 x $10.00 = $10.00"]


@pytest.fixture
def crew(shop):
    shop.sell(shelf.read(shelf.text() + CREW))
    return shop


def buy(shop, count, organization=None):
    return shop.buy(organization, plan="crew/crew", seats=count)


def test_bought_at_the_edges_each_tier_is_on_the_invoice_and_in_the_mail(crew, client, cast, mailoutbox):
    for count, total in TOTALS.items():
        row = buy(crew, count, cast.acme if count == 21 else factories.OrganizationFactory())
        invoice = Invoice.objects.get(subscription=row)
        assert (invoice.total_minor, invoice.amount_paid_minor) == (total, total)
        assert sum(share["amount_minor"] for share in invoice.lines.get().tiers) == total
    mail = next(mail for mail in mailoutbox if mail.subject.startswith("Receipt: $335.00") and mail.to == [cast.owner.email])
    client.force_login(cast.owner)
    for said in (text(client.get("/invoices/")), text(client.get("/")), text(client.get("/seats/?line=crew")), mail.body):
        assert all(row in said for row in ROWS)
        assert "average" not in said
    client.get("/cart/new/?plan=crew/crew&seats=20&interval=month&currency=usd")
    page = text(client.get("/cart/"))
    assert all(row in page for row in ROWS[:2])
    assert "Volume" not in page


def test_more_across_edges_and_fewer_at_renewal_cost_what_was_shown(crew):
    row = buy(crew, 5)
    crew.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 3)
    for after in (6, 20, 21):
        row = seats.current(crew.organization)
        offered = seats.offer(row, seats=after, at=clock.now())
        shown = receipts.of_preview(offered.preview, overview.standing(crew.organization))
        assert sum(line["amount_minor"] for line in shown["lines"]) == offered.preview.due_now_minor
        change = seats.confirm(row, token=offered.token, origin=crew.origin, at=clock.now())
        crew.settle()
        invoice = Invoice.objects.get(stripe_id=change.stripe_invoice_id)
        assert (invoice.total_minor, invoice.amount_paid_minor) == (offered.preview.total_minor, offered.preview.due_now_minor)
        assert not any(line.tiers for line in invoice.lines.all())
    assert shown["lines"][0]["tiers"] == ROWS[2:]
    for after in (6, 5):
        row.refresh_from_db()
        scheduled.change_seats(row, seats_after=after, releases=(), origin=crew.origin, at=clock.now())
        standing = overview.standing(crew.organization)
        lines = receipts.period_lines(standing, after)
        assert (lines[0]["amount_minor"], standing.next_charge.due_minor) == (TOTALS[after], TOTALS[after])
        crew.advance_to(row.period_ends_at)
        assert Invoice.objects.filter(subscription=row).latest("pk").total_minor == TOTALS[after]


def test_another_scheme_of_the_same_tiers_is_said():
    of_volume = {"tiers": [{"up_to": 9, "unit_minor": 1800}, {"up_to": None, "unit_minor": 1400}], "scheme": "volume"}
    of_volume |= {"currency": "eur", "interval": "month"}
    change = Change(Kind.PRICE_CHANGED, "a/b", before=of_volume, after=of_volume | {"scheme": "graduated"})
    said = catalog_words.sentence(change)
    assert "then €14 (volume) becomes €18 up to 9 seats, then €14 (graduated) a seat and month in EUR" in said
    assert "(" not in catalog_words.sentence(replace(change, after=of_volume))
