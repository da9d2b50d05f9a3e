"""Carts from the first click to the order: over sign-in, other devices, and a catalog that moves."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Journal
from accounts.origin import Origin, Source
from billing.models import Cart, CartState, Customer, Plan
from billing.queries import carts as queries
from billing.rules import intervals
from billing.services.selling import carts
from tests import shelf

NOW = datetime(2027, 1, 31, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
VISITOR = Origin(source=Source.PAGE)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(on_sale):
    pass


def wanted(**changes):
    return carts.Wanted(**{"plan": "fieldnote/team", "seats": 12, "interval": "month", "currency": "usd"} | changes)


def start(**options):
    return carts.start(**{"wanted": wanted(), "at": NOW, "origin": VISITOR} | options)


def by(user):
    return Origin(actor=user, source=Source.PAGE)


def test_the_first_click_makes_a_cart():
    cart = start(first_touch={"utm_source": "news"})
    assert (cart.plan.code, cart.seats, cart.interval, cart.currency, cart.state) == ("team", 12, "month", "usd", "open")
    assert cart.origin == {"utm_source": "news"}
    assert Journal.objects.get(kind="billing.cart.started").data["cart"] == cart.public_id


def test_the_next_click_fills_the_same_cart_and_keeps_the_first_touch():
    cart = start(first_touch={"utm_source": "news"})
    again = start(wanted=wanted(plan="fieldnote/business", seats=20), cart=cart, first_touch={"utm_source": "ad"}, at=LATER)
    assert again.pk == cart.pk
    assert (again.plan.code, again.seats, again.origin) == ("business", 20, {"utm_source": "news"})
    assert again.updated_at == LATER
    assert Cart.objects.count() == 1


def test_a_closed_cart_is_not_filled_again():
    cart = start()
    assert carts.mark_ordered(cart=cart, at=LATER)
    assert not carts.mark_ordered(cart=cart, at=LATER)
    assert start(cart=cart).pk != cart.pk
    with pytest.raises(carts.Closed):
        carts.change(cart=cart, wanted=wanted(seats=5), at=LATER, origin=VISITOR)


def test_fewer_seats_than_the_plan_sells_are_raised_to_its_minimum():
    assert start(wanted=wanted(seats=1)).seats == 3


def test_more_seats_than_the_plan_sells_are_refused_with_what_can_be_bought():
    with pytest.raises(carts.TooManySeats, match="take 100, or talk to a person") as caught:
        start(wanted=wanted(seats=101))
    assert (caught.value.seats, caught.value.maximum) == (101, 100)
    assert not Cart.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"plan": "fieldnote/none"}, {"plan": "none"}, {"interval": "week"}, {"currency": "chf"}, {"currency": ""}]
)
def test_what_is_not_sold_is_refused(changes):
    with pytest.raises(carts.NotOnSale, match="choose"):
        start(wanted=wanted(**changes))
    assert not Cart.objects.exists()


def test_a_change_that_changes_nothing_is_not_told():
    cart = start()
    carts.change(cart=cart, wanted=wanted(), at=LATER, origin=VISITOR)
    assert not Journal.objects.filter(kind="billing.cart.changed").exists()
    carts.change(cart=cart, wanted=wanted(seats=13), at=LATER, origin=VISITOR)
    assert Journal.objects.get(kind="billing.cart.changed").data["seats"] == 13


def test_signing_in_gives_the_cart_to_the_organization_and_other_devices(cast):
    older = start(organization=cast.acme, origin=by(cast.owner))
    cart = start(wanted=wanted(seats=20), at=LATER)
    adopted = carts.adopt(cart=cart, organization=cast.acme, user=cast.owner, at=LATER, origin=by(cast.owner))
    assert (adopted.organization, adopted.user) == (cast.acme, cast.owner)
    assert queries.latest_of(cast.acme).pk == cart.pk
    older.refresh_from_db()
    assert older.state == CartState.REPLACED
    assert queries.latest_of(cast.globex) is None


def test_carts_of_two_lines_live_side_by_side(cast):
    first = start(organization=cast.acme)
    second = start(wanted=wanted(plan="inspect/complete"), organization=cast.acme, at=LATER)
    first.refresh_from_db()
    assert (first.state, second.state) == ("open", "open")


def test_a_cart_of_another_organization_is_not_taken(cast):
    cart = start(organization=cast.globex)
    kept = carts.adopt(cart=cart, organization=cast.acme, user=cast.owner, at=LATER, origin=by(cast.owner))
    assert kept.organization == cast.globex


def test_an_organization_with_a_fixed_currency_gets_its_cart_in_it(cast):
    cast.acme.currency = "eur"
    cast.acme.save()
    Customer.objects.create(organization=cast.acme, stripe_id="cus_1", balance_minor=-500, mirrored_at=NOW)
    cart = carts.adopt(cart=start(), organization=cast.acme, user=cast.owner, at=LATER, origin=by(cast.owner))
    assert cart.currency == "eur"
    assert carts.change(cart=cart, wanted=wanted(currency="gbp"), at=LATER, origin=by(cast.owner)).currency == "eur"


def test_a_cart_is_priced_to_the_cent():
    priced = carts.price(start(), NOW)
    assert (priced.unit_minor, priced.total_minor, priced.year_minor) == (1600, 19200, 230400)
    assert (priced.tier_saving_minor, priced.next_break.seats) == (2400, 25)
    assert priced.renews_at == datetime(2027, 2, 28, 10, 0, tzinfo=UTC)
    assert priced.price.plan.code == "team"


def test_a_cart_follows_the_price_on_sale_and_says_when_there_is_none():
    cart = start()
    text = shelf.text()
    shelf.put_on_sale(text.replace("usd = [1800, 1600, 1400, 1200]", "usd = [1900, 1700, 1500, 1300]"))
    assert carts.price(cart, NOW).total_minor == 12 * 1700
    Plan.objects.filter(code="team").update(withdrawn_at=NOW)
    with pytest.raises(carts.NotOnSale, match="choose again"):
        carts.price(cart, NOW)


@pytest.mark.parametrize(
    ("starts", "interval", "ends"),
    [
        ((2027, 1, 31), "month", (2027, 2, 28)),
        ((2028, 1, 31), "month", (2028, 2, 29)),
        ((2027, 12, 15), "month", (2028, 1, 15)),
        ((2028, 2, 29), "year", (2029, 2, 28)),
        ((2027, 3, 1), "year", (2028, 3, 1)),
    ],
)
def test_when_the_first_period_ends(starts, interval, ends):
    assert intervals.end(datetime(*starts, tzinfo=UTC), interval) == datetime(*ends, tzinfo=UTC)
