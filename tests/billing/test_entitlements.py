"""Entitlements at length: several at once, versions and ETags, what is metered, who was seen."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Organization
from billing.api import idempotency
from billing.models import CatalogVersion, EntitlementVersion, FeatureUsage, Plan, Price, SeatAssignment
from billing.queries import catalog
from billing.rules import intervals
from billing.services import seen, usage
from config import clock
from tests import factories, shelf
from tests.billing.calling import Program, assert_problem


def price(plan="team"):
    return Price.objects.get(plan__code=plan, interval="month", currency="usd")


def settle():
    """Let deferred triggers run, as a commit would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def hold(organization, **more):
    row = factories.SubscriptionFactory(organization=organization, price=price(), **more)
    for membership in organization.memberships.filter(role="owner"):
        SeatAssignment.objects.create(subscription=row, membership=membership, assigned_at=clock.now())
    settle()
    return row


@pytest.fixture
def held(cast):
    """Acme has Team, without a Stripe that knows of it, and its owner has a seat."""
    shelf.put_on_sale()
    return hold(cast.acme)


@pytest.fixture
def vendor(cast, held):
    program = Program(cast.vendor_key, cast.acme.public_id)
    program.get("entitlements", {"feature": "notes"})  # notes the use of the key
    return program


def consume(program, quantity=1, key=None, **more):
    return program.post("entitlements/reports/consume", {"quantity": quantity, **more}, key=key)


# --- Several at once --------------------------------------------------------------------------------------------------


def test_several_features_or_all_in_one_call(vendor, django_assert_num_queries):
    with django_assert_num_queries(2):
        several = vendor.get("entitlements", {"feature": ["sso", "notes"]}).json()
    assert [(one["feature"], one["entitled"]) for one in several["data"]] == [("sso", False), ("notes", True)]
    with django_assert_num_queries(3):
        every = {one["feature"]: one for one in vendor.get("entitlements").json()["data"]}
    assert {"notes", "reports", "sso", "signatures", "hotline"} < set(every)
    assert every["notes"] == several["data"][1]
    assert (every["reports"]["used"], every["notes"]["used"]) == (0, None)


def test_each_answer_is_kept_as_long_as_it_says(vendor, cast):
    plain, metered = (vendor.get("entitlements", {"feature": code}) for code in ("notes", "reports"))
    assert (plain.headers["Cache-Control"], metered.headers["Cache-Control"]) == (
        "private, max-age=10, stale-if-error=86400",
        "private, max-age=0, stale-if-error=86400",
    )
    assert "Authorization" in plain.headers["Vary"]
    assert "Storefront-Organization" in plain.headers["Vary"]


# --- Versions and ETags -----------------------------------------------------------------------------------------------


def version(organization):
    settle()
    found = EntitlementVersion.objects.filter(organization=organization).first()
    return found.number if found else 0


def test_every_change_of_a_grant_raises_the_version_and_nothing_else_does(cast, held):
    owner, seat = cast.membership(cast.owner), held.assignments.get()
    changes = [
        lambda: type(held).objects.filter(pk=held.pk).update(status="unpaid"),
        lambda: type(held).objects.filter(pk=held.pk).update(quantity=4),
        lambda: type(held).objects.filter(pk=held.pk).update(plan=Plan.objects.get(code="business")),
        lambda: type(held).objects.filter(pk=held.pk).update(period_ends_at=held.period_ends_at + timedelta(days=1)),
        lambda: SeatAssignment.objects.filter(pk=seat.pk).update(ended_at=clock.now()),
        lambda: type(owner).objects.filter(pk=owner.pk).update(left_at=clock.now()),
        lambda: factories.MembershipFactory(organization=cast.acme),
        lambda: type(cast.member).objects.filter(pk=cast.member.pk).update(external_id="u-93"),
    ]
    before = version(cast.acme)
    for number, change in enumerate(changes, 1):
        change()
        assert version(cast.acme) == before + number
    type(held).objects.filter(pk=held.pk).update(mirrored_at=clock.now(), latest_invoice_id="in_1", quantity=4)
    SeatAssignment.objects.filter(pk=seat.pk).update(last_seen_on=clock.now().date())
    assert (version(cast.acme), version(cast.globex)) == (before + len(changes), version(cast.globex))


def test_an_organization_that_is_deleted_takes_its_version_along(cast, held):
    made = factories.OrganizationFactory()
    factories.MembershipFactory(organization=made)
    assert version(made) == 1
    made.delete()
    settle()
    assert not Organization.objects.filter(pk=made.pk).exists()


@pytest.mark.parametrize(
    "query", [{"feature": "notes"}, {"feature": ["notes", "sso"]}, {"feature": "notes", "member": "owner"}]
)
def test_304_takes_one_statement_until_something_is_granted_or_taken(vendor, cast, held, query, django_assert_num_queries):
    if "member" in query:
        query = query | {"member": cast.owner.email}
    first = vendor.get("entitlements", query)
    tag = first.headers["ETag"]
    with django_assert_num_queries(1):
        again = vendor.get("entitlements", query, if_none_match=f'"other", W/{tag}')
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    consume(vendor)  # says nothing about these
    assert vendor.get("entitlements", query, if_none_match=tag).status_code == 304
    type(held).objects.filter(pk=held.pk).update(status="unpaid")
    settle()
    changed = vendor.get("entitlements", query, if_none_match=tag)
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)


def test_a_tag_is_of_one_question_and_one_organization(vendor, cast):
    hold(cast.globex)
    tag = vendor.get("entitlements", {"feature": "notes"}).headers["ETag"]
    assert vendor.get("entitlements", {"feature": "sso"}, if_none_match=tag).status_code == 200
    other = Program(cast.vendor_key, cast.globex.public_id)
    assert other.get("entitlements", {"feature": "notes"}, if_none_match=tag).status_code == 200
    assert vendor.get("entitlements", {"feature": "notes"}, if_none_match="nonsense").status_code == 200


def test_another_catalog_is_another_version(vendor):
    before = vendor.get("entitlements", {"feature": "notes"})
    latest = CatalogVersion.objects.latest("number")
    CatalogVersion.objects.create(number=latest.number + 1, sha256="x", document=latest.document, applied_at=clock.now())
    after = vendor.get("entitlements", {"feature": "notes"}, if_none_match=before.headers["ETag"])
    assert (after.status_code, after.json()["version"]) == (200, before.json()["version"] + 1)


def test_what_was_used_and_the_end_of_its_window_are_in_the_tag(vendor, held):
    query = {"feature": "reports"}
    tag = vendor.get("entitlements", query).headers["ETag"]
    assert vendor.get("entitlements", query, if_none_match=tag).status_code == 304
    consume(vendor)
    answer = vendor.get("entitlements", query, if_none_match=tag)
    assert (answer.status_code, answer.json()["used"]) == (200, 1)
    tag = answer.headers["ETag"].split(".")
    ended = ".".join([*tag[:3], "1", tag[4]])  # as if it had been answered in a window of long ago
    assert vendor.get("entitlements", query, if_none_match=ended).status_code == 200


# --- Metered ----------------------------------------------------------------------------------------------------------


def test_what_is_used_counts_up_to_the_limit(vendor, held, cast):
    first = consume(vendor, 498, member=cast.owner.email).json()
    assert first == {
        "feature": "reports",
        "changed": 498,
        "used": 498,
        "limit": 500,
        "remaining": 2,
        "resets_at": first["resets_at"],
    }
    refused = assert_problem(consume(vendor, 3), 409, "limit-reached", "#/quantity")
    assert [refused[name] for name in ("used", "limit", "remaining", "resets_at")] == [498, 500, 2, refused["resets_at"]]
    part = consume(vendor, 3, on_limit="partial").json()
    assert (part["changed"], part["used"], part["remaining"]) == (2, 500, 0)
    assert_problem(consume(vendor, 3, on_limit="partial"), 409, "limit-reached")
    beyond = consume(vendor, 3, on_limit="exceed").json()
    assert (beyond["changed"], beyond["used"], beyond["remaining"]) == (3, 503, 0)
    back = vendor.post("entitlements/reports/release", {"quantity": 10}).json()
    assert (back["changed"], back["used"], back["remaining"]) == (-10, 493, 7)
    back = vendor.post("entitlements/reports/release", {"quantity": 1_000}).json()
    assert (back["changed"], back["used"]) == (-493, 0)
    assert vendor.post("entitlements/reports/release", {"quantity": 1}).json()["changed"] == 0


@pytest.mark.parametrize(("on_limit", "status", "used"), [("refuse", 409, None), ("partial", 200, 500), ("exceed", 200, 501)])
def test_the_first_of_all_may_be_too_much(vendor, on_limit, status, used):
    answer = consume(vendor, 501, on_limit=on_limit)
    assert (answer.status_code, answer.json()["used"] if used else None) == (status, used)


def test_one_key_counts_once_and_a_refusal_leaves_it_free(vendor, cast, monkeypatch):
    first, again = consume(vendor, 2, key="k"), consume(vendor, 2, key="k")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert_problem(consume(vendor, 3, key="k"), 422, "idempotency-key-reused")
    assert_problem(consume(vendor, 1, key=""), 400, "invalid")
    assert_problem(consume(vendor, 500, key="later"), 409, "limit-reached")
    vendor.post("entitlements/reports/release", {"quantity": 2}, key="back")
    vendor.post("entitlements/reports/release", {"quantity": 2}, key="back")
    assert consume(vendor, 500, key="later").json()["used"] == 500
    monkeypatch.setattr(idempotency.idempotency, "finish", lambda *_args, **_named: 1 / 0)
    FeatureUsage.objects.all().delete()
    with pytest.raises(ZeroDivisionError):
        consume(vendor, 1, key="crash")
    assert not FeatureUsage.objects.exists()


def test_who_may_not_use_it_uses_none(vendor, cast, held):
    body = assert_problem(consume(vendor, member=cast.member.email), 403, "not-entitled")
    assert body["reason"] == "no_seat"
    assert_problem(vendor.post("entitlements/sso/consume"), 403, "not-entitled")
    assert_problem(vendor.post("entitlements/notes/consume"), 422, "feature-not-metered")
    assert_problem(vendor.post("entitlements/notes/release"), 422, "feature-not-metered")
    assert_problem(vendor.post("entitlements/storrage/consume"), 404, "unknown-feature")
    assert_problem(consume(vendor, 0), 400, "invalid", "#/quantity")
    assert_problem(consume(vendor, on_limit="ask"), 400, "invalid", "#/on_limit")
    own = Program(factories.ApiKeyFactory(organization=cast.acme))
    assert_problem(consume(own), 403, "permission-denied")
    type(held).objects.filter(pk=held.pk).update(status="unpaid")
    assert assert_problem(consume(vendor), 403, "not-entitled")["reason"] == "subscription_suspended"
    assert not FeatureUsage.objects.exists()


def test_the_next_month_begins_at_nought(cast, held):
    def count(now):
        counted = usage.consume(cast.acme, feature="reports", quantity=5, on_limit=usage.OnLimit.REFUSE, now=now)
        return counted.used, counted.resets_at

    now = held.period_starts_at
    assert [count(now)[0], count(now)[0]] == [5, 10]
    assert count(now)[1] == min(held.period_ends_at, intervals.end(now, "month"))
    assert count(held.period_ends_at)[0] == 5
    assert FeatureUsage.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.serial
def test_many_at_once_never_exceed_the_limit(cast):
    shelf.put_on_sale()
    catalog.on_sale()
    now = clock.now()
    held = factories.SubscriptionFactory(organization=cast.acme, price=price("starter"), started_at=now)
    answers = []

    def use():
        try:
            for _turn in range(5):
                try:
                    usage.consume(cast.acme, feature="reports", quantity=3, on_limit=usage.OnLimit.REFUSE, now=now)
                    answers.append(3)
                except usage.LimitReached:
                    answers.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(answers), sum(answers)) == (25, 48)
    assert FeatureUsage.objects.get().used == 48
    assert EntitlementVersion.objects.get(organization=held.organization).number >= 1


# --- Who was seen -----------------------------------------------------------------------------------------------------


def test_whoever_is_asked_about_was_seen_once_a_day(vendor, cast, held, django_assert_num_queries):
    seat = held.assignments.get()
    query = {"feature": "notes", "member": cast.owner.email}
    assert seat.last_seen_on is None
    vendor.get("entitlements", query)
    seat.refresh_from_db()
    assert seat.last_seen_on is not None
    with django_assert_num_queries(1):
        vendor.get("entitlements", query)
    SeatAssignment.objects.update(last_seen_on=seat.last_seen_on - timedelta(days=1))
    vendor.get("entitlements", {"feature": "reports", "member": cast.owner.email})
    consume(vendor)
    seat.refresh_from_db()
    assert seat.last_seen_on is not None
    SeatAssignment.objects.update(last_seen_on=None)
    consume(vendor, member=cast.owner.email)
    assert SeatAssignment.objects.exclude(last_seen_on=None).count() == 1


def test_a_check_is_answered_though_nobody_can_be_noted(vendor, cast, monkeypatch):
    monkeypatch.setattr(seen, "NOTE", "SELECT nothing FROM nowhere WHERE %(seats)s IS NULL AND %(on)s IS NULL")
    assert vendor.get("entitlements", {"feature": "notes", "member": cast.owner.email}).json()["entitled"]
