"""A plan that ends: told in time, answered by a click, never moved without one, ended or kept as it says, called off."""

import re
from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from accounts.services import rendering
from billing.models import Move, Plan, ScheduledChange, Sunset, SunsetCase
from billing.services.renewing import renewal_notices, sunset_sweep, sunsets
from config import clock
from tests import factories
from tests.billing import test_webhook_news
from tests.billing.calling import Program, assert_problem
from tests.shop import text

DAY = timedelta(days=1)
PAGE, CHOICES = "/subscription/sunset/", "subscription/sunset/choices"


@pytest.fixture
def row(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def begin(shop, *, days=61, successor="business", is_end=True):
    plan = Plan.objects.get(code="team")
    instead = Plan.objects.get(code=successor) if successor else None
    ends_on = (clock.now() + days * DAY).date()
    wanted = {"ends_on": ends_on, "successor": instead, "is_end": is_end, "reason": "One plan fewer"}
    return sunsets.begin(plan, **wanted, origin=shop.origin, at=clock.now())


def go_to(shop, instant):
    """The store's time alone."""
    shop.move_store(max(round((instant - clock.wall()).total_seconds()) + 60, 0))
    while sunset_sweep.drain(clock.wall()).handled:
        pass


def told():
    return OutgoingMail.objects.filter(kind="billing/sunset").order_by("pk")


def case_of(row):
    return SunsetCase.objects.get(subscription=row)


def test_what_was_chosen_early_is_had_with_the_last_renewal_and_not_before(shop, row, buyer, cast):
    begin(shop)
    go_to(shop, clock.now())
    case = case_of(row)
    assert case.renews_at > row.period_ends_at  # months before the plan ends
    go_to(shop, case.renews_at - 60 * DAY)
    mail = told().get(recipient=cast.owner.email)
    assert (mail.context["successor"], mail.context["now_minor"], mail.context["then_minor"]) == ("Business", 16_000, 29_000)
    assert "Team is being discontinued" in text(buyer.get("/"))
    page = text(buyer.get(PAGE))
    amount = re.search(r'value="business"><input type="hidden" name="amount" value="(\d+)"', page).group(1)
    assert not ScheduledChange.objects.exists()  # a look changes nothing
    assert buyer.post(PAGE, {"line": "fieldnote", "plan": "business", "amount": "100"}).status_code == 409
    said = {"line": "fieldnote", "plan": "business", "amount": amount}
    assert "Business from" in text(buyer.post(PAGE, said, follow=True))
    assert "You have Business from then on, as you have chosen." in text(buyer.get("/"))
    assert not ScheduledChange.objects.exists()  # this period's end is not the plan's
    shop.advance_to(intervals_before(case.renews_at))
    go_to(shop, clock.now() + timedelta(hours=3))
    change = ScheduledChange.objects.get()
    assert (change.kind, change.price_after.plan.code, change.effective_at) == ("plan", "business", case.renews_at)
    assert change.actor == cast.owner
    assert case_of(row).state == "moved"


def test_a_program_reads_the_choices_and_takes_one_for_the_amount_it_says(shop, row, cast):
    own = Program(cast.organization_key)
    assert_problem(own.get("subscription/sunset"), 404, "no-sunset")
    factories.webhook_endpoint(cast.acme, types=["subscription.sunset"], at=clock.now() - DAY)
    begin(shop)
    go_to(shop, clock.now())
    go_to(shop, case_of(row).renews_at - 60 * DAY)
    shown = own.get("subscription/sunset").json()
    assert (shown["plan"], shown["state"], shown["amount_minor"], shown["chosen"]) == ("fieldnote/team", "open", 16_000, None)
    first = shown["choices"][0]
    assert (first["plan"], first["is_suggested"], first["amount_minor"]) == ("fieldnote/business", True, 29_000)
    ends = own.get("subscription").json()["plan_end"]
    assert ends == {name: shown[name] for name in ("ends_at", "answer_by", "without_answer")} | {"chosen": ""}
    ((_kind, news),) = test_webhook_news.told()
    assert (news["subscription"]["plan_end"], news["cause"]) == (ends, "sunset.told")
    wanted = {"plan": "fieldnote/business", "expected_amount_minor": 100}
    differs = assert_problem(own.post(CHOICES, wanted), 409, "amount-differs", "#/expected_amount_minor")
    assert differs["sunset"]["choices"] == shown["choices"]
    assert_problem(own.post(CHOICES, wanted | {"plan": "fieldnote/nothing"}), 422, "plan-not-offered")
    made = own.post(CHOICES, wanted | {"expected_amount_minor": 29_000})
    assert (made.status_code, made.json()["chosen"]) == (201, {"plan": "fieldnote/business", "amount_minor": 29_000})
    assert own.get("subscription").json()["plan_end"]["chosen"] == "Business"
    assert not ScheduledChange.objects.exists()  # months before the plan ends


def intervals_before(renews_at):
    """Within the last period of a month."""
    return renews_at - 20 * DAY


def last_period(row):
    """The row's present period is its last."""
    Sunset.objects.update(ends_on=row.period_ends_at.date())


def test_without_a_click_it_ends_and_nobody_pays_more(shop, row, cast):
    begin(shop)
    last_period(row)
    go_to(shop, row.period_ends_at - 7 * DAY)
    assert [mail.context["is_last"] for mail in told().filter(recipient=cast.owner.email)] == [True]  # the newest alone
    go_to(shop, row.period_ends_at - DAY)
    end = ScheduledChange.objects.get()
    assert (end.kind, end.actor, end.reason) == ("end", None, "sunset")
    last = rendering.message(OutgoingMail.objects.filter(kind="billing/cancellation").first()).body
    assert "Team is no longer offered, and nobody chose another plan." in last
    assert "Thank you" not in last  # nobody told us why
    assert case_of(row).state == "ends"


def test_no_renewal_is_announced_of_what_ends_unless_somebody_chooses(shop):
    row = shop.kept("a year bought", lambda: shop.buy(seats=50, interval="year"))
    held = begin(shop)
    last_period(row)
    go_to(shop, row.period_ends_at - 7 * DAY)
    announced = OutgoingMail.objects.filter(kind="billing/renewal")
    renewal_notices.drain(clock.wall())
    assert (announced.count(), told().count() > 0) == (0, True)
    sunsets.call_off(held, origin=shop.origin, at=clock.now())
    go_to(shop, clock.now() + DAY)
    renewal_notices.drain(clock.wall())
    assert announced.exists()


def test_nobody_is_ended_who_was_not_told(shop, row):
    begin(shop)
    last_period(row)
    go_to(shop, row.period_ends_at - DAY)  # no beat before
    assert (case_of(row).state, ScheduledChange.objects.count()) == ("open", 0)
    assert case_of(row).due_at > row.period_ends_at


def test_by_its_word_it_stays_and_another_decision_is_respected(shop, row, buyer):
    begin(shop, is_end=False)
    last_period(row)
    go_to(shop, row.period_ends_at - DAY)
    assert (case_of(row).state, ScheduledChange.objects.count()) == ("stays", 0)
    assert "This is settled" in text(buyer.get(PAGE))


def test_called_off_everything_is_as_it_was(shop, row, buyer):
    held = begin(shop)
    last_period(row)
    go_to(shop, row.period_ends_at - 7 * DAY)
    go_to(shop, row.period_ends_at - DAY)
    assert ScheduledChange.objects.get().state == "pending"
    assert sunsets.call_off(held, origin=shop.origin, at=clock.now())
    assert not sunsets.call_off(held, origin=shop.origin, at=clock.now())
    assert ScheduledChange.objects.get().state == "canceled"
    assert case_of(row).state == "called_off"
    assert OutgoingMail.objects.filter(kind="billing/sunset_off").count() == 2
    assert buyer.get(PAGE).status_code == 302


def test_it_is_begun_once_with_time_for_all_notices_and_a_way_to_go(shop, row, client, cast):
    plan = Plan.objects.get(code="team")
    url = f"/admin/billing/sunset/begin/{plan.pk}/"
    client.force_login(cast.staff_member("csm"))
    assert client.get(url).status_code == 403
    client.force_login(cast.admin)
    early = {"ends_on": (clock.now() + 5 * DAY).date().isoformat(), "reason": "x"}
    assert "Leave time for all notices" in text(client.post(url, early))
    said = early | {"ends_on": (clock.now() + 90 * DAY).date().isoformat()}
    made = client.post(url, said)
    assert made.status_code == 302, text(made)
    held = Sunset.objects.get()
    assert "runs already" in text(client.post(url, said))
    sunset_sweep.drain(clock.wall())
    page = text(client.get(f"/admin/billing/sunset/{held.pk}/change/"))
    assert "Not answered: 1" in page
    assert "Call it off" in page
    client.force_login(cast.staff_member("csm"))
    assert client.post(f"/admin/billing/sunset/{held.pk}/call-off/").status_code == 403
    client.force_login(cast.admin)
    client.post(f"/admin/billing/sunset/{held.pk}/call-off/")
    held.refresh_from_db()
    assert held.state == "called_off"
    nowhere = Plan.objects.exclude(pk__in=Move.objects.filter(from_plan=plan).values("to_plan")).exclude(pk=plan.pk)
    with pytest.raises(sunsets.NoWay):
        begin(shop, successor=nowhere.order_by("pk").first().code)
