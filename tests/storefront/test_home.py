"""Home, for those who decide and for members, in every state."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import OutgoingMail, Role
from billing import gateway
from billing.models import CancelReason, Invoice, Subscription
from billing.queries import overview
from billing.services import people, store_time
from billing.services.changes import scheduled
from config import clock
from tests import factories
from tests.shop import text

HOME = "/"


def test_a_visitor_sees_the_prices(client, db):
    assert client.get(HOME).url == reverse("storefront:pricing")


def test_nothing_bought_leads_to_the_prices_and_a_cart_to_the_cart(client, cast, shop):
    client.force_login(cast.owner)
    assert reverse("storefront:pricing") in text(client.get(HOME))
    shop.cart(cast.acme, actor=cast.owner, seats=7)
    page = text(client.get(HOME))
    assert "Your cart is waiting" in page
    assert "Team for 7 seats" in page


def test_an_open_payment_page_is_pointed_to(client, cast, shop):
    attempt = shop.start(cast.acme, cast.owner, seats=10)
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "A payment page is still open" in page
    assert reverse("storefront:checkout_attempt", args=[attempt.public_id]) in page


def test_it_says_what_one_has_what_it_costs_and_what_comes(client, cast, shop):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "Team, 10 seats" in page
    assert "$160.00" in page
    assert "10 seats at $16" in page
    assert "4242" in page
    assert "Renewal with 10 seats" in page
    assert f'datetime="{subscription.period_ends_at.isoformat()}"' in page
    assert "Invite people" in page


def test_seats_are_counted_alike_everywhere(client, cast, shop):
    shop.buy(cast.acme, cast.owner, seats=10)
    made = {"organization": cast.acme, "role": Role.MEMBER, "with_seat": True, "origin": shop.origin, "at": clock.now()}
    people.invite(emails=["ada@acme.example", "ben@acme.example"], **made)
    client.force_login(cast.owner)
    home, seats = text(client.get(HOME)), text(client.get(reverse("storefront:seats")))
    assert '<p class="figure__value">1 <small>of 10</small></p>' in home
    for words_of in ("1 in use", "2 invited", "7 free"):
        assert f"<span>{words_of}</span>" in home
        assert f"<span>{words_of}</span>" in seats
    assert seats.count("1 in use, 2 invited, 7 free.") == 2


def test_who_takes_a_seat_that_goes_away_is_said_so_beforehand(client, cast, shop):
    row = shop.buy(cast.acme, cast.owner, seats=10)
    scheduled.change_seats(row, seats_after=3, releases=[], origin=shop.origin, at=clock.now())
    client.force_login(cast.owner)
    assert "in use or held" not in text(client.get(HOME))
    made = {"organization": cast.acme, "role": Role.MEMBER, "with_seat": True, "origin": shop.origin, "at": clock.now()}
    people.invite(emails=[f"{name}@acme.example" for name in ("ada", "ben", "cem", "dan")], **made)
    assert "2 seats more are in use or held than there are then" in text(client.get(HOME))


def test_credit_makes_the_next_charge_smaller_and_says_so(client, cast, shop):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    customer = subscription.organization.customer
    customer.balance_minor, customer.balance_currency = -3050, "usd"
    customer.save()
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "$129.50" in page
    assert "From your credit" in page


def test_a_failed_renewal_asks_for_the_payment(client, cast, shop):
    shop.buy(cast.acme, cast.owner, seats=10)
    shop.control("POST", "next_payment", outcome="declined")
    store_time.to_renewal(cast.acme)
    assert Subscription.objects.get().status == "past_due"
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "$160.00 could not be charged" in page
    assert "Pay $160.00" in page
    invoice = overview.standing(cast.acme).overdue[0]
    assert reverse("storefront:invoice_hosted", args=[invoice.stripe_id]) in page
    assert "data-fresh" in page, "paid in another tab, the page says so when it is looked at again"
    for elsewhere in ("storefront:seats", "storefront:payment_method"):
        other = text(client.get(reverse(elsewhere)))
        assert "$160.00 could not be charged" in other
        assert reverse("storefront:invoice_hosted", args=[invoice.stripe_id]) in other
    leaving = text(client.get(reverse("storefront:cancellation"), follow=True))
    assert f"Invoice {invoice.number} is void: nobody has to pay it." in leaving, "what is behind ends at once"
    assert "You have paid until then" not in leaving
    shop.pay_invoice(gateway.invoice(invoice.stripe_id).hosted_invoice_url)
    shop.settle()
    assert "data-fresh" not in text(client.get(HOME)), "and is not asked for again"


def test_an_ending_one_is_kept_with_one_click(client, cast, shop):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    change = scheduled.end(subscription, reason_code=CancelReason.PRICE, reason="", origin=shop.origin, at=clock.now())
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "The subscription ends" in page
    assert "Nothing more is charged." in page
    client.post(reverse("storefront:scheduled_change", args=[change.public_id]), {"action": "take_back"})
    assert "Renewal with 10 seats" in text(client.get(HOME))


def test_after_the_end_one_may_come_back(client, cast, shop):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    scheduled.end(subscription, reason_code=CancelReason.CLOSED, reason="", origin=shop.origin, at=clock.now())
    Invoice.objects.update(status="open", attempt_count=4, amount_remaining_minor=16000)
    store_time.to_renewal(cast.acme)
    assert shop.fresh(subscription).status == "canceled"
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "Team has ended" in page
    assert reverse("storefront:pricing") in page
    assert "Paying does not begin the plan again" in page
    assert OutgoingMail.objects.filter(kind="billing/ended").first().context["open_minor"] == 16000
    Invoice.objects.update(status="paid")
    assert "Come back to what you had" in text(client.get(HOME))


def test_a_card_that_runs_out_before_the_charge_is_on_the_timeline(client, cast, shop):
    coming = clock.now().replace(day=28) + timedelta(days=14)
    shop.advance_to(coming.replace(day=10))  # amid a month in every time zone; the next charge comes in the next one
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    customer = subscription.organization.customer
    customer.card_exp_month, customer.card_exp_year = clock.now().month, clock.now().year
    customer.save()
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "The card ending in 4242 expires" in page
    assert "expires before the next charge" in text(client.get(reverse("storefront:payment_method")))


def test_a_member_sees_their_seat_and_who_decides(client, cast, shop):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    client.force_login(cast.member)
    page = text(client.get(HOME))
    assert "You have no seat yet" in page
    assert cast.owner.email in page
    assert "$160.00" not in page
    ids = [cast.membership(cast.member).pk]
    people.assign(subscription=subscription, membership_ids=ids, origin=shop.origin, at=clock.now())
    page = text(client.get(HOME))
    assert "You have a seat" in page
    assert "Open Fieldnote" in page


def test_six_queries_for_ten_seats_and_for_a_thousand(client, cast, shop, django_assert_num_queries):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    client.force_login(cast.owner)
    client.get(HOME)
    with django_assert_num_queries(6):
        client.get(HOME)
    many(cast.acme, subscription, 300)
    client.get(HOME)  # making them takes longer than policies are kept in memory
    with django_assert_num_queries(6):
        client.get(HOME)


def many(organization, subscription, count):
    """Members with seats, made without ceremony."""
    for _number in range(count):
        membership = factories.MembershipFactory(organization=organization, role=Role.MEMBER)
        subscription.assignments.create(membership=membership, assigned_at=clock.now())


def test_staff_without_a_company_are_shown_the_admin(client, cast):
    client.force_login(cast.admin)
    response = client.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("role", ["owner", "billing_admin", "member"])
def test_nobody_is_offered_a_page_that_turns_them_away(client, cast, role):
    client.force_login(getattr(cast, role))
    offered = re.findall(r'class="site-nav__link" href="([^"]+)"', client.get("/").content.decode())
    assert bool(offered) is (role != "member")
    assert [client.get(address).status_code for address in offered] == [200] * len(offered)
