"""Promotions through the store: in the catalog, bought with, put on a subscription, through changes of seats, to their end."""

from datetime import timedelta

import pytest

from accounts.models import Journal, OutgoingMail
from accounts.services import rendering
from billing import gateway, gateway_promotions
from billing.models import Invoice, Promotion, ScheduledState, SubscriptionDiscount
from billing.queries import differences, overview
from billing.queries import promotions as queries
from billing.rules import reconciling
from billing.rules.promotions import Refusal
from billing.services.changes import promotions, scheduled, seats
from billing.services.mirroring import invoices
from billing.services.offering import catalog
from billing.services.reconciliation import reconciling_reading
from billing.services.selling import checkout
from config import clock
from tests import shelf
from tests.shop import text

pytestmark = pytest.mark.django_db

MORE = """
[promotions.free]
name = "Free start"
percent_bps = 10000
duration = "repeating"
months = 2

[promotions.first]
name = "First month"
percent_bps = 5000
duration = "once"

[promotions.tenth]
name = "A tenth"
percent_bps = 1000
duration = "forever"
"""


@pytest.fixture
def promoted(shop):
    """The shop with two more promotions on offer."""
    apply(shop, MORE)
    return shop


def apply(shop, more=""):
    shop.sell(shelf.read(shelf.text() + more))


def more(shop, row, count):
    """Buy seats as a page does; the invoice must be what was shown."""
    offered = seats.offer(row, seats=row.quantity + count, at=clock.now())
    change = seats.confirm(row, token=offered.token, origin=shop.origin, at=clock.now())
    assert change.state == "done", change.message
    shown = offered.preview
    if all(line.amount_minor == 0 for line in shown.lines):
        assert change.stripe_invoice_id == ""  # nobody gets an invoice over nothing
    else:
        invoice = gateway.invoice(change.stripe_invoice_id)
        assert (invoice.total, invoice.amount_due) == (shown.total_minor, shown.due_now_minor)
    shop.settle()
    return shown


# --- In the catalog ---------------------------------------------------------------------------------------------------


def test_a_changed_promotion_is_a_new_coupon_and_a_withdrawn_code_is_switched_off(promoted):
    row = promoted.buy(code="tenth")
    old = Promotion.objects.get(code="TENTH")
    apply(promoted, MORE.replace("percent_bps = 1000\n", "percent_bps = 2000\n"))
    new = Promotion.objects.get(code="TENTH", withdrawn_at=None)
    assert old.stripe_coupon_id != new.stripe_coupon_id
    codes = {one.id: one.active for one in gateway_promotions.promotion_codes({"code": "TENTH"})}
    assert codes == {old.stripe_promotion_code_id: False, new.stripe_promotion_code_id: True}
    assert gateway_promotions.coupon(new.stripe_coupon_id).percent_off == 20
    promoted.settle()
    assert overview.standing(promoted.organization).next_charge.discount_minor == row.price.tiers[1]["unit_minor"]  # 10%
    apply(promoted)
    assert not gateway_promotions.promotion_codes({"code": "TENTH", "active": True})
    standard = differences.standard([row.price.stripe_price_id])
    assert {old.stripe_coupon_id, new.stripe_coupon_id} <= standard.coupons
    assert "somebodys_coupon" not in standard.coupons


def test_a_code_somebody_made_at_stripe_is_left_alone_and_named(shop):
    own = {"duration": "once", "percent_off": 5.0, "id": "handmade"}
    gateway_promotions.create_coupon(own, key="handmade")
    params = {"promotion": {"type": "coupon", "coupon": "handmade"}, "code": "TENTH"}
    gateway_promotions.create_promotion_code(params, key="handmade-code")
    with pytest.raises(gateway.Refused, match="TENTH is a promotion code that somebody made"):
        catalog.apply(wanted=shelf.read(shelf.text() + MORE), at=clock.now(), origin=shop.origin)
    assert gateway_promotions.promotion_codes({"code": "TENTH"})[0].active


# --- Buying -----------------------------------------------------------------------------------------------------------


def test_a_cart_with_a_code_is_charged_less_and_the_discount_is_mirrored_until_it_ends(shop, client):
    row = shop.buy(code="welcome20")
    (discount,) = row.discounts.all()
    assert (discount.promotion.code, discount.percent_bps, discount.duration) == ("WELCOME20", 2000, "repeating")
    assert discount.ends_at > row.period_ends_at
    first = Invoice.objects.get(subscription=row)
    full = 10 * 1600
    assert (first.subtotal_minor, first.discount_minor, first.total_minor) == (full, full // 5, full * 4 // 5)
    charge = overview.standing(shop.organization).next_charge
    assert (charge.total_minor, charge.discount_minor, charge.due_minor) == (full, full // 5, full * 4 // 5)
    client.force_login(shop.owner)
    home = text(client.get("/"))
    assert "Welcome (WELCOME20)" in home
    assert "$128.00" in home
    assert "Welcome (WELCOME20) ends" in text(client.get("/seats/"))
    shop.advance_to(discount.ends_at + timedelta(days=2))
    discount.refresh_from_db()
    assert discount.ended_at is not None
    assert overview.standing(shop.organization).next_charge.discount_minor == 0
    assert Journal.objects.filter(kind="billing.discount.ended", organization=shop.organization).count() == 1
    totals = list(Invoice.objects.filter(subscription=row).order_by("issued_at").values_list("total_minor", flat=True))
    assert totals == [12800, 12800, 12800, 16000]


@pytest.mark.parametrize(
    ("code", "wanted", "why"),
    [
        ("nonsense", {}, Refusal.UNKNOWN),
        ("yearly50", {}, Refusal.OTHER_INTERVAL),
        ("yearly50", {"plan": "fieldnote/starter", "interval": "year"}, Refusal.OTHER_PLAN),
    ],
)
def test_a_code_that_does_not_hold_stops_the_purchase_and_loses_nothing(shop, code, wanted, why):
    with pytest.raises(checkout.CodeRefused) as refused:
        shop.start(code=code, **wanted)
    assert refused.value.entered.refusal is why
    cart = shop.organization.carts.get()
    assert (cart.state, cart.promotion_code) == ("open", code.upper())
    assert not shop.organization.checkouts.exists()


def test_a_code_for_one_interval_is_taken_by_its_coupon(shop):
    row = shop.buy(code="yearly50", interval="year")
    first = Invoice.objects.get(subscription=row)
    assert first.discount_minor == 5000
    assert not row.discounts.filter(ended_at=None).exists()  # for one invoice, and that was it
    assert overview.standing(shop.organization).next_charge.discount_minor == 0


def test_used_up_withdrawn_and_first_purchase_are_each_said(shop):
    apply(shop, '[promotions.one]\nname = "One"\npercent_bps = 500\nduration = "forever"\nmost_uses = 1\n')
    row = shop.buy(code="one")
    cart = shop.cart(seats=5, plan="inspect/complete")

    def why(code):
        cart.promotion_code = code
        return queries.of_cart(cart, parts=(1000,), at=clock.now()).refusal

    assert why("ONE") is Refusal.USED_UP
    assert why("WELCOME20") is Refusal.FIRST_PURCHASE_ONLY
    apply(shop)
    assert why("ONE") is Refusal.WITHDRAWN
    assert row.discounts.get().ended_at is None


def test_without_a_code_stripes_page_asks_for_one(shop):
    attempt = shop.start()
    session = gateway.session(attempt.stripe_session_id)
    assert session.allow_promotion_codes is True


# --- Through changes ---------------------------------------------------------------------------------------------------


def test_more_seats_under_a_promotion_cost_the_reduced_price(promoted):
    row = promoted.buy(code="welcome20")
    shown = more(promoted, row, 3)
    row = promoted.fresh(row)
    assert shown.renewal_discount_minor == 13 * 1600 // 5
    assert shown.renewal_minor == 13 * 1600 * 4 // 5
    assert shown.due_now_minor <= 3 * 1600 * 4 // 5
    assert [one.code for one in shown.discounts] == ["WELCOME20"]


def test_more_seats_keep_what_took_something_off_their_period_alone(promoted):
    """Stripe gives back what was paid and bills anew at what applies now: else 3 seats would cost the whole discount too."""
    row = promoted.buy(code="first", seats=10)
    bought = Invoice.objects.get(subscription=row)
    assert (bought.discount_minor, row.discounts.filter(ended_at=None).count()) == (8_000, 0)
    promoted.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2)
    for count, price in ((3, 3 * 800), (1, 800)):
        shown = more(promoted, promoted.fresh(row), count)
        assert shown.due_now_minor == pytest.approx(price / 2, abs=2)
        assert shown.renewal_discount_minor == 0
    added = Invoice.objects.filter(subscription=row).latest("issued_at")
    assert {one["code"] for one in added.discounts} <= {"FIRST"}
    assert promoted.at_stripe(row).discounts == []
    theirs = reconciling_reading.subscription(row.stripe_id)
    ours = differences.known([promoted.fresh(row)], since=clock.now())[row.stripe_id].ours
    assert reconciling.compare(ours, theirs, differences.standard({theirs.price})).found == ()
    promoted.advance_to(row.period_ends_at + timedelta(hours=2))
    assert Invoice.objects.filter(subscription=row).latest("issued_at").total_minor == 14 * 1600
    assert more(promoted, promoted.fresh(row), 1).due_now_minor == pytest.approx(1600, abs=10)


def test_a_reduction_that_is_worked_in_is_never_shown_as_zero(promoted, client):
    row = promoted.buy(code="welcome20")
    offered = seats.offer(row, seats=13, at=clock.now(), is_gathered=False)
    seats.confirm(row, token=offered.token, origin=promoted.origin, at=clock.now())
    promoted.settle()
    added = Invoice.objects.filter(subscription=row).latest("pk")
    assert [one["amount_minor"] for one in added.discounts] == [0]
    mail = OutgoingMail.objects.filter(kind="billing/receipt", subject_row=f"invoice:{added.pk}").latest("pk")
    client.force_login(promoted.owner)
    said = rendering.message(mail, None)
    shown = [text(client.get("/invoices/")), said.body, said.alternatives[0][0]]
    assert all("These prices are after this reduction: Welcome" in one for one in shown)
    assert not any("$0.00" in one for one in shown)


def test_seats_that_wait_for_the_bank_keep_it_too(promoted):
    row = promoted.buy(code="first", seats=10)
    promoted.control("POST", "next_payment", outcome="requires_action")
    offered = seats.offer(row, seats=13, at=clock.now())
    change = seats.confirm(row, token=offered.token, origin=promoted.origin, at=clock.now())
    assert change.state == "waiting"
    promoted.pay_invoice(invoices.payment_url(change.stripe_invoice_id))
    promoted.settle()
    row = promoted.fresh(row)
    assert (row.quantity, promoted.at_stripe(row).discounts) == (13, [])
    assert Invoice.objects.get(stripe_id=change.stripe_invoice_id).total_minor == offered.preview.total_minor <= 2400


def test_a_scheduled_change_keeps_the_discount(promoted):
    row = promoted.buy(code="tenth")
    scheduled.change_seats(row, seats_after=8, releases=[], origin=promoted.origin, at=clock.now())
    promoted.settle()
    promoted.advance_to(row.period_ends_at + timedelta(hours=2))
    row = promoted.fresh(row)
    assert row.quantity == 8
    assert not row.scheduled.filter(state=ScheduledState.PENDING).exists()
    assert row.discounts.filter(ended_at=None).count() == 1
    last = Invoice.objects.filter(subscription=row).order_by("-issued_at").first()
    assert last.discount_minor * 10 == last.subtotal_minor


def test_a_hundred_percent_then_a_change_is_free_until_it_is_over(promoted):
    row = promoted.buy(code="free")
    assert Invoice.objects.get(subscription=row).total_minor == 0
    shown = more(promoted, row, 5)
    assert (shown.total_minor, shown.due_now_minor, shown.renewal_minor) == (0, 0, 0)
    end = row.discounts.get().ends_at
    promoted.advance_to(end + timedelta(hours=2))
    row = promoted.fresh(row)
    # Nothing was paid for the time under the discount: what is added now is paid in full, and nothing is given back.
    shown = more(promoted, row, 1)
    assert shown.due_now_minor > 0


def test_credit_beyond_the_charge_is_used_first_and_the_rest_stays(shop, client):
    row = shop.buy()
    gateway.credit_customer(row.organization.customer.stripe_id, amount_minor=100_00, currency="usd", description="x", key="c")
    shop.settle()
    client.force_login(shop.owner)
    said = text(client.get("/seats/?seats=11&when=now"))
    assert "is used first; $0.00 due now." in said
    assert "stays as your credit" in said
    shown = more(shop, shop.fresh(row), 1)
    assert shown.due_now_minor == 0
    assert shown.balance_applied_minor == shown.total_minor > 0
    left = 100_00 - shown.total_minor
    assert overview.standing(shop.organization).credit_minor == left


# --- On a subscription there is ---------------------------------------------------------------------------------------


def test_a_code_on_a_subscription_is_previewed_and_charged_alike(promoted, client):
    row = promoted.buy()
    client.force_login(promoted.owner)
    answer = client.get("/subscription/promotion/", {"code": "tenth"})
    assert "$144.00" in text(answer)
    token = answer.context["token"]
    for _twice in range(2):
        assert client.post("/subscription/promotion/", {"token": token}).status_code == 303
    promoted.settle()
    assert SubscriptionDiscount.objects.get().promotion.code == "TENTH"
    promoted.advance_to(row.period_ends_at + timedelta(hours=2))
    assert Invoice.objects.filter(subscription=row).order_by("-issued_at").first().total_minor == 144_00
    said = text(client.get("/subscription/promotion/", {"code": "free"}))
    assert "One discount at a time" in said


def test_a_code_that_does_not_hold_on_a_subscription_says_why(promoted):
    row = promoted.buy()
    with pytest.raises(promotions.CodeRefused) as refused:
        promotions.offer(row, code="welcome20", at=clock.now())
    assert refused.value.entered.refusal is Refusal.FIRST_PURCHASE_ONLY


def test_whoever_confirms_it_in_the_same_moment_has_the_same_command(promoted, monkeypatch):
    """The second click's check finds the discount that the first one has just got: it is no refusal of the same token."""
    row = promoted.buy()
    token = promotions.offer(row, code="tenth", at=clock.now()).token
    first, check = [], promotions._check

    def overtaken(*asked):
        if not first:
            first.append(None)
            first[0] = promotions.confirm(row, token=token, origin=promoted.origin, at=clock.now())
            promoted.settle()
        return check(*asked)

    monkeypatch.setattr(promotions, "_check", overtaken)
    again = promotions.confirm(promoted.fresh(row), token=token, origin=promoted.origin, at=clock.now())
    assert (again, again.state) == (first[0], "done")
    assert SubscriptionDiscount.objects.count() == 1


def test_an_offer_dies_with_the_price_it_showed(promoted):
    row = promoted.buy()
    offered = promotions.offer(row, code="tenth", at=clock.now())
    more(promoted, row, 2)
    with pytest.raises(promotions.Stale) as stale:
        promotions.confirm(promoted.fresh(row), token=offered.token, origin=promoted.origin, at=clock.now())
    assert stale.value.fresh.due_minor == 12 * 1600 * 9 // 10
    assert not SubscriptionDiscount.objects.exists()


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_the_cart_takes_a_code_and_says_what_it_does(on_sale, client, cast):
    client.get("/cart/new/?plan=fieldnote/team&seats=10&interval=month&currency=usd&promo=welcome20")
    said = text(client.get("/cart/"))
    assert "WELCOME20 is in: 20% off for 3 months." in said
    assert "$128.00" in said
    said = text(client.post("/cart/", {"what": "code", "code": "wrong"}, follow=True))
    assert "WRONG is not a code of ours" in said
    assert "$160.00" in said
    said = text(client.post("/cart/", {"what": "code", "code": ""}, follow=True))
    assert "WRONG" not in said


def test_the_pricing_page_shows_the_price_with_a_code(on_sale, client):
    said = text(client.get("/pricing/?seats=10&interval=month&currency=usd&promo=welcome20"))
    assert "With WELCOME20: $128 a month for 3 months, then $160" in said
    assert "promo=WELCOME20" in said
    assert "none of ours" in text(client.get("/pricing/?promo=whatever"))
