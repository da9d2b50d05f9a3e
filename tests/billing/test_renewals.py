"""Renewals are announced: when, to whom, for how much; one click takes what is recommended, and looking changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Membership, OutgoingMail, Policy
from accounts.queries import policies
from billing.models import (
    Price,
    RenewalNotice,
    RenewalReview,
    RenewalWatch,
    ScheduledChange,
    SeatAssignment,
    Subscription,
    Terms,
)
from billing.queries import overview
from billing.services.changes import plan_changes, scheduled
from billing.services.renewing import renewal_notices, renewals
from config import clock
from tests import factories, shelf
from tests.billing.calling import Program
from tests.shop import text

DAY = timedelta(days=1)


@pytest.fixture
def yearly(shop):
    return shop.kept("a year bought", lambda: shop.buy(seats=50, interval="year"))


@pytest.fixture
def monthly(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def go_to(shop, row, before):
    """The store's time, as long before the renewal; Stripe's stays."""
    shop.move_store(round((row.period_ends_at - before - clock.wall()).total_seconds()) + 60)


def announce():
    while renewal_notices.drain(clock.wall()).handled:
        pass
    return OutgoingMail.objects.filter(kind="billing/renewal").order_by("pk")


def kinds():
    return list(RenewalNotice.objects.order_by("pk").values_list("kind", flat=True))


def seen(row, people, on, count):
    """`people` have seats, given long ago; `count` of them were seen on a day, the others never."""
    members = [Membership(organization=row.organization, user=factories.UserFactory()) for _ in range(people)]
    given_at = clock.now() - 200 * DAY
    SeatAssignment.objects.bulk_create(
        SeatAssignment(
            subscription=row,
            membership=member,
            assigned_at=given_at,
            last_seen_on=on if place < count else None,
        )
        for place, member in enumerate(Membership.objects.bulk_create(members))
    )


def test_a_year_is_announced_twice_with_the_very_next_charge(shop, yearly, cast):
    go_to(shop, yearly, 31 * DAY)
    assert not announce().exists()
    assert abs(renewals.next_due_at() - (yearly.period_ends_at - 30 * DAY)) < timedelta(seconds=1)
    go_to(shop, yearly, 30 * DAY)
    mail = announce().get(recipient=cast.owner.email)
    charge = overview.standing(yearly.organization).next_charge
    assert (mail.context["amount_minor"], mail.context["seats"]) == (charge.due_minor, 50)
    assert mail.context["before"] is None
    count = announce().count()
    assert (count, kinds()) == (2, ["first"])  # owner and billing admin, once
    go_to(shop, yearly, 7 * DAY)
    assert announce().count() == 2 * count
    assert kinds() == ["first", "last"]
    assert announce().latest("pk").context["before"] is None


def test_the_last_notice_says_what_has_changed_since_the_first(shop, yearly):
    go_to(shop, yearly, 30 * DAY)
    first = announce().latest("pk").context
    go_to(shop, yearly, 20 * DAY)
    scheduled.change_seats(yearly, seats_after=40, releases=[], origin=shop.origin, at=clock.now())
    go_to(shop, yearly, 7 * DAY)
    last = announce().latest("pk").context
    assert (last["seats"], last["seats_now"]) == (40, 50)
    assert last["before"]["amount_minor"] == first["amount_minor"] > last["amount_minor"]


@pytest.mark.parametrize(("before", "expected"), [(3 * DAY, ["last"]), (-DAY, [])])
def test_missed_beats_are_made_up_for_by_what_still_makes_sense(shop, yearly, before, expected):
    go_to(shop, yearly, before)
    announce()
    assert kinds() == expected


def test_whoever_has_cancelled_is_told_nothing_until_they_take_it_back(shop, yearly):
    go_to(shop, yearly, 40 * DAY)
    end = scheduled.end(yearly, reason_code="price", reason="", origin=shop.origin, at=clock.now())
    go_to(shop, yearly, 20 * DAY)
    assert not announce().exists()
    scheduled.take_back(end, origin=shop.origin, at=clock.now())
    go_to(shop, yearly, 18 * DAY)
    announce()
    assert kinds() == ["first"]


def test_a_month_is_announced_only_with_another_plan(shop, monthly):
    go_to(shop, monthly, 6 * DAY)
    assert not announce().exists()
    assert renewals.next_due_at() is None
    RenewalWatch.objects.update(due_at=clock.now())
    plan_changes.schedule_for(monthly, plan="team", interval="year", origin=shop.origin, at=clock.now())
    mail = announce().latest("pk")
    assert kinds() == ["change"]
    assert (mail.context["interval"], mail.context["plan_now"]) == ("year", "Team")


def test_a_segment_has_days_of_its_own(shop, yearly):
    at = clock.now()
    values = {
        "effective_at": at - DAY,
        "segment": yearly.organization.profile.segment,
        "reason": "longer notice",
        "created_at": at,
    }
    Policy.objects.create(name="billing.renewal_first_notice_days", value=90, **values)
    policies.forget()
    go_to(shop, yearly, 80 * DAY)
    announce()
    assert kinds() == ["first"]


def test_tiers_of_the_policy_are_looked_at_by_one_of_us(shop, yearly, cast, client):
    profile = yearly.organization.profile
    for tier, count in ((2, 0), (1, 1)):
        type(profile).objects.filter(pk=profile.pk).update(coverage_tier=tier)
        go_to(shop, yearly, 59 * DAY)
        RenewalWatch.objects.update(due_at=clock.now() - DAY)
        announce()
        assert RenewalReview.objects.count() == count
    assert kinds() == []
    review = RenewalReview.objects.get()
    client.force_login(cast.staff_member("csm"))
    form = {"action": "conclude", "_selected_action": review.pk, "note": "Wants SSO next year."}
    client.post("/admin/billing/renewalreview/", form)
    review.refresh_from_db()
    assert (review.note, review.reviewed_by) == ("Wants SSO next year.", cast.staff_member("csm"))
    assert "Wants SSO next year." in text(client.get("/admin/billing/renewalreview/"))
    client.force_login(cast.staff_member("finance"))
    client.post("/admin/billing/renewalreview/", form | {"note": "Never mind."})
    review.refresh_from_db()
    assert review.note == "Wants SSO next year."


def test_the_renewal_moves_the_watch_whoever_writes_it(yearly):
    RenewalWatch.objects.update(due_at=None)
    Subscription.objects.filter(pk=yearly.pk).update(period_ends_at=yearly.period_ends_at + 365 * DAY)
    watch = RenewalWatch.objects.get(subscription=yearly)
    assert watch.due_at == yearly.period_ends_at + 245 * DAY
    Subscription.objects.filter(pk=yearly.pk).update(status="canceled")
    watch.refresh_from_db()
    assert watch.due_at is None


def test_one_click_renews_with_the_seats_that_are_used(shop, yearly, client, kept):
    go_to(shop, yearly, 30 * DAY)
    seen(yearly, people=45, on=clock.now().date(), count=38)
    mail = announce().latest("pk")
    assert mail.context["used"] == {"active": 38, "days": 28}
    advice = mail.context["advice"]
    assert 38 < advice["seats"] < 45
    client.force_login(shop.owner)
    shown = text(client.get("/subscription/renewal/"))
    assert not ScheduledChange.objects.exists()  # looking changes nothing
    assert f"Renew with {advice['seats']} seats for" in shown
    stale = client.post("/subscription/renewal/", {"seats": advice["seats"], "amount": advice["amount_minor"] + 1})
    assert stale.status_code == 409
    assert not ScheduledChange.objects.exists()
    answers = [
        client.post("/subscription/renewal/", {"seats": advice["seats"], "amount": advice["amount_minor"]}) for _ in "12"
    ]
    assert [one.status_code for one in answers] == [303, 303]
    change = ScheduledChange.objects.get()
    assert change.delta == advice["seats"] - 50
    standing = overview.standing(yearly.organization)
    assert (standing.next_charge.due_minor, standing.unseated) == (advice["amount_minor"], 0)


def test_a_program_reads_it_and_sends_the_recommendation_back_as_it_is(shop, yearly, cast):
    seen(yearly, people=45, on=clock.now().date(), count=38)
    program = Program(cast.organization_key)
    said = program.get("subscription/renewal").json()
    assert (said["seats"], said["active_seats"], said["renews"]) == (50, 39, True)  # the owner's seat is new
    wanted = {"kind": "seats"} | {name: said["recommendation"][name] for name in ("seats", "releases")}
    assert len(wanted["releases"]) == 46 - wanted["seats"]
    assert program.post("subscription/scheduled-changes", wanted).status_code == 201
    then = program.get("subscription/renewal").json()
    assert (then["amount_minor"], then["recommendation"]) == (said["recommendation"]["amount_minor"], None)


def test_the_page_takes_few_queries(shop, yearly, client, kept, django_assert_max_num_queries):
    client.force_login(shop.owner)
    client.get("/")
    with django_assert_max_num_queries(6):
        shown = text(client.get("/subscription/renewal/"))
    assert "Renews by itself" in shown
    assert 'aria-checked="true"' in shown


def test_the_switch_is_off_once_it_is_cancelled_and_turned_on_by_one_click(shop, yearly, client):
    end = scheduled.end(yearly, reason_code="price", reason="", origin=shop.origin, at=clock.now())
    client.force_login(shop.owner)
    assert 'aria-checked="false"' in text(client.get("/subscription/renewal/"))
    answer = client.post(
        f"/seats/scheduled/{end.public_id}/", {"action": "take_back", "next": "/subscription/renewal/?line=fieldnote"}
    )
    assert answer.url == "/subscription/renewal/?line=fieldnote"
    assert 'aria-checked="true"' in text(client.get(answer.url))


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_many_workers_sweep_at_once_and_each_is_decided_once():
    shelf.put_on_sale()
    price = Price.objects.filter(interval="year").select_related("plan__line").first()
    for _ in range(40):
        row = factories.SubscriptionFactory(organization=factories.OrganizationFactory(), price=price)
        Subscription.objects.filter(pk=row.pk).update(period_ends_at=row.period_starts_at + 45 * DAY)
    at = clock.now() + 20 * DAY

    def work(_number):
        try:
            return renewals.sweep_all(at, batch=3)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, range(4)))
    assert sum(counts) + renewals.sweep_all(at) == 40
    assert kinds() == ["first"] * 40


def test_an_account_with_an_exception_is_looked_at_whatever_its_tier(shop, yearly, cast):
    at = clock.now()
    people = {"owner": cast.admin, "proposed_by": cast.admin, "approver": cast.staff_member("finance")}
    days = {"starts_on": at.date(), "ends_on": at.date() + 400 * DAY, "proposed_at": at, "decided_at": at}
    days |= {"starts_at": at, "ends_at": at + 400 * DAY}
    Terms.objects.create(
        organization=yearly.organization,
        kind="payment_terms",
        value={"net_days": 45},
        state="approved",
        **{**people, **days, "reason": "Signed.", "quarter": "2026-Q4", "nonce": "1", "began_at": at},
    )
    go_to(shop, yearly, 59 * DAY)
    announce()
    assert RenewalReview.objects.get().has_exceptions
