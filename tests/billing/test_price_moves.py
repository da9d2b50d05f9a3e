"""A price that is sold no more: kept until the policy's date, asked about before a renewal, never raised without a click."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail, Policy
from accounts.queries import policies
from billing.models import PriceMove, RenewalWatch, ScheduledChange
from billing.queries import overview
from billing.services import announcements
from config import clock
from tests import shelf
from tests.billing.calling import Program
from tests.shop import text

DAY = timedelta(days=1)
PAGE = "/subscription/renewal/"
SHIPPED = "prices.month = { usd = 900,"


@pytest.fixture
def row(shop):
    return shop.kept("starter bought", lambda: shop.buy(plan="fieldnote/starter", seats=3))


@pytest.fixture
def sell(shop):
    """Starter at another price from now on, for whoever buys it."""

    def now(cents):
        shop.sell(shelf.read(shelf.text().replace(SHIPPED, f"prices.month = {{ usd = {cents},")))

    return now


def in_force(**values):
    at = clock.now()
    values = {"old_price_days": 0, **values}
    Policy.objects.bulk_create(
        Policy(name=f"billing.{name}", value=value, effective_at=at - DAY, created_at=at, reason="x")
        for name, value in values.items()
    )
    policies.forget()


def go_to(shop, instant):
    """The store's time alone."""
    shop.move_store(round((instant - clock.wall()).total_seconds()) + 60)


def done():
    while announcements.drain(clock.wall()).handled:
        pass
    return OutgoingMail.objects.filter(kind="billing/price_moves").order_by("pk")


def test_until_the_policys_date_nobody_is_asked(row, sell):
    sell(950)
    assert not done().exists()
    assert overview.standing(row.organization).next_charge.due_minor == 2_700


def test_asked_with_both_amounts_and_charged_the_new_one_after_a_click(shop, row, sell, cast, client):
    in_force()
    sell(950)
    mail = done().get(recipient=cast.owner.email)
    assert (mail.context["now_minor"], mail.context["then_minor"], mail.context["is_end"]) == (2_700, 2_850, False)
    said = Program(cast.organization_key).get("subscription/renewal").json()["price_change"]
    assert (said["amount_minor"], said["without_answer"]) == (2_850, "stays")
    client.force_login(shop.owner)
    assert "Renew for $28.50" in text(client.get(PAGE))
    assert not ScheduledChange.objects.exists()
    move = PriceMove.objects.get()
    wanted = {"price": move.price_after_id, "amount": 2_850}
    assert client.post(PAGE, wanted | {"amount": 2_700}).status_code == 409
    assert [client.post(PAGE, wanted).status_code for _ in "12"] == [303, 303]
    change = ScheduledChange.objects.get()
    assert (change.kind, change.price_after_id) == ("plan", move.price_after_id)
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    row.refresh_from_db()
    assert row.price_id == move.price_after_id
    assert row.invoices.latest("issued_at").total_minor == 2_850
    move.refresh_from_db()
    assert move.state == "accepted"
    assert done().count() == 2  # owner and billing admin, once


def test_without_a_click_the_old_price_stays_and_nobody_is_asked_twice(shop, row, sell):
    in_force()
    sell(950)
    count = done().count()
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    row.refresh_from_db()
    assert row.invoices.latest("issued_at").total_minor == 2_700
    assert PriceMove.objects.get().state == "stayed"
    RenewalWatch.objects.update(due_at=clock.now())
    assert done().count() == count


def test_by_policy_it_ends_after_a_second_notice_and_can_be_kept_until_then(shop, row, sell, client):
    in_force(old_price_ends=True)
    sell(950)
    count = done().count()
    client.force_login(shop.owner)
    assert "the subscription ends on" in text(client.get(PAGE))
    go_to(shop, row.period_ends_at - 6 * DAY)
    assert done().count() == 2 * count
    assert not OutgoingMail.objects.filter(kind="billing/renewal").exists()
    go_to(shop, row.period_ends_at - 23 * timedelta(hours=1))
    done()
    end = ScheduledChange.objects.get()
    assert (end.kind, end.source, PriceMove.objects.get().state) == ("end", "system", "ended")
    assert overview.standing(row.organization).next_charge is None


def test_another_plan_is_an_answer(shop, row, sell, client):
    in_force(old_price_ends=True)
    sell(950)
    done()
    client.force_login(shop.owner)
    client.post("/subscription/plan/", {"plan": "team", "interval": "year", "action": "later"})
    shown = text(client.get(PAGE))
    assert "sold at another price" not in shown
    go_to(shop, row.period_ends_at - 23 * timedelta(hours=1))
    done()
    assert PriceMove.objects.get().state == "other"
    assert not ScheduledChange.objects.filter(kind="end").exists()


def test_what_costs_less_needs_no_click_to_go_on(row, sell):
    in_force(old_price_ends=True)
    sell(800)
    assert done().first().context["then_minor"] == 2_400
    assert PriceMove.objects.get().is_end is False
