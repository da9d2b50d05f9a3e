"""Cards that expire are announced before they fail: before their end, before the charge; another card stops it."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import OutgoingMail
from billing.models import CardNotice, CardWatch, Customer
from billing.queries import overview
from billing.services.changes import scheduled
from billing.services.selling import card_notices
from config import clock

DAY = timedelta(days=1)


@pytest.fixture
def row(shop):
    return shop.kept("a year bought", lambda: shop.buy(seats=50, interval="year"))


@pytest.fixture
def expires(shop, row):
    """The card ends with the month that begins 100 days from now; the first instant after it."""

    def put(**more):
        last = clock.now() + 100 * DAY
        values = {"card_exp_month": last.month, "card_exp_year": last.year, **more}
        Customer.objects.filter(organization=row.organization).update(**values)
        return datetime(last.year + last.month // 12, last.month % 12 + 1, 1, tzinfo=UTC)

    return put


def go_to(shop, instant):
    shop.move_store(round((instant - clock.wall()).total_seconds()) + 60)


def announce():
    while card_notices.drain(clock.wall()).handled:
        pass
    return OutgoingMail.objects.filter(kind="billing/card_expires").order_by("pk")


def kinds():
    return list(CardNotice.objects.order_by("pk").values_list("kind", flat=True))


def test_twice_before_its_end_and_once_before_the_charge_that_would_fail(shop, row, expires, cast):
    ends_at = expires()
    go_to(shop, ends_at - 31 * DAY)
    assert not announce().exists()
    go_to(shop, ends_at - 30 * DAY)
    mail = announce().get(recipient=cast.owner.email)
    charge = overview.standing(row.organization).next_charge
    assert (mail.context["amount_minor"], mail.context["fails"], mail.context["is_over"]) == (charge.due_minor, True, False)
    go_to(shop, ends_at - 7 * DAY)
    count = announce().count()
    assert kinds() == ["first", "last"]
    go_to(shop, ends_at + DAY)
    assert announce().count() == count
    go_to(shop, row.period_ends_at - 7 * DAY)
    assert announce().latest("pk").context["is_over"] is True
    assert kinds() == ["first", "last", "charge"]
    CardWatch.objects.update(due_at=clock.now())
    assert announce().count() == 3 * 2  # owner and billing admin, each once


def test_another_card_stops_it_and_begins_anew(shop, row, expires):
    ends_at = expires()
    go_to(shop, ends_at - 30 * DAY)
    card_notices.sweep(clock.now())  # decided, not sent yet
    expires(payment_method_id="pm_new", card_exp_year=ends_at.year + 3)
    assert not announce().exists()
    assert card_notices.next_due_at() > ends_at + 700 * DAY


def test_late_beats_say_it_once_and_whoever_is_charged_nothing_hears_nothing(shop, row, expires):
    ends_at = expires()
    go_to(shop, ends_at - 3 * DAY)
    announce()
    assert kinds() == ["last"]
    CardNotice.objects.all().delete()
    scheduled.end(row, reason_code="price", reason="", origin=shop.origin, at=clock.now())
    CardWatch.objects.update(due_at=clock.now())
    announce()
    assert kinds() == []
