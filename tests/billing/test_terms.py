"""Exceptions from the catalog: a second person approves each, each really does what it says, and each ends at its date."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Journal, Membership, Organization, OutgoingMail
from accounts.origin import Origin, Source
from billing import gateway
from billing.models import (
    Price,
    PriceMove,
    ProductLine,
    RenewalNotice,
    RenewalWatch,
    Subscription,
    Terms,
    TermsKind,
    TermsNotice,
)
from billing.queries import differences, entitlements, overview
from billing.queries import terms as queries
from billing.rules.terms import Wrong
from billing.services.agreeing import terms, terms_discounts, terms_sweep
from billing.services.changes import seats
from billing.services.offering import agreed_coupons
from billing.services.renewing import renewals
from config import clock, words
from tests import factories
from tests.billing import test_quotes, test_webhook_news
from tests.billing.calling import Program
from tests.shop import text

KIND = TermsKind


@pytest.fixture
def people(cast):
    """A rep proposes, a manager and revenue operations decide."""
    return {name: cast.staff_member(name) for name in ("rep", "manager", "revenue_operations")}


def by(person):
    return Origin(actor=person, source=Source.ADMIN)


@pytest.fixture
def propose(people, cast):
    def make(kind, *, raw=None, days=90, starts=0, nonce="once", line="fieldnote"):
        today = clock.now().date()
        found = ProductLine.objects.filter(code=line).first()
        wanted = terms.Wanted(
            kind=kind,
            raw=raw or {},
            line=found,
            owner=people["rep"],
            reason="Signed a reference.",
            starts_on=today + timedelta(days=starts),
            ends_on=days and today + timedelta(days=starts + days),
            nonce=nonce,
        )
        return terms.propose(cast.acme, wanted=wanted, origin=by(people["rep"]), at=clock.now())

    return make


@pytest.fixture
def agree(propose, people):
    def make(kind, **more):
        row = terms.approve(propose(kind, **more).pk, origin=by(people["revenue_operations"]), at=clock.now())
        terms_sweep.drain(clock.wall())
        row.refresh_from_db()
        return row

    return make


def told(cast):
    rows = Journal.objects.filter(organization=cast.acme, kind__startswith="billing.terms.").order_by("id")
    return [row.kind.removeprefix("billing.terms.") for row in rows]


# --- Deciding ---------------------------------------------------------------------------------------------------------


def test_a_second_person_approves_within_their_band(shop, cast, people, propose):
    row = propose(KIND.DISCOUNT, raw={"percent_bps": "2000"})
    assert propose(KIND.DISCOUNT, raw={"percent_bps": "2000"}).pk == row.pk  # two clicks
    assert (row.state, row.quarter, row.value) == ("proposed", row.quarter, {"percent_bps": 2000})
    at = clock.now()
    people["rep"].is_superuser = True
    with pytest.raises(terms.SamePerson):
        terms.approve(row.pk, origin=by(people["rep"]), at=at)
    with pytest.raises(terms.BeyondBand) as refused:
        terms.approve(row.pk, origin=by(people["manager"]), at=at)
    assert refused.value.groups == ("finance", "revenue_operations")
    assert queries.payment_days(cast.acme.pk, at) is None
    terms.approve(row.pk, note="Fine.", origin=by(people["revenue_operations"]), at=at)
    with pytest.raises(terms.NotOpen):
        terms.decline(row.pk, note="", origin=by(people["manager"]), at=at)
    row.refresh_from_db()
    assert (row.state, row.approver, row.note) == ("approved", people["revenue_operations"], "Fine.")
    with pytest.raises(terms.Overlaps) as second:
        propose(KIND.DISCOUNT, raw={"percent_bps": 100}, nonce="again")
    assert second.value.other == row
    assert propose(KIND.DISCOUNT, raw={"percent_bps": 100}, starts=90, nonce="after").state == "proposed"
    assert told(cast) == ["proposed", "approved", "proposed"]


def test_it_is_declined_withdrawn_and_never_without_end_or_reason(shop, cast, people, propose):
    at = clock.now()
    with pytest.raises(Wrong) as refused:
        propose(KIND.TERM, days=None)
    assert refused.value.field == "ends_on"
    first, second = propose(KIND.TERM), propose(KIND.SEAT_CEILING, raw={"seats": 900}, nonce="2")
    terms.decline(first.pk, note="No.", origin=by(people["manager"]), at=at)
    terms.withdraw(second.pk, origin=by(people["rep"]), at=at)
    assert sorted(Terms.objects.values_list("state", flat=True)) == ["declined", "withdrawn"]
    assert propose(KIND.TERM, nonce="3").state == "proposed"  # what was declined is in nobody's way
    assert told(cast) == ["proposed", "proposed", "declined", "withdrawn", "proposed"]


def test_payment_days_and_credit_hold_for_their_days(shop, cast, people, agree):
    row = agree(KIND.PAYMENT_TERMS, raw={"net_days": 45}, days=30, starts=10)
    agree(KIND.CREDIT_LIMIT, raw={"amount_minor": 500_00, "currency": "usd"}, nonce="2")
    assert row.line is None
    second = timedelta(seconds=1)
    days = [row.starts_at - second, row.starts_at, row.ends_at - second, row.ends_at]
    assert [queries.payment_days(cast.acme.pk, at) for at in days] == [None, 45, 45, None]
    assert queries.credit_limit(cast.acme.pk, days[1]) == queries.Money(amount_minor=500_00, currency="usd")
    terms.end_early(row.pk, reason="Never paid.", origin=by(people["manager"]), at=clock.now())
    assert queries.payment_days(cast.acme.pk, days[1]) is None
    assert told(cast)[-1] == "ended_early"


def test_programs_read_what_was_agreed_and_hear_when_it_begins_and_ends(shop, cast, people, agree, propose):
    factories.webhook_endpoint(cast.acme, types=["agreement.began", "agreement.ended"], at=clock.now() - timedelta(days=1))
    shop.kept("bought", lambda: shop.buy(seats=10))
    own = Program(cast.organization_key)
    row = agree(KIND.DISCOUNT, raw={"percent_bps": 1000})
    propose(KIND.SEAT_CEILING, raw={"seats": 400}, nonce="2")
    terms.withdraw(propose(KIND.PAYMENT_TERMS, raw={"net_days": 45}, nonce="3").pk, origin=by(people["rep"]), at=clock.now())
    (said,) = own.get("agreements").json()["data"]
    assert (said["kind"], said["line"], said["is_in_force"], said["summary"]) == ("discount", "fieldnote", True, "10% off")
    assert {name: value for name, value in said["value"].items() if value is not None} == {"percent_bps": 1000}
    assert said["afterwards"] == "Charges from then on are without it, at the price list's rate."
    assert own.get("subscription").json()["agreements"] == [said] == [own.get(f"agreements/{row.public_id}").json()]
    terms.end_early(row.pk, reason="A secret of ours.", origin=by(people["manager"]), at=clock.now())
    assert own.get("subscription").json()["agreements"] == []
    assert own.get("agreements", {"state": "ended_early"}).json()["data"][0]["ended_at"] is not None
    news = test_webhook_news.told()
    assert [kind for kind, _data in news] == ["agreement.began", "agreement.ended"]
    assert news[-1][1]["agreement"] == own.get(f"agreements/{row.public_id}").json()
    assert "secret" not in str(news)
    assert own.get("agreements/external:x").status_code == 404


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Pacific/Auckland"])
def test_a_day_is_a_day_where_the_customer_is(shop, cast, agree, client, zone):
    """Every page says the same day, and it holds until that day is over there."""
    Organization.objects.filter(pk=cast.acme.pk).update(time_zone=zone)
    shop.organization.refresh_from_db()
    days = (date(2027, 2, 1) - clock.now().date()).days + 1  # from yesterday on, which has begun everywhere
    row = agree(KIND.DISCOUNT, raw={"percent_bps": 1000}, days=days, starts=-1)
    agree(KIND.PAYMENT_TERMS, raw={"net_days": 45}, days=days, starts=-1, nonce="2")
    assert row.ends_at == datetime(2027, 2, 1, tzinfo=ZoneInfo(zone))
    held = [queries.payment_days(cast.acme.pk, row.ends_at - timedelta(seconds=left)) for left in (1, 0)]
    assert held == [45, None]
    client.force_login(cast.owner)
    quote = test_quotes.of_cart(shop, seats=10)
    assert "1 February 2027" in text(Client().get(test_quotes.link_of(quote)))
    shop.cart(seats=10)
    page = text(client.get("/cart/"))
    assert "10% off until 31 January" in page
    assert "$160.00 from 1 February" in page
    shop.buy(seats=10)
    assert overview.standing(cast.acme).discounts[0].ends_at == row.ends_at
    for url in ("/", "/subscription/plan/"):
        page = text(client.get(url))
        assert "10% off until 31 January" in page, url
        assert "30 January" not in page, url


# --- What each does ---------------------------------------------------------------------------------------------------


def version(cast):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return entitlements.stamp(cast.acme.pk).version


def later(monkeypatch, at):
    monkeypatch.setattr("config.clock.now", lambda: at)


def test_a_discount_is_on_the_subscription_until_its_day(shop, cast, agree, monkeypatch):
    bought = shop.kept("bought", lambda: shop.buy(seats=10))
    row = agree(KIND.DISCOUNT, raw={"percent_bps": 1000}, days=80)
    standing = overview.standing(cast.acme)
    assert [(one.name["en"], one.percent_bps, one.ends_at) for one in standing.discounts] == [
        ("Agreed discount", 1000, row.ends_at)
    ]
    assert (standing.next_charge.discount_minor, standing.next_charge.due_minor) == (1_600, 14_400)
    params = {"customer": cast.acme.customer.stripe_id, "subscription": bought.stripe_id}
    assert gateway.preview_invoice(params).amount_due == 14_400
    assert standing.charged_minor(10, row.ends_at) == 16_000  # a charge of that day is in full
    coupon = agreed_coupons.coupon_id(row)
    assert {coupon, agreed_coupons.rest_of(coupon)} <= differences.standard([]).coupons  # no difference to Stripe
    assert row.due_at == row.ends_at - timedelta(days=30)
    # A beat is missed for a year: the end is not announced any more, and the coupon is off.
    later(monkeypatch, row.ends_at + timedelta(days=300))
    terms_sweep.drain(clock.wall())
    shop.settle()
    row.refresh_from_db()
    assert (row.state, overview.standing(cast.acme).discounts) == ("ended", ())
    assert not TermsNotice.objects.exists()
    assert gateway.preview_invoice(params).amount_due == 16_000
    terms_sweep.drain(clock.wall())
    assert told(cast) == ["proposed", "approved", "began", "ended"]


def test_a_discount_is_put_on_though_whoever_began_it_died(shop, propose, people):
    bought = shop.kept("bought", lambda: shop.buy(seats=10))
    row = terms.approve(
        propose(KIND.DISCOUNT, raw={"percent_bps": 1000}).pk, origin=by(people["revenue_operations"]), at=clock.now()
    )
    terms_sweep.sweep(clock.now())  # and nothing after it
    assert not bought.discounts.exists()
    terms_sweep.sweep_all(clock.now() + terms_discounts.SOON)
    assert bought.discounts.get(ended_at=None).terms == row


def test_its_coupon_is_taken_off_after_the_last_charge_before_its_day(shop, agree):
    bought = shop.kept("bought", lambda: shop.buy(seats=10))
    row = agree(KIND.DISCOUNT, raw={"percent_bps": 1000})
    hour = row.ends_at - timedelta(minutes=59)
    bought.period_ends_at = row.ends_at
    wanted = [terms_discounts.is_wanted(row, bought, at) for at in (hour - timedelta(minutes=2), hour)]
    bought.period_ends_at = row.ends_at - timedelta(minutes=30)
    assert [*wanted, terms_discounts.is_wanted(row, bought, hour)] == [True, False, True]


def test_the_end_is_announced_once_with_what_changes(shop, cast, agree, monkeypatch):
    shop.kept("bought", lambda: shop.buy(seats=10))
    row = agree(KIND.DISCOUNT, raw={"percent_bps": 1000}, days=80)
    agree(KIND.SEAT_CEILING, raw={"seats": 900}, days=80, nonce="2")
    later(monkeypatch, row.ends_at - timedelta(days=31))
    terms_sweep.drain(clock.wall())
    assert not OutgoingMail.objects.filter(kind="billing/terms_end").exists()
    later(monkeypatch, row.ends_at - timedelta(days=30))
    for _again in range(2):
        terms_sweep.drain(clock.wall())
    mails = OutgoingMail.objects.filter(kind="billing/terms_end", recipient=cast.owner.email)
    figures = [(mail.context["agreement"]["kind"], mail.context["now_minor"], mail.context["then_minor"]) for mail in mails]
    assert sorted(figures) == [("discount", 14_400, 16_000), ("seat_ceiling", None, None)]


def test_an_end_is_announced_once_there_is_somebody_to_read_it(shop, cast, agree, monkeypatch):
    shop.kept("bought", lambda: shop.buy(seats=10))
    row = agree(KIND.SEAT_CEILING, raw={"seats": 900}, days=80)
    Membership.objects.filter(organization=cast.acme).update(left_at=clock.now())
    day = row.ends_at - timedelta(days=29)
    later(monkeypatch, day)
    terms_sweep.drain(clock.wall())
    assert not TermsNotice.objects.exists()
    Membership.objects.filter(organization=cast.acme).update(left_at=None)
    later(monkeypatch, day + timedelta(days=1))
    terms_sweep.drain(clock.wall())
    assert TermsNotice.objects.get().sent_at is not None


def test_a_feature_and_a_seat_ceiling_are_had_until_their_day(shop, cast, agree, people, monkeypatch):
    bought = shop.kept("bought", lambda: shop.buy(seats=10))
    code = "sso"
    assert not entitlements.check(cast.acme, feature=code).entitled
    before = version(cast)
    granted = {"name": {"en": "SSO"}, "group": "", "unit": None}
    row = agree(KIND.FEATURE, raw={"feature": code, "granted": granted}, days=10)
    found = entitlements.check(cast.acme, feature=code)
    assert (found.entitled, found.until, found.sources[0].kind) == (True, row.ends_at, "exception")
    most = bought.plan.seats_max + 50
    with pytest.raises(seats.AboveMaximum):
        seats.check_increase(bought, most, clock.now())
    agree(KIND.SEAT_CEILING, raw={"seats": most}, nonce="2", days=20)
    seats.check_increase(bought, most, clock.now())
    with pytest.raises(seats.AboveMaximum) as above:
        seats.check_increase(bought, most + 1, clock.now())
    assert (above.value.maximum, overview.standing(cast.acme).seats_max) == (most, most)
    terms.end_early(row.pk, reason="Moved up.", origin=by(people["manager"]), at=clock.now())
    assert not entitlements.check(cast.acme, feature=code).entitled
    assert version(cast) > before + 1  # it began, and it ended


def test_a_held_price_is_asked_about_only_once_the_hold_is_over(shop, cast, agree, monkeypatch):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    at = clock.now()
    Price.objects.filter(pk=row.price_id).update(retired_at=at - timedelta(days=400))

    def asked():
        RenewalWatch.objects.update(due_at=clock.now())
        renewals.sweep_all(clock.now())
        return RenewalNotice.objects.filter(kind="price").exists()

    hold = agree(KIND.PRICE_HOLD, days=80)
    assert not asked()
    terms.end_early(hold.pk, reason="By mistake.", origin=by(hold.approver), at=clock.now())
    new = Price.objects.get(pk=row.price_id)
    new.pk, new.stripe_price_id, new.retired_at = None, "price_new", None
    new.save()
    assert asked()

    question = PriceMove.objects.create(
        subscription=row,
        period_ends_at=row.period_ends_at,
        price_before=row.price,
        price_after=new,
        is_end=False,
        asked_at=at,
        amount_before_minor=16_000,
        currency="usd",
        closes_at=row.period_ends_at - timedelta(days=1),
    )
    agree(KIND.PRICE_HOLD, days=40, nonce="two")  # puts aside what is open
    question.refresh_from_db()
    assert question.state == "held"
    RenewalNotice.objects.all().delete()
    assert not asked()  # at this renewal the old price stays
    Subscription.objects.update(period_starts_at=row.period_ends_at, period_ends_at=row.period_ends_at + timedelta(days=30))
    shop.move_store(30 * 86_400)
    assert asked()


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_it_is_proposed_and_approved_in_the_admin_and_shown_to_the_buyer(shop, cast, people, client):
    shop.kept("bought", lambda: shop.buy(seats=10))
    people["rep"].groups.add(*people["manager"].groups.all())
    client.force_login(people["rep"])
    propose = reverse("admin:billing_terms_propose", args=[cast.acme.pk])
    assert propose in text(client.get(reverse("admin:accounts_organization_change", args=[cast.acme.pk])))
    assert ">Fieldnote: Team<" in text(client.post(propose, {"kind": "term"}))
    page = text(client.post(propose, {"kind": "discount"}))
    nonce = re.search(r'name="nonce" value="([0-9a-f]+)"', page)[1]
    today = clock.now().date()
    form = {"kind": "discount", "nonce": nonce, "line": ProductLine.objects.get(code="fieldnote").pk, "percent": "7.5"}
    form |= {"owner": people["rep"].pk, "reason": "Reference.", "starts_on": today, "ends_on": today}
    answer = client.post(propose, form)
    assert (answer.status_code, "It has to end after its first day." in text(answer)) == (422, True)
    row_url = client.post(propose, form | {"ends_on": today + timedelta(days=80)}).url
    row = Terms.objects.get()
    approve = reverse("admin:billing_terms_approve", args=[row.pk])
    assert approve not in text(client.get(row_url))
    assert client.post(approve).status_code == 403  # their own
    assert row.value == {"percent_bps": 750}
    client.force_login(people["manager"])
    assert approve in text(client.get(row_url))
    assert "7.5% off" in text(client.get(approve))
    assert client.post(approve, {"note": "Fine."}).url == row_url
    late = client.get(approve)  # by a colleague who comes later
    assert (late.status_code, "Approved by" in text(late), "<textarea" in text(late)) == (409, True, False)
    assert str(people["manager"]) in text(late)
    terms_sweep.drain(clock.wall())
    listed = text(client.get(reverse("admin:billing_terms_changelist")))
    assert "7.5% off" in listed
    end = reverse("admin:billing_terms_end", args=[row.pk])
    assert client.post(end).status_code == 422  # say why
    client.force_login(cast.owner)
    row.refresh_from_db()
    page = text(client.get(reverse("storefront:plan")))
    assert f"7.5% off until {words.day(row.ends_on - timedelta(days=1))}" in page
