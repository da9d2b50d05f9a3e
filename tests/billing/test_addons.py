"""Add-ons of a subscription: bought with it, carried by changes of seats, had and given back, to the cent.

Team costs $16 a seat from 10 seats on, $18 below; Blueprints $3 a seat, Priority support $49, 25 more projects $15 a month.
"""

import pytest
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.services import rendering
from billing import gateway
from billing.models import AddonPrice, ChangeState, Invoice, LedgerKind, ScheduledState, SubscriptionAddon
from billing.queries import differences, entitlements, invoices, overview
from billing.rules import reconciling
from billing.services.books import ledger
from billing.services.changes import addons, scheduled, seat_increases, seats
from billing.services.reconciliation import reconciling_reading
from billing.services.selling import carts, checkout
from config import clock
from tests.billing.calling import Program
from tests.shop import text

BLUEPRINTS, SUPPORT, PROJECTS = 300, 4900, 1500
ALL = {"blueprints": None, "support": 1, "projects": 2}
TEN = 16_000 + 10 * BLUEPRINTS + SUPPORT + 2 * PROJECTS


def buy(shop, chosen, **wanted):
    cart = carts.choose_addons(cart=shop.cart(**wanted), wanted=chosen, at=clock.now(), origin=shop.origin)
    attempt = checkout.start(cart=cart, organization=shop.organization, origin=shop.origin, at=clock.now())
    shop.pay(attempt)
    shop.settle()
    return seats.current(shop.organization)


@pytest.fixture
def equipped(shop):
    """Ten seats of Team with all three add-ons."""
    return shop.kept("equipped", lambda: buy(shop, ALL))


@pytest.fixture
def half(shop, equipped):
    """The same, half a period in."""
    shop.advance_to(equipped.period_starts_at + (equipped.period_ends_at - equipped.period_starts_at) / 2)
    return seats.current(shop.organization)


def held(row):
    return {one.addon.code: one.quantity for one in SubscriptionAddon.objects.filter(subscription=row, ended_at=None)}


def have(shop, row, code, number=None):
    offered = addons.offer(row, code=code, number=number, at=clock.now())
    return offered.preview, addons.confirm(row, token=offered.token, origin=shop.origin, at=clock.now())


def verdict(row):
    theirs = reconciling_reading.subscription(row.stripe_id)
    known = differences.known([row], since=clock.now())[row.stripe_id]
    return reconciling.compare(known.ours, theirs, differences.standard(theirs.prices))


# --- Bought with the plan ---------------------------------------------------------------------------------------------


def test_bought_together_on_one_invoice(shop, equipped):
    invoice = Invoice.objects.get(subscription=equipped)
    assert (invoice.total_minor, invoice.lines.count()) == (TEN, 4)
    assert held(equipped) == {"blueprints": None, "support": 1, "projects": 2}
    [entry] = equipped.ledger.all()
    assert (entry.kind, entry.delta, entry.mrr_delta_minor) == (LedgerKind.STARTED, 10, TEN)
    assert ledger.listed_mrr_minor(equipped) == TEN
    standing = overview.standing(shop.organization)
    assert standing.next_charge.total_minor == TEN
    assert verdict(equipped) == reconciling.Verdict()
    [shown] = invoices.page(shop.organization).invoices
    assert (shown.main.quantity, shown.main.addon) == (10, {})
    assert [(line.addon["en"], line.quantity) for line in shown.beside] == [
        *(("Blueprints", 10), ("Priority support", 1), ("25 more projects", 2)),
    ]


def test_the_receipt_names_each(equipped, cast, client):
    mail = OutgoingMail.objects.get(kind="billing/receipt", recipient=cast.owner.email)
    said = rendering.message(mail).body
    client.force_login(cast.owner)
    page = text(client.get("/invoices/"))
    for one in ("10 x Blueprints", "Priority support", "2 x 25 more projects"):
        assert one in page
        assert f"{one}, " in said
    assert "1 seat," not in said


def test_a_change_of_plan_takes_what_does_not_go_with_it_out_of_the_cart(shop):
    cart = carts.choose_addons(cart=shop.cart(), wanted=ALL, at=clock.now(), origin=shop.origin)
    wanted = carts.Wanted(plan="fieldnote/business", seats=10, interval="month", currency="usd")
    assert set(carts.change(cart=cart, wanted=wanted, at=clock.now(), origin=shop.origin).addons) == {"blueprints", "support"}
    for code, number in (("support", 2), ("projects", 1), ("nothing", 1)):
        with pytest.raises(carts.AddonRefused):
            carts.choose_addons(cart=cart, wanted={code: number}, at=clock.now(), origin=shop.origin)


def test_entitlements_add_up(shop, equipped):
    def limit(feature):
        return entitlements.check(shop.organization, feature=feature)

    assert (limit("hotline").entitled, limit("blueprints").entitled, limit("sso").entitled) == (True, True, False)
    assert (limit("projects").limit, limit("storage_gb").limit, limit("templates").limit) == (150, 300, 25)


# --- Seats carry what follows them ------------------------------------------------------------------------------------


def test_more_seats_carry_the_add_on_that_follows_them(shop, half):
    offered = seats.offer(half, seats=12, at=clock.now())
    change = seats.confirm(half, token=offered.token, origin=shop.origin, at=clock.now())
    shop.settle()
    half.refresh_from_db()
    invoice = Invoice.objects.get(stripe_id=change.stripe_invoice_id)
    shown = offered.preview
    assert (change.state, invoice.total_minor) == (ChangeState.DONE, shown.due_now_minor)
    by_addon = {code: sum(line.amount_minor for line in shown.lines if line.addon == code) for code in ("", "blueprints")}
    assert by_addon == pytest.approx({"": 1600, "blueprints": BLUEPRINTS}, abs=20)  # two seats, half a period
    assert sum(by_addon.values()) == shown.total_minor
    assert shown.renewal_minor == TEN + 2 * (1600 + BLUEPRINTS)
    assert sorted(item.quantity for item in shop.at_stripe(half)["items"].data) == [1, 2, 12, 12]
    assert half.ledger.last().mrr_delta_minor == 2 * (1600 + BLUEPRINTS)
    assert verdict(half) == reconciling.Verdict()


def test_fewer_seats_at_renewal_keep_the_add_ons(shop, equipped):
    scheduled.change_seats(equipped, seats_after=8, releases=(), origin=shop.origin, at=clock.now())
    equipped.refresh_from_db()
    assert verdict(equipped) == reconciling.Verdict()
    then = 8 * (1800 + BLUEPRINTS) + SUPPORT + 2 * PROJECTS
    assert overview.standing(shop.organization).next_charge.total_minor == then
    shop.advance_to(equipped.period_ends_at)
    equipped.refresh_from_db()
    assert (equipped.quantity, equipped.ledger.last().mrr_delta_minor) == (8, then - TEN)
    assert sorted(item.quantity for item in shop.at_stripe(equipped)["items"].data) == [1, 2, 8, 8]
    assert verdict(equipped) == reconciling.Verdict()


# --- Had and given back -----------------------------------------------------------------------------------------------


@pytest.fixture
def bare(shop):
    """Ten seats without add-ons."""
    return shop.kept("bought", lambda: shop.buy(seats=10))


def test_an_add_on_is_had_for_exactly_what_was_shown(shop, bare):
    shop.advance_to(bare.period_starts_at + (bare.period_ends_at - bare.period_starts_at) / 2)
    row = seats.current(shop.organization)
    shown, change = have(shop, row, "support")
    shop.settle()
    invoice = Invoice.objects.get(stripe_id=change.stripe_invoice_id)
    assert (change.state, invoice.total_minor) == (ChangeState.DONE, shown.due_now_minor)
    assert shown.due_now_minor == pytest.approx(SUPPORT / 2, abs=20)
    assert (shown.renewal_minor, held(row)) == (16_000 + SUPPORT, {"support": 1})
    entry = row.ledger.last()
    assert (entry.kind, entry.delta, entry.mrr_delta_minor, entry.addon_after) == (LedgerKind.ADDON, 0, SUPPORT, 1)
    assert OutgoingMail.objects.filter(kind="billing/addon_added", recipient=shop.owner.email).count() == 1
    with pytest.raises(seats.NothingChanges):
        addons.offer(row, code="support", number=1, at=clock.now())
    assert verdict(row) == reconciling.Verdict()


def test_a_token_is_one_change_and_dies_with_another_add_on(shop, bare):
    first, second = (addons.offer(bare, code=code, number=None, at=clock.now()) for code in ("support", "blueprints"))
    change = addons.confirm(bare, token=first.token, origin=shop.origin, at=clock.now())
    assert addons.confirm(bare, token=first.token, origin=shop.origin, at=clock.now()) == change
    with pytest.raises(seats.Stale):
        addons.confirm(bare, token=second.token, origin=shop.origin, at=clock.now())
    with pytest.raises(seats.Stale):  # of another kind
        seats.confirm(bare, token=second.token, origin=shop.origin, at=clock.now())
    assert held(bare) == {"support": 1}


def test_more_of_one_now_and_fewer_with_the_period(shop, bare):
    have(shop, bare, "projects", 2)
    shown, _change = have(shop, bare, "projects", 5)
    assert shown.total_minor == pytest.approx(3 * PROJECTS, abs=5)
    assert held(bare) == {"projects": 5}
    for number in (0, 4, 11):
        with pytest.raises(addons.OutOfRange):
            addons.offer(bare, code="projects", number=number, at=clock.now())
    addon = SubscriptionAddon.objects.get(subscription=bare).addon
    scheduled.change_addon(bare, addon=addon, number=3, origin=shop.origin, at=clock.now())
    waiting = scheduled.change_addon(bare, addon=addon, number=1, origin=shop.origin, at=clock.now())
    assert [change.state for change in bare.scheduled.order_by("id")] == [ScheduledState.SUPERSEDED, ScheduledState.PENDING]
    with pytest.raises(addons.LeavesThen):
        addons.offer(bare, code="projects", number=7, at=clock.now())
    bare.refresh_from_db()
    assert overview.standing(shop.organization).next_charge.total_minor == 16_000 + PROJECTS
    assert verdict(bare) == reconciling.Verdict()
    shop.advance_to(bare.period_ends_at)
    waiting.refresh_from_db()
    assert (waiting.state, held(bare), bare.ledger.last().mrr_delta_minor) == ("applied", {"projects": 1}, -4 * PROJECTS)


def test_given_back_with_the_period_beside_fewer_seats_or_kept_after_all(shop, equipped):
    mine = {one.addon.code: one.addon for one in SubscriptionAddon.objects.filter(subscription=equipped)}
    kept = scheduled.change_addon(equipped, addon=mine["support"], number=0, origin=shop.origin, at=clock.now())
    scheduled.change_addon(equipped, addon=mine["blueprints"], number=0, origin=shop.origin, at=clock.now())
    scheduled.change_seats(equipped, seats_after=9, releases=(), origin=shop.origin, at=clock.now())
    assert scheduled.take_back(kept, origin=shop.origin, at=clock.now())
    assert OutgoingMail.objects.filter(kind="billing/addon_kept", recipient=shop.owner.email).count() == 1
    shop.advance_to(equipped.period_ends_at)
    equipped.refresh_from_db()
    then = 9 * 1800 + SUPPORT + 2 * PROJECTS
    assert (equipped.quantity, held(equipped)) == (9, {"support": 1, "projects": 2})
    assert sum(entry.mrr_delta_minor for entry in equipped.ledger.all()) == then
    assert Invoice.objects.filter(subscription=equipped).latest("issued_at").total_minor == then
    assert not entitlements.check(shop.organization, feature="blueprints").entitled
    assert verdict(equipped) == reconciling.Verdict()


def test_a_declined_card_leaves_it_waiting_and_dropping_leaves_nothing(shop, bare):
    shop.control("POST", "next_payment", outcome="declined")
    _shown, change = have(shop, bare, "support")
    assert (change.state, held(bare)) == (ChangeState.WAITING, {})
    dropped = seat_increases.drop(change, origin=shop.origin, at=clock.now())
    shop.settle()
    assert (dropped.state, held(bare)) == (ChangeState.DROPPED, {})


def test_in_a_trial_it_is_free_both_ways(shop):
    row = buy(shop, {"support": 1}, is_trial=True)
    shown, _change = have(shop, row, "blueprints")
    assert (shown.due_now_minor, shown.first_charge.due_minor) == (0, 16_000 + SUPPORT + 10 * BLUEPRINTS)
    shown, _change = have(shop, row, "support", 0)
    assert (shown.first_charge.due_minor, held(row)) == (16_000 + 10 * BLUEPRINTS, {"blueprints": None})
    assert ledger.counted_mrr_minor(row, 10) == 0
    assert verdict(row) == reconciling.Verdict()


# --- What Stripe says -------------------------------------------------------------------------------------------------


def test_what_nobody_commanded_is_booked_and_a_strange_item_is_named(shop, bare):
    price = AddonPrice.objects.get(addon__code="support", interval="month", currency="usd")
    gateway.update_subscription(bare.stripe_id, {"items": [{"price": price.stripe_price_id}]}, key="by-hand")
    shop.settle()
    entry = bare.ledger.last()
    assert (held(bare), entry.kind, entry.mrr_delta_minor) == ({"support": 1}, LedgerKind.STRIPE, SUPPORT)
    assert verdict(bare) == reconciling.Verdict()
    product = price.addon.stripe_product_id
    strange = gateway.create_price(
        {"product": product, "currency": "usd", "unit_amount": 5, "recurring": {"interval": "month"}}, key="strange"
    )
    gateway.update_subscription(bare.stripe_id, {"items": [{"price": strange.id}]}, key="by-hand-too")
    shop.settle()
    assert held(bare) == {"support": 1}
    [found] = verdict(bare).found
    assert (found.kind, [strange.id, 1] in found.stripes["items"]) == (reconciling.Kind.ITEM, True)


def test_another_number_than_the_seats_is_a_difference(shop, equipped):
    mine = SubscriptionAddon.objects.get(subscription=equipped, addon__code="blueprints")
    gateway.update_subscription(equipped.stripe_id, {"items": [{"id": mine.stripe_item_id, "quantity": 4}]}, key="by-hand")
    shop.settle()
    [found] = verdict(seats.current(shop.organization)).found
    assert (found.kind, [mine.price.stripe_price_id, 4] in found.stripes["items"]) == (reconciling.Kind.ITEM, True)


# --- For programs -----------------------------------------------------------------------------------------------------


def test_programs_see_them_and_give_them_back(shop, equipped, cast):
    program = Program(cast.organization_key)
    told = program.get("subscription").json()
    assert [(one["code"], one["quantity"], one["total_minor"]) for one in told["addons"]] == [
        *(("blueprints", 10, 3000), ("support", 1, 4900), ("projects", 2, 3000)),
    ]
    sold = program.get("catalog").json()["lines"][0]["addons"]
    assert next((one["code"], one["kind"]) for one in sold) == ("blueprints", "per_seat")
    made = program.post("subscription/scheduled-changes", {"kind": "addon", "addon": "support"})
    assert (made.status_code, made.json()["addon"], made.json()["addon_after"]) == (201, "support", 0)
    assert program.get("subscription").json()["scheduled"][0]["addon"] == "support"
    assert program.post("subscription/scheduled-changes", {"kind": "addon", "addon": "none"}).status_code in (409, 422)
    for body in ({"kind": "addon"}, {"kind": "addon", "addon": "support", "seats": 3}, {"seats": 8, "addon": "support"}):
        assert program.post("subscription/scheduled-changes", body).status_code == 400


def test_the_admin_shows_what_a_subscription_has_beside_its_plan(equipped, cast, client):
    client.force_login(cast.staff_member("support"))
    page = client.get(reverse("admin:billing_subscription_change", args=[equipped.pk])).content.decode()
    assert all(one.stripe_item_id in page for one in equipped.addons.all())
