"""What was agreed reaches the first order, on every way to buy, and the last one: a committed term is ended when it is over."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Journal, OutgoingMail
from accounts.origin import Origin, Source
from accounts.services import rendering
from billing import gateway
from billing.models import CancelReason, Difference, Invoice, ProductLine, Quote, StripeCommand, Subscription, Terms, TermsKind
from billing.queries import overview
from billing.rules import commitments, intervals
from billing.rules.terms import Wrong
from billing.services.agreeing import terms, terms_discounts, terms_sweep
from billing.services.changes import committed, plan_changes, scheduled
from billing.services.leaving import endings, pauses
from billing.services.reconciliation import reconciling, reconciling_decisions
from billing.services.selling import carts, checkout
from config import clock, words
from storefront import plan_receipts
from tests.billing import on_terms
from tests.billing.calling import Program
from tests.billing.test_quotes import APPROVER, form_of, link_of, of_cart
from tests.shop import text


@pytest.fixture
def agree(cast):
    """An approved exception that holds from today on."""
    rep, decider = cast.staff_member("rep"), cast.staff_member("revenue_operations")

    def make(kind, *, days=80, organization=None, **raw):
        today = clock.now().date()
        wanted = terms.Wanted(
            kind=kind,
            raw=raw,
            line=ProductLine.objects.get(code="fieldnote"),
            owner=rep,
            reason="Signed a reference.",
            starts_on=today,
            ends_on=today + timedelta(days=days),
            nonce=f"{kind}-{days}",
        )
        row = terms.propose(
            organization or cast.acme, wanted=wanted, origin=Origin(actor=rep, source=Source.ADMIN), at=clock.now()
        )
        terms.approve(row.pk, origin=Origin(actor=decider, source=Source.ADMIN), at=clock.now())
        terms_sweep.drain(clock.wall())
        row.refresh_from_db()
        return row

    return make


def test_an_agreed_discount_counts_from_the_first_charge_by_card_on(shop, cast, agree, client):
    row = agree(TermsKind.DISCOUNT, percent_bps=1000)
    cart = shop.cart(seats=10)
    client.force_login(cast.owner)
    page = text(client.get("/cart/"))
    assert "Agreed discount" in page
    assert "Pay $144.00 by card" in page
    assert "$160.00 from" in page  # and when it is over
    told = Program(cast.organization_key).get(f"carts/{cart.public_id}").json()
    assert (told["agreed"]["discount_minor"], told["charge"]["total_minor"]) == (1_600, 14_400)
    attempt = checkout.start(cart=cart, organization=cast.acme, origin=shop.origin, at=clock.now())
    assert checkout.start(cart=cart, organization=cast.acme, origin=shop.origin, at=clock.now()).pk == attempt.pk
    shop.pay(attempt)
    shop.settle()
    bought = Subscription.objects.get()
    assert Invoice.objects.get().total_minor == 14_400
    assert [one.terms for one in bought.discounts.filter(ended_at=None)] == [row]
    assert overview.standing(cast.acme).next_charge.due_minor == 14_400
    # What ended while it was open, or since, is off the subscription.
    terms.end_early(row.pk, reason="By mistake.", origin=Origin(actor=row.approver), at=clock.now())
    shop.settle()
    assert not bought.discounts.filter(ended_at=None).exists()


def test_of_one_that_ends_while_the_page_is_open_only_the_first_charge_is_less(shop, cast, agree):
    row = agree(TermsKind.DISCOUNT, percent_bps=1000)
    attempt = shop.start(seats=10)
    terms.end_early(row.pk, reason="By mistake.", origin=Origin(actor=row.approver), at=clock.now())
    shop.settle()
    shop.pay(attempt)
    shop.settle()
    shop.settle()
    bought = Subscription.objects.get()
    assert Invoice.objects.get().total_minor == 14_400  # as it was shown
    params = {"customer": cast.acme.customer.stripe_id, "subscription": bought.stripe_id}
    assert gateway.preview_invoice(params).amount_due == 16_000
    assert not bought.discounts.filter(ended_at=None).exists()


def test_it_counts_on_invoice_and_a_code_does_not_come_on_top(shop, cast, agree, client):
    agree(TermsKind.DISCOUNT, percent_bps=1000)
    cart = carts.enter_code(cart=shop.cart(seats=10), code="WELCOME20", at=clock.now(), origin=shop.origin)
    client.force_login(cast.owner)
    assert "You have a discount already" in text(client.get("/cart/"))
    with pytest.raises(checkout.CodeRefused):
        checkout.start(cart=cart, organization=cast.acme, origin=shop.origin, at=clock.now())
    carts.enter_code(cart=cart, code="", at=clock.now(), origin=shop.origin)
    bought = on_terms.buy(shop, seats=10)
    invoice = Invoice.objects.get(stripe_id=bought.latest_invoice_id)
    assert (bought.is_invoiced, invoice.total_minor) == (True, 14_400)


def test_a_quote_is_made_with_it_and_keeps_it_though_it_was_taken_back(shop, cast, agree, client):
    row = agree(TermsKind.DISCOUNT, percent_bps=1000, days=9)
    quote = of_cart(shop, seats=10)
    assert (quote.due_minor, quote.valid_on) == (14_400, row.ends_on - timedelta(days=1))
    terms.end_early(row.pk, reason="By mistake.", origin=Origin(actor=row.approver), at=clock.now())
    page = text(client.get(link_of(quote)))
    assert "Agreed discount" in page
    assert form_of(page) == {"due": "14400"}
    gone = client.post(link_of(quote), APPROVER | form_of(page)).headers["Location"]
    shop.pay(gone)
    shop.settle()
    assert (Quote.objects.get().state, Invoice.objects.get().total_minor) == ("accepted", 14_400)


def test_a_trial_shows_the_agreed_price_of_its_first_charge(shop, cast, agree, client):
    agree(TermsKind.DISCOUNT, percent_bps=1000)
    shop.cart(seats=10, is_trial=True)
    client.force_login(cast.owner)
    assert "$144.00 is charged if you have added a card" in text(client.get("/cart/"))
    Terms.objects.update(ends_at=clock.now() + timedelta(days=10))  # over before the trial is
    assert "$160.00 is charged if you have added a card" in text(client.get("/cart/"))


def test_the_prices_page_says_the_agreed_ceiling_to_who_is_signed_in(shop, cast, agree, client):
    agree(TermsKind.SEAT_CEILING, seats=777)
    on_prices = {"HX-Current-URL": "https://store.example/pricing/?seats=300"}
    said = "Agreed with you: up to 777 seats of Fieldnote."
    assert said not in text(client.get(reverse("storefront:header"), headers=on_prices))
    client.force_login(cast.owner)
    assert said in text(client.get(reverse("storefront:header"), headers=on_prices))
    assert said not in text(client.get(reverse("storefront:header")))
    assert 'id="agreed"' in text(client.get(reverse("storefront:pricing")))


def test_an_agreed_seat_ceiling_is_bought_online(shop, cast, agree, client):
    plan = shop.cart(seats=10).plan
    most = plan.seats_max + 50
    client.force_login(cast.owner)
    wanted = {"plan": "fieldnote/team", "interval": "month", "currency": "usd", "seats": most}
    assert client.post("/cart/", wanted).status_code == 422
    assert Program(cast.organization_key).post("carts", wanted).status_code == 422
    agree(TermsKind.SEAT_CEILING, seats=most)
    assert client.post("/cart/", wanted).status_code == 302
    assert f"to {most} seats can be bought here" in text(client.get("/cart/"))
    assert Program(cast.organization_key).post("carts", wanted).status_code == 201
    assert client.post("/cart/", wanted | {"seats": most + 1}).status_code == 422
    assert shop.buy(seats=most).quantity == most


def test_a_cancellation_is_booked_for_the_end_of_a_committed_term(shop, cast, agree, client):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    held = agree(TermsKind.TERM, days=40)  # into the second month
    for refused in (
        lambda: endings.offer(row, is_owner=True, at=clock.now()),
        lambda: pauses.offer(row, months=1, at=clock.now()),
    ):
        with pytest.raises(committed.Committed) as said:
            refused()
        assert said.value.until == held.ends_on
        assert row.period_ends_at == said.value.opens_at < held.ends_at < said.value.ends_at
    client.force_login(cast.owner)
    assert "Pause it" not in text(client.get("/")), "where it is refused"
    url = reverse("storefront:cancellation")
    page = text(client.get(url))
    assert f"You agreed to stay until {words.day(held.ends_on - timedelta(days=1))}" in page
    assert f"End it on {shop.day(said.value.ends_at)}" in page
    renewal, last = "/subscription/renewal/", words.day(held.ends_on - timedelta(days=1))
    shown = text(client.get(renewal))
    assert f"until {last}: turned off, it goes on until then and ends on {shop.day(said.value.ends_at)}." in shown
    assert "ends that day" not in shown
    for _again in range(2):
        client.post(url, {"line": "fieldnote", "reason_code": CancelReason.PRICE, "reason": ""})
    change = row.scheduled.get()
    assert (change.state, change.effective_at) == ("booked", said.value.ends_at)
    standing = overview.standing(cast.acme)
    assert (standing.ends_at, standing.end, standing.next_charge.due_minor) == (None, None, 16_000)
    shown = text(client.get(renewal))
    assert "Off: it goes on and renews as agreed, and ends on" in shown
    assert shop.day(said.value.ends_at) in shown
    assert ('aria-checked="false"' in shown, change.public_id in shown) == (True, True)
    page = text(client.get(url))
    assert "One click takes the cancellation back" in page
    assert shop.day(said.value.ends_at) in page
    home = text(client.get("/"))
    assert "You cancelled for the end of what was agreed" in home
    assert "home__leave" not in home, "it is cancelled already"
    assert "Pause it" not in home
    mail = OutgoingMail.objects.filter(kind="billing/cancellation").first()
    assert (mail.context["is_booked"], shop.at_stripe(row).cancel_at_period_end) == (True, False)
    taken = client.post(reverse("storefront:scheduled_change", args=[change.public_id]), {"action": "take_back"})
    assert (taken.status_code, row.scheduled.filter(state="booked").exists()) == (303, False)


def test_what_is_booked_ends_with_the_period_that_reaches_the_day(shop, cast, agree):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    held = agree(TermsKind.TERM, days=40)
    program = Program(cast.organization_key)
    told = program.post("subscription/scheduled-changes", {"kind": "end", "reason_code": "price"})
    assert (told.status_code, told.json()["state"]) == (201, "booked")
    assert [one["state"] for one in program.get("subscription").json()["scheduled"]] == ["booked"]
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    change, now = row.scheduled.get(), shop.fresh(row)
    assert (change.state, change.effective_at) == ("pending", now.period_ends_at)
    assert now.period_ends_at > held.ends_at > now.period_starts_at == row.period_ends_at
    assert now.invoices.count() == 2  # it has renewed once
    assert shop.at_stripe(row).cancel_at_period_end
    shop.advance_to(now.period_ends_at + timedelta(hours=2))
    assert (shop.fresh(row).status, now.invoices.count(), row.scheduled.get().state) == ("canceled", 2, "applied")


def test_of_a_yearly_plan_it_is_dated_anew_when_the_period_moves(shop, agree):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    agree(TermsKind.TERM, days=100)
    change = scheduled.end(row, reason_code=CancelReason.PRICE, reason="", origin=shop.origin, at=clock.now())
    assert change.state == "booked"
    shop.advance_to(clock.now() + timedelta(days=9))
    row = shop.fresh(row)
    offer = plan_changes.offer(row, plan="team", interval="year", quantity=None, at=clock.now())
    assert offer.preview.renewal_at == offer.preview.ends_at > change.effective_at
    assert (offer.preview.quantity_at_renewal, offer.preview.renewal_minor) == (0, 0)
    said = f"You cancelled: with this it ends on {shop.day(offer.preview.ends_at)}, instead of {shop.day(change.effective_at)}."
    with timezone.override(row.organization.time_zone):
        shown = plan_receipts.of_now(offer.preview, overview.standing(row.organization), plan_changes.price_of(offer))
        later = plan_receipts.of_later(plan_changes.price_of(offer), overview.standing(row.organization))
    assert "instead of" in later["notes"][0]
    assert said in shown["notes"]
    assert plan_changes.confirm(row, token=offer.token, origin=shop.origin, at=clock.now()).state == "done"
    shop.settle()
    row = shop.fresh(row)
    change.refresh_from_db()
    assert (change.state, change.effective_at, row.price.interval) == ("pending", row.period_ends_at, "year")
    mail = rendering.message(OutgoingMail.objects.filter(kind="billing/plan_changed").first()).body
    assert (f"You cancelled: it ends on {shop.day(change.effective_at)}." in mail, "The renewal" in mail) == (True, False)
    assert (overview.standing(row.organization).next_charge, shop.at_stripe(row).cancel_at_period_end) == (None, True)


def test_the_next_invoices_take_the_days_that_are_in_force(shop, cast, agree, client):
    row = on_terms.buy(shop, seats=10)
    first = Invoice.objects.get(stripe_id=row.latest_invoice_id)
    held = agree(TermsKind.PAYMENT_TERMS, net_days=45)
    assert (shop.fresh(row).days_until_due, shop.at_stripe(row).days_until_due) == (45, 45)
    made = StripeCommand.objects.filter(kind="subscription.collect")
    terms_sweep.drain(clock.wall())
    Terms.objects.update(due_at=clock.now())
    terms_sweep.drain(clock.wall())
    assert made.count() == 1  # once for all
    first.refresh_from_db()
    assert (first.due_at - first.issued_at).days == 30  # what is open keeps its date
    terms.end_early(held.pk, reason="Never paid.", origin=Origin(actor=held.approver), at=clock.now())
    terms_sweep.sweep(clock.now())  # and whoever did it died
    terms_sweep.sweep_all(clock.now() + terms_discounts.SOON)
    assert (shop.fresh(row).days_until_due, shop.at_stripe(row).days_until_due, made.count()) == (30, 30, 2)
    told = Journal.objects.filter(kind="billing.subscription.collected").order_by("id")
    assert [one.data["days"] for one in told] == [45, 30]
    mails = OutgoingMail.objects.filter(kind="billing/payment_days", recipient=cast.owner.email).order_by("pk")
    said = [(one.context["days_before"], one.context["days"], one.context["open_numbers"]) for one in mails]
    assert said == [(30, 45, [first.number]), (45, 30, [first.number])], "what changes, and what keeps its date"


def test_an_empty_list_says_where_one_is_begun(cast, client):
    client.force_login(cast.admin)
    for name, leads_to in (("terms", "accounts_organization"), ("sunset", "billing_plan")):
        url = reverse(f"admin:billing_{name}_changelist")
        page = text(client.get(url))
        assert reverse(f"admin:{leads_to}_changelist") in page.split("admin-empty")[1]
        assert "Create a new item" not in page
        assert "Nothing matches" in text(client.get(url, {"q": "nobody"}))


@pytest.mark.parametrize("verb", [reconciling_decisions.resend, reconciling_decisions.accept])
def test_another_way_of_paying_at_stripe_is_named_and_decided(shop, cast, verb):
    """What the store said last is meant; the look that mirrors Stripe does not make it so."""
    row = on_terms.buy(shop, seats=10)
    gateway.update_subscription(row.stripe_id, {"days_until_due": 90, "proration_behavior": "none"}, key="dashboard")
    shop.settle()
    assert shop.fresh(row).days_until_due == 90
    reconciling.go_on(reconciling.begin())
    named = Difference.objects.get(kind="collection", state="open")
    assert (named.ours["days_until_due"], named.stripes["days_until_due"]) == (30, 90)
    assert reconciling_decisions.can_accept(named)
    verb(named, reason="Agreed by mail.", origin=shop.origin, at=clock.now())
    shop.settle()
    is_resent = verb is reconciling_decisions.resend
    assert shop.at_stripe(row).days_until_due == (30 if is_resent else 90)
    reconciling.go_on(reconciling.begin())
    assert not Difference.objects.filter(kind="collection", state="open").exists()


def test_committed_seats_and_plan_go_down_only_when_the_term_is_over(shop, cast, agree, client):
    """By page and API, each with its date; what is beyond the commitment goes with any period."""
    row = shop.kept("bought business", lambda: shop.buy(plan="fieldnote/business", seats=14))
    held = agree(TermsKind.TERM, days=40, seats=12, plan="business")
    assert held.value == {"seats": 12, "plan": "business", "plan_name": "Business"}
    over = intervals.end(row.period_ends_at, "month")
    client.force_login(cast.owner)
    assert "A committed term with at least 12 seats of Business until" in text(client.get(reverse("storefront:plan")))
    shown = text(client.get("/seats/", {"line": "fieldnote", "seats": 10, "when": "renewal"}))
    assert (f"Have 10 seats from {shop.day(over)}" in shown, "You agreed to keep what you have until" in shown) == (True, True)
    assert f"Have 12 seats from {shop.day(row.period_ends_at)}" in text(
        client.get("/seats/", {"line": "fieldnote", "seats": 12, "when": "renewal"})
    )
    plan = {"line": "fieldnote", "plan": "team", "interval": "month"}
    assert f"Change to Team on {shop.day(over)}" in text(client.get(reverse("storefront:plan"), plan))
    assert client.post(reverse("storefront:plan"), plan | {"action": "later"}).status_code == 303
    program = Program(cast.organization_key)
    told = [
        program.post("subscription/scheduled-changes", {"kind": "seats", "seats": number}).json() for number in (10, 11, 13)
    ]
    assert [(one["state"], one["delta"]) for one in told] == [("booked", -4), ("booked", -3), ("pending", -1)]
    standing = overview.standing(cast.acme)
    assert (standing.coming, standing.coming_plan) == (13, None)
    scheduled_then = [(one["kind"], one["state"]) for one in program.get("subscription").json()["scheduled"]]
    assert sorted(scheduled_then) == [("plan", "booked"), ("seats", "booked"), ("seats", "pending")]
    assert text(client.get("/")).count("It waits for the end of what was agreed.") == 2
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    now = shop.fresh(row)
    assert (now.quantity, now.plan.code) == (13, "business")
    assert {one.effective_at for one in now.scheduled.filter(state="pending")} == {now.period_ends_at} == {over}
    shop.advance_to(over + timedelta(hours=2))
    now = shop.fresh(row)
    assert (now.quantity, now.plan.code, now.scheduled.filter(state__in=("pending", "booked")).count()) == (10, "team", 0)


def test_a_term_without_a_quantity_is_none(shop, cast, agree):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    assert agree(TermsKind.TERM, days=40).value == {}
    change = scheduled.change_seats(row, seats_after=4, releases=[], origin=shop.origin, at=clock.now())
    assert (change.state, change.effective_at) == ("pending", row.period_ends_at)
    with pytest.raises(Wrong):
        agree(TermsKind.TERM, days=41, plan="nowhere")


@pytest.mark.parametrize(
    ("committed", "now", "wanted", "waits"),
    [(None, 50, 1, False), (40, 50, 40, False), (40, 50, 39, True), (40, 30, 35, False), (40, 30, 29, True)],
)
def test_what_waits_for_a_term(committed, now, wanted, waits):
    assert commitments.waits(committed, now=now, wanted=wanted) == waits
