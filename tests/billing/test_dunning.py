"""A failed payment from the first no to the end, or to the card that pays."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Journal, Organization, OutgoingMail, Tier
from billing.models import DunningEpisode, DunningStep, Price, StripeCommand, Subscription
from billing.queries import dunning as queries
from billing.queries import entitlements
from billing.rules import dunning as rules
from billing.services.recovery import dunning_mails, dunning_sweep, dunning_turns
from billing.services.selling import cards
from config import clock
from tests import factories
from tests.billing.calling import Program
from tests.shop import text

DAY = timedelta(days=1)
# An hour after a cut's instant may be the weekend, on which nothing is cut.
AT_ONCE = timedelta(seconds=5)
NOTHING = dunning_sweep.Swept(claimed=0, stepped=0, cut=0)


@pytest.fixture
def late(shop, cast):
    """Acme's card was changed to one that can't be charged, and the renewal was declined: the ladder has begun."""

    def make():
        shop.control("POST", "settings", after_retries="past_due", retry_days=[3, 5, 7])
        row = shop.buy(seats=10)
        page = cards.start_setup(row.organization, origin=shop.origin, at=clock.now()).result["url"]
        shop.pay(page, "4000000000000341")
        shop.settle()
        shop.advance_to(row.period_ends_at + timedelta(hours=2))
        return row, clock.offset_seconds()

    row, offset = shop.kept("late", make)
    shop.move_store(offset)
    return shop.fresh(row)


def episode():
    return DunningEpisode.objects.get()


def link():
    url = dunning_mails.fix_url(episode().pk)
    return url[url.index("/missing-payments/") :]


def mails(kind):
    return OutgoingMail.objects.filter(kind=f"billing/{kind}").order_by("pk")


def answer(cast):
    return entitlements.check(cast.acme, feature="storage_gb", now=clock.now())


def stamp(cast):
    """The entitlements' version, with what triggers do when a transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return entitlements.stamp(cast.acme.pk).version


def test_a_failed_renewal_is_told_once_with_the_dates(late, cast):
    held = episode()
    assert (late.status, late.access, held.step) == ("past_due", "full", "failed")
    assert [mail.recipient for mail in mails("payment_failed")] == [cast.owner.email, cast.billing_admin.email]
    context = mails("payment_failed").first().context
    assert context["amount_minor"] == 16_000
    assert held.read_only_at - held.started_at >= 14 * DAY
    found = answer(cast)
    assert (found.entitled, found.missing.since, found.until) == (True, held.started_at, held.read_only_at)
    dunning_turns.run(clock.now())
    assert mails("payment_failed").count() == 2


def test_the_ladder_to_its_end_by_policy_and_one_mail_a_happening(late, shop, cast, kept):
    held, version = episode(), stamp(cast)
    shop.advance_to(held.third_at + timedelta(hours=1))
    assert [step.step for step in held.steps.order_by("pk")] == ["failed", "third"]  # only the newest of what one leap missed
    shop.advance_to(held.read_only_at + AT_ONCE)
    assert (answer(cast).reason, shop.fresh(late).access) == ("read_only", "read_only")
    assert stamp(cast) > version
    shop.advance_to(episode().off_at + AT_ONCE)
    held = episode()
    row = shop.fresh(late)
    assert (held.outcome, row.status, row.quantity) == ("lost", "canceled", 0)
    assert answer(cast).reason == "no_subscription"
    assert late.invoices.get(number=mails("payment_failed").first().context["number"]).status == "void"
    counts = {kind: mails(kind).count() for kind in ("payment_failed", "payment_missing", "read_only", "access_off", "ended")}
    assert counts == {"payment_failed": 2, "payment_missing": 2, "read_only": 2, "access_off": 0, "ended": 2}
    assert mails("ended").first().context["is_void"]  # and nobody reads there that they owe it
    assert shop.at_stripe(row).status == "canceled"
    assert StripeCommand.objects.get(kind="dunning.end").state == "done"


def test_paying_brings_everything_back_at_once(late, shop, cast, client):
    shop.advance_to(episode().second_at + timedelta(hours=1))
    Subscription.objects.filter(pk=late.pk).update(access="read_only")
    DunningEpisode.objects.update(reached=3)
    path = link()
    assert "$160.00 is missing" in text(client.get(path))  # nobody is signed in
    shop.pay_invoice(client.post(path, {"way": "pay"}).url, "5555555555554444")
    shop.settle()
    held = episode()
    assert (held.outcome, shop.fresh(late).access, answer(cast).entitled) == ("recovered", "full", True)
    assert mails("receipt").latest("pk").context["is_back"]
    assert not mails("receipt").first().context["is_back"]
    paid = held.invoices.get()
    assert (paid.amount_minor, paid.paid_reached, paid.paid_at is not None) == (16_000, 3, True)
    assert "Nothing is missing any more" in text(client.get(path))
    assert client.get(path.replace("missing-payments/", "missing-payments/x")).status_code == 404


def test_a_new_card_by_the_link_of_the_mail(late, shop, cast, client):
    path = link()
    back = shop.pay(client.post(path, {"way": "card"}).url, "5555555555554444")
    page = client.get(back[back.index("/missing-payments/") :], follow=True)
    assert "Nothing is missing any more" in text(page)
    assert episode().outcome == "recovered"


def test_a_tier_one_account_is_a_persons_business_too(late, cast):
    held = episode()
    assert not Journal.objects.filter(kind="billing.dunning.escalated").exists()
    type(cast.acme.profile).objects.filter(pk=cast.acme.pk).update(coverage_tier=Tier.ONE)
    for step in ("second", "third"):
        held.steps.create(step=step, round=0, at=clock.now(), read_only_at=held.read_only_at, off_at=held.off_at)
        dunning_mails.tell(clock.now())
    fact = Journal.objects.get(kind="billing.dunning.escalated")
    assert (fact.data["tier"], fact.data["amount_minor"], fact.data["subscription"]) == (1, 16_000, late.pk)


def test_what_nobody_noted_is_taken_up_once(late):
    DunningEpisode.objects.all().delete()
    assert dunning_sweep.take_up(clock.now()) == 1
    assert dunning_sweep.take_up(clock.now()) == 0
    assert episode().invoices.get().amount_minor == 16_000


def test_the_statement_decides_as_the_rules_do(on_sale, db):
    """Some hundreds of episodes anywhere on the ladder, at every hour of a week, in zones around the world."""
    chance = random.Random(7)
    now = datetime(2027, 3, 29, 0, 30, tzinfo=UTC) + chance.randrange(0, 168) * timedelta(hours=1)
    zones = ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata", "no/such")
    rows = subscriptions(300)
    held = DunningEpisode.objects.bulk_create(
        [DunningEpisode(subscription=row, organization=row.organization, **anywhere(chance, now)) for row in rows]
    )
    for row in rows:
        row.organization.time_zone = chance.choice(zones)
    Organization.objects.bulk_update([row.organization for row in rows], ["time_zone"])
    told = said(held, chance, now)
    expected = {one.pk: rules.decide(position(one, told.get(one.pk)), now=now, zone=one.organization.time_zone) for one in held}
    swept = dunning_sweep.sweep(now, batch=200)
    assert (swept.claimed, dunning_sweep.sweep(now, batch=200).claimed) == (200, 100)
    steps = dict(DunningStep.objects.filter(told_at=None).values_list("episode_id", "step"))
    for one in DunningEpisode.objects.select_related("subscription"):
        decision = expected[one.pk]
        found = (steps.get(one.pk), one.reached, one.read_only_at, one.off_at, one.due_at)
        wanted = (decision.step, decision.reached, decision.dates.read_only_at, decision.dates.off_at, decision.due_at)
        assert found == wanted, (decision, one.organization.time_zone)
        was_cut = decision.step in (rules.Step.READ_ONLY, rules.Step.OFF)
        assert one.subscription.access == (rules.access(decision.reached) if was_cut else "full")
    assert set(steps.values()) == {str(step) for step in rules.Step}  # the dice left none out


def anywhere(chance, now):
    started_at = now - timedelta(hours=chance.randrange(0, 40 * 24))
    ladder = rules.Ladder(second_days=3, third_days=chance.choice([0, 7]), read_only_days=14, grace_days=21, notice_days=3)
    dates = rules.plan(failed_at=started_at, ladder=ladder, zone="Europe/Berlin")
    named = {name: getattr(dates, name) for name in ("second_at", "third_at", "read_only_at", "off_at")}
    return named | {
        "started_at": started_at,
        "currency": "usd",
        "notice_days": 3,
        "reached": chance.choice([-1, 0, 1, 2, 2, 3, 3]),
        "due_at": now,
    }


def said(held, chance, now):
    """When the first step of each was told, where its mail went out; of some it did not."""
    told = {}
    for one in held:
        if one.reached < 0:
            continue
        step = one.steps.create(
            step="failed", round=0, at=one.started_at, read_only_at=one.read_only_at, off_at=one.off_at, told_at=one.started_at
        )
        state = chance.choice(["sent", "sent", "sent", "due"])
        OutgoingMail.objects.create(
            kind="billing/payment_failed",
            subject_row=f"dunning:{step.pk}",
            recipient="a@acme.example",
            state=state,
            due_at=now,
            created_at=one.started_at,
            context={},
        )
        if state == "sent":
            told[one.pk] = one.started_at
    return told


def position(one, told_at):
    names = ("second_at", "third_at", "read_only_at", "off_at")
    dates = rules.Dates(**{name: getattr(one, name) for name in names})
    return rules.Position(dates=dates, reached=one.reached, told_at=told_at, notice_days=one.notice_days)


def subscriptions(number):
    """As many organizations with a subscription each, made at once."""
    price = Price.objects.filter(plan__code="team").order_by("pk").first()
    first = factories.SubscriptionFactory(organization=factories.OrganizationFactory(), price=price)
    owners = Organization.objects.bulk_create(
        [Organization(name=f"Firm {count}", country="DE", employee_bracket="1-9", region="europe") for count in range(number)]
    )
    names = [field.attname for field in Subscription._meta.concrete_fields if field.attname != "id"]
    plain = {name: getattr(first, name) for name in names}
    made = [
        Subscription(**plain | {"organization_id": owner.pk, "stripe_id": f"sub_firm{owner.pk}", "external_id": None})
        for owner in owners
    ]
    rows = Subscription.objects.bulk_create(made)
    for row, owner in zip(rows, owners, strict=True):
        row.organization = owner
    return rows


def test_what_came_back_and_what_was_lost_is_counted_by_month_and_step(late, shop, client, cast, django_assert_num_queries):
    now = clock.now()
    with django_assert_num_queries(2):
        month = queries.figures(now).months[0]
    assert (month.failed_minor, month.open_minor, month.recovered_minor, month.rate_bps) == (16_000, 16_000, 0, 0)
    assert queries.figures(now).open[0].missing_minor == 16_000
    held = episode().invoices.get()
    held.paid_at, held.paid_reached = now, 1
    held.save()
    month = queries.figures(now).months[0]
    assert (month.recovered_minor, month.rate_bps, month.by_step[1]) == (16_000, 10_000, 16_000)
    held.paid_at = None
    held.save()
    DunningEpisode.objects.update(outcome="lost", closed_at=now)
    month = queries.figures(now).months[0]
    assert (month.lost_minor, month.customers_lost, month.open_minor) == (16_000, 1, 0)
    client.force_login(cast.staff_member("finance"))
    page = text(client.get(reverse("admin:billing_dunningepisode_changelist")))
    assert "Recovered and lost" in page
    assert "$160.00" in page


def test_programs_are_told_what_happens_when_and_where_it_is_put_right(late, cast):
    program, held = Program(cast.vendor_key, cast.acme.public_id), episode()
    said = program.get("subscription").json()["missing_payment"]
    assert (said["step"], said["access"], said["amount_minor"]) == ("failed", "full", 16_000)
    assert said["fix_url"] == dunning_mails.fix_url(held.pk)
    before = program.get("entitlements", {"feature": "storage_gb"})
    assert before.json()["missing_payment"]["since"] == said["since"]
    DunningEpisode.objects.update(reached=3)
    Subscription.objects.update(access="read_only")
    stamp(cast)
    after = program.get("entitlements", {"feature": "storage_gb"})
    assert (after.json()["entitled"], after.json()["reason"]) == (False, "read_only")
    assert after["ETag"] != before["ETag"]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_many_workers_take_each_step_once(on_sale):
    now = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # a Monday
    chance = random.Random(7)
    rows = subscriptions(60)
    DunningEpisode.objects.bulk_create(
        [
            DunningEpisode(
                subscription=row, organization=row.organization, **anywhere(chance, now) | {"reached": -1, "due_at": now}
            )
            for row in rows
        ]
    )

    def work():
        try:
            return sum(swept.stepped for swept in iter(lambda: dunning_sweep.sweep(now, batch=7), NOTHING))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as workers:
        stepped = sum(one.result() for one in [workers.submit(work) for _worker in range(3)])
    assert (stepped, DunningStep.objects.count()) == (60, 60)
    assert DunningEpisode.objects.filter(due_at__lte=now).count() == 0
