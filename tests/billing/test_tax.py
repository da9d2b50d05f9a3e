"""Tax from end to end: the catalog's rates and Stripe Tax, ids by every door, reverse charge and its end, names kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
import requests

from accounts.models import OutgoingMail
from billing import gateway
from billing.models import CheckoutAttempt, Invoice, TaxId, TaxRate, TaxStanding
from billing.queries import differences, overview
from billing.rules import reconciling as reconciling_rules
from billing.rules import rounding, tax, tax_ids
from billing.services.books import tax_standings
from billing.services.changes import scheduled, seats
from billing.services.mirroring import tax_ids as services
from billing.services.reconciliation import reconciling_reading
from config import clock
from tests import shelf
from tests.shop import GOOD_CARD, _card, text

FRENCH_ID = "FR40303265045"


def put(shop, mode="rates", seller="DE", **percents):
    """Apply the catalog with these rates, and let every standing follow."""
    rates = tuple(tax.Rate(country, "VAT", str(percent)) for country, percent in ({"DE": 19, "FR": 20} | percents).items())
    wanted = replace(shelf.read(), tax=tax.Settings(tax.Mode(mode), seller, rates))
    shop.sell(wanted)
    shop.settle()


def move(shop, country):
    shop.organization.country = country
    shop.organization.save()


def buy(shop, **wanted):
    """Like shop.buy, with an address in the organization's own country."""
    attempt = shop.start(currency="eur", **wanted)
    pay(shop, attempt)
    shop.settle()
    attempt.refresh_from_db()
    assert attempt.state == "applied", (attempt.state, attempt.message)
    return shop.fresh(attempt.subscription)


def pay(shop, attempt, **form):
    base = {"email": shop.owner.email, **_card(GOOD_CARD), "country": shop.organization.country}
    answer = requests.post(attempt.url, data=base | form, allow_redirects=False, timeout=30)
    if answer.status_code == 402:  # Stripe Tax shows the new total first
        total = gateway.session(attempt.stripe_session_id).amount_total
        answer = requests.post(attempt.url, data=base | form | {"total": total}, allow_redirects=False, timeout=30)
    assert answer.status_code in (302, 303), answer.text
    shop.settle()


def add(shop, typed=FRENCH_ID, country="FR"):
    return services.add(shop.organization, country=country, kind="eu_vat", typed=typed, origin=shop.origin, at=clock.now())


def standing(shop):
    return TaxStanding.objects.get(organization=shop.organization)


def more(shop, row, count):
    """Buy seats: what was previewed, and the invoice that came."""
    offer = seats.offer(row, seats=row.quantity + count, at=clock.now())
    change = seats.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    assert change.state == "done", change.message
    shop.settle()
    return offer.preview, Invoice.objects.get(stripe_id=change.stripe_invoice_id)


def mails(kind):
    """One person's."""
    return OutgoingMail.objects.filter(kind=f"billing/{kind}", recipient__startswith="owner")


def test_rates_are_on_the_payment_page_and_its_invoice(shop):
    move(shop, "DE")
    put(shop)
    row = buy(shop, seats=10)
    invoice = Invoice.objects.get(subscription=row)
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor) == (15_000, 2_850, 17_850)
    assert invoice.taxes == [
        {
            "name": "VAT",
            "percent": "19",
            "amount_minor": 2_850,
            "taxable_minor": 15_000,
            "inclusive": False,
            "is_reverse": False,
        }
    ]
    assert (standing(shop).reason, standing(shop).is_behind) == ("home", False)
    assert charge_to_come(shop, row) == (15_000, 2_850, 17_850)


def test_tax_changed_mid_period(shop):
    """Golden case: 10 seats at 19%, half a month later the rate is 25%: given back at 19%, charged at 25%, preview = charge."""
    move(shop, "DE")
    put(shop)
    row = buy(shop, seats=10)
    shop.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2)
    put(shop, DE=25)
    assert [rate.id for rate in shop.at_stripe(row).default_tax_rates] == [standing(shop).rate.stripe_id]
    assert TaxRate.objects.filter(country="DE", retired_at=None).get().percent == "25"
    shown, invoice = more(shop, shop.fresh(row), 5)
    back, charged = sorted(line.amount_minor for line in shown.lines)
    expected = [("19", rounding.divide(back * 19, 100)), ("25", rounding.divide(charged * 25, 100))]
    assert back < 0 < charged
    assert [(line.percent, line.amount_minor) for line in shown.taxes] == expected
    assert [each["amount_minor"] for each in invoice.taxes] == [line.amount_minor for line in shown.taxes]
    assert (invoice.total_minor, invoice.amount_due_minor) == (shown.total_minor, shown.due_now_minor)
    assert shown.total_minor == shown.subtotal_minor + shown.tax_minor


def test_a_schedule_keeps_the_tax(shop):
    move(shop, "DE")
    put(shop)
    row = buy(shop, seats=10)
    scheduled.change_seats(row, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    shop.settle()
    put(shop, DE=25)
    shop.advance_to(shop.fresh(row).period_ends_at + timedelta(hours=2))
    newest = Invoice.objects.filter(subscription=row).order_by("-issued_at", "-pk").first()
    assert (newest.subtotal_minor, newest.taxes[0]["percent"], newest.tax_minor) == (13_600, "25", 3_400)


def test_a_confirmed_id_of_another_member_state_reverses(shop):
    move(shop, "FR")
    put(shop)
    row = buy(shop, seats=10)
    assert Invoice.objects.get(subscription=row).tax_minor == 3_000
    held = add(shop)
    assert held.state == "pending"
    shop.settle()
    assert (standing(shop).exempt, standing(shop).reason) == ("reverse", "being_checked")
    shop.advance(minutes=1)
    held.refresh_from_db()
    assert (held.state, standing(shop).reason) == ("verified", "confirmed")
    shown, invoice = more(shop, shop.fresh(row), 5)
    assert invoice.taxes[-1]["is_reverse"]
    assert invoice.total_minor == shown.total_minor
    assert not mails("tax_added").exists()
    assert charge_to_come(shop, row) == (22_500, 0, 22_500)


def test_other_tax_waits_for_seats_that_wait_for_their_payment(shop):
    """An update at Stripe would void them, and with them what the buyer agreed to."""
    move(shop, "DE")
    put(shop)
    row = buy(shop, seats=10)
    shop.control("POST", "next_payment", outcome="requires_action", customer=row.organization.customer.stripe_id)
    offer = seats.offer(row, seats=13, at=clock.now())
    change = seats.confirm(row, token=offer.token, origin=shop.origin, at=clock.now())
    put(shop, DE=25)
    assert (change.state, standing(shop).is_behind) == ("waiting", True)
    assert shop.at_stripe(row).pending_update is not None
    gateway.pay_invoice(change.stripe_invoice_id, {}, key="pay-later")
    shop.settle()
    change.refresh_from_db()
    assert (change.state, standing(shop).is_behind) == ("done", False)
    assert [rate.id for rate in shop.at_stripe(row).default_tax_rates] == [standing(shop).rate.stripe_id]
    assert charge_to_come(shop, row) == (19_500, 4_875, 24_375)


def test_an_increase_begun_at_stripe_is_left_alone_too(shop):
    move(shop, "DE")
    put(shop)
    row = buy(shop, seats=10)
    shop.control("POST", "next_payment", outcome="requires_action", customer=row.organization.customer.stripe_id)
    more_there = {"items": [{"id": row.stripe_item_id, "quantity": 12}], "payment_behavior": "pending_if_incomplete"}
    gateway.update_subscription(row.stripe_id, more_there | {"proration_behavior": "always_invoice"}, key="elsewhere")
    put(shop, DE=25)
    assert shop.at_stripe(row).pending_update is not None
    assert (standing(shop).is_behind, standing(shop).due_at > clock.wall()) == (True, True)


def charge_to_come(shop, row):
    """What pages say of the next charge, which is what Stripe would charge: net, tax, total."""
    charge = overview.standing(shop.organization).next_charge
    there = gateway.preview_invoice({"customer": shop.organization.customer.stripe_id, "subscription": row.stripe_id})
    net = charge.total_minor - charge.discount_minor
    assert (there.subtotal, there.total) == (net, net + charge.tax_minor)
    return net, charge.tax_minor, charge.due_minor


def test_nobody_confirms_an_id_in_time(shop):
    """A week without tax, two days before its end a mail, then tax again and another mail; once each."""
    move(shop, "FR")
    put(shop)
    row = buy(shop, seats=10)
    add(shop, typed=FRENCH_ID)
    shop.settle()
    TaxId.objects.update(state="pending")
    assert OutgoingMail.objects.filter(recipient__startswith="owner").exists()
    for day, reason, before, after in ((4, "being_checked", 0, 0), (5, "being_checked", 1, 0), (7, "not_in_time", 1, 1)):
        start = TaxId.objects.get().added_at
        _pass(shop, start + timedelta(days=day, minutes=1))
        assert (standing(shop).reason, mails("tax_check_ends").count(), mails("tax_added").count()) == (reason, before, after)
    assert gateway.customer(row.organization.customer.stripe_id).tax_exempt == "none"
    _pass(shop, TaxId.objects.get().added_at + timedelta(days=9))
    assert mails("tax_added").count() == 1


def _pass(shop, instant):
    """Let the store's time pass, Stripe's stand: the authority never answers."""
    shop.move_store(round((instant - clock.wall()).total_seconds()))
    while tax_standings.drain(clock.wall()).handled:
        pass


def test_an_id_that_the_authority_does_not_know(shop):
    move(shop, "FR")
    put(shop)
    shop.control("POST", "settings", tax_id_result="unverified")
    buy(shop, seats=10)
    add(shop)
    shop.advance(minutes=1)
    assert (TaxId.objects.get().state, standing(shop).exempt, standing(shop).reason) == ("unverified", "none", "not_confirmed")
    assert mails("tax_added").count() == 1
    shop.control("POST", "settings", tax_id_result="verified")


def test_the_first_invoice_of_a_card_buyer_names_the_company_and_its_id(shop, client):
    """Both are asked for on the cart: Stripe's page, which would put the cardholder's name in its place, asks for neither."""
    move(shop, "FR")
    put(shop)
    client.force_login(shop.owner)
    cart = shop.cart(currency="eur", seats=10)
    form = {"cart": cart.public_id, "accept": "yes", "legal_name": "Acme SARL", "line1": "1 rue du Bac", "city": "Lyon"}
    form |= {"country": "FR", "postal_code": "69001", "tax_kind": "FR:eu_vat", "tax_number": FRENCH_ID[:-1] + "4"}
    answer = client.post("/checkout/", form)  # and not the page itself, which a browser could not go back to
    assert (answer.status_code, answer["Location"], CheckoutAttempt.objects.exists()) == (303, "/cart/", False)
    page = text(client.get("/cart/"))
    assert ("1 rue du Bac" in page, 'value="yes" required checked' in page, 'aria-invalid="true"' in page) == (True, True, True)
    form["tax_number"] = FRENCH_ID
    assert client.post("/checkout/", form)["Location"] == "/cart/"  # other tax: the amount is looked at again
    cart_page = text(client.get("/cart/"))
    assert [said in cart_page for said in ("Pay €150.00 by card", FRENCH_ID, "Acme SARL")] == [True] * 3
    form["tax_number"], wrong = (
        "",
        TaxId.objects.create(organization=shop.organization, type="eu_vat", value="FR1", country="FR", added_at=clock.now()),
    )
    assert "FR1</span>: take it off" in text(client.get("/cart/"))
    form["drop_tax_id"] = "FR1"
    attempt = CheckoutAttempt.objects.get(url=client.post("/checkout/", form)["Location"])
    wrong.refresh_from_db()
    assert wrong.removed_at is not None
    wrong.delete()
    pay(shop, attempt, tax_id_type="eu_vat", tax_id="FR83404833048", business_name="Olive Owner")
    there = gateway.invoice(Invoice.objects.get().stripe_id)
    ids = [each.value for each in there.customer_tax_ids]
    assert (there.customer_name, there.customer_address.line1, ids) == ("Acme SARL", "1 rue du Bac", [FRENCH_ID])
    pdf = requests.get(there.invoice_pdf, timeout=30).content
    assert [said in pdf for said in (b"Acme SARL", FRENCH_ID.encode(), b"Olive Owner")] == [True, True, False]
    assert (TaxId.objects.get().value, Invoice.objects.get().tax_minor) == (FRENCH_ID, 0)


def test_ids_before_the_first_purchase_go_along(shop):
    move(shop, "FR")
    put(shop)
    held = add(shop)
    assert (held.state, held.stripe_id) == ("sending", None)
    row = buy(shop, seats=10)
    held.refresh_from_db()
    assert held.state in ("pending", "verified")
    assert held.stripe_id
    assert Invoice.objects.get(subscription=row).tax_minor == 0
    assert TaxId.objects.count() == 1


def test_an_id_added_a_moment_before_a_purchase_counts(shop):
    """The lane has not told Stripe yet; opening the payment page does."""
    move(shop, "FR")
    put(shop)
    row = buy(shop, seats=10)
    add(shop)
    assert standing(shop).is_behind
    attempt = shop.start(plan="inspect/essential", currency="eur", seats=5)
    assert not standing(shop).is_behind
    pay(shop, attempt)
    assert Invoice.objects.exclude(subscription=row).get().tax_minor == 0


def test_an_id_is_removed_here_and_at_stripe(shop):
    move(shop, "FR")
    put(shop)
    row = buy(shop, seats=10)
    held = add(shop)
    services.remove(held, origin=shop.origin, at=clock.now())
    shop.settle()
    held.refresh_from_db()
    assert held.removed_at is not None
    assert gateway.customer(row.organization.customer.stripe_id).tax_ids.data == []
    assert (standing(shop).exempt, standing(shop).reason) == ("none", "no_id")
    services.remove(held, origin=shop.origin, at=clock.now())


def test_what_add_refuses(shop):
    move(shop, "FR")
    with pytest.raises(tax_ids.UnfitError):
        add(shop, typed="FR40303265046")
    add(shop)
    with pytest.raises(services.Known):
        add(shop)
    assert TaxId.objects.count() == 1


def test_stripe_tax_works_it_out(shop):
    move(shop, "FR")
    put(shop, mode="stripe")
    row = buy(shop, seats=10)
    invoice = Invoice.objects.get(subscription=row)
    assert (invoice.tax_minor, shop.at_stripe(row).automatic_tax.enabled) == (3_000, True)
    shown, billed = more(shop, shop.fresh(row), 5)
    assert shown.taxes[0].percent == "20"
    assert billed.total_minor == shown.total_minor


def test_without_tax_nothing_is_kept_or_sent(shop):
    row = shop.buy()
    assert not TaxStanding.objects.exists()
    assert not TaxRate.objects.exists()
    assert shop.at_stripe(row).default_tax_rates == []


def test_the_comparison_knows_what_tax_is_expected(shop):
    move(shop, "DE")
    put(shop)
    row = buy(shop, seats=10)
    assert _found(row) == []
    gateway.update_subscription(row.stripe_id, {"default_tax_rates": ""}, key="t1")
    assert _found(row) == ["tax"]


def _found(row):
    theirs = reconciling_reading.subscription(row.stripe_id)
    known = differences.subscriptions([row.stripe_id], since=clock.now() + timedelta(days=1))[row.stripe_id]
    standard = differences.standard({theirs.price})
    return [one.kind.value for one in reconciling_rules.compare(known.ours, theirs, standard).found]
