"""Before a discount ends somebody says so: once, with both amounts, and not to whom it makes no difference."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from billing.models import Promotion
from billing.services.offering import discount_notices
from config import clock
from tests.shop import text


@pytest.fixture
def row(shop, cast):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def discount(row):
    def begin(days=5, **more):
        at = clock.now()
        values = {"percent_bps": 2_000, "duration": "repeating", "promotion": Promotion.objects.get(code="WELCOME20")}
        values |= {"starts_at": at, "ends_at": at + timedelta(days=days), "mirrored_at": at}
        return row.discounts.create(stripe_id=f"di_{days}", **(values | more))

    return begin


def told():
    while discount_notices.drain(clock.wall()).handled:
        pass
    return OutgoingMail.objects.filter(kind="billing/discount_ends").order_by("pk")


def test_it_is_told_once_with_what_is_paid_before_and_after(row, discount, cast):
    held = discount()
    mail = told().get(recipient=cast.owner.email)
    assert (mail.context["now_minor"], mail.context["then_minor"]) == (12_800, 16_000)
    assert mail.context["discount"]["code"] == "WELCOME20"
    held.refresh_from_db()
    assert held.told_at is not None
    count = told().count()
    assert count == 2  # owner and billing admin
    assert told().count() == count


@pytest.mark.parametrize(
    ("days", "more"), [(8, {}), (-1, {}), (5, {"ended_at": True}), (5, {"ends_at": None, "duration": "forever"})]
)
def test_there_is_nothing_to_tell(row, discount, days, more):
    discount(days, **{name: clock.now() if value is True else value for name, value in more.items()})
    assert not told().exists()


def test_whoever_leaves_before_is_told_nothing_and_can_come_back(row, discount):
    discount()
    type(row).objects.filter(pk=row.pk).update(cancel_at=row.period_ends_at)
    assert not told().exists()
    type(row).objects.filter(pk=row.pk).update(cancel_at=None)
    assert told().exists()


def test_an_invoice_names_its_discount(shop, client):
    row = shop.buy(seats=10, code="welcome20")
    invoice = row.invoices.get()
    assert [(one["code"], one["amount_minor"]) for one in invoice.discounts] == [("WELCOME20", 3_200)]
    client.force_login(shop.owner)
    assert "Welcome (WELCOME20): -$32.00" in text(client.get("/invoices/")).replace("\N{MINUS SIGN}", "-")
