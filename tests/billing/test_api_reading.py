"""The API to look with: catalog, subscription, members, entitlements, keys, and its description of itself."""

import json

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Role, Scope
from accounts.origin import Origin
from billing.api import description, entitlement_door
from billing.models import Plan, SeatAssignment
from billing.queries import catalog
from billing.services import people
from billing.services.changes import scheduled
from config import clock
from tests import factories

PROBLEM = "application/problem+json"


class Caller:
    """A program with a key."""

    def __init__(self, key, organization=""):
        self.headers = {"Authorization": f"Bearer {key.text}"}
        if organization:
            self.headers["Storefront-Organization"] = organization
        self.client = Client()

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers)


@pytest.fixture
def caller(cast):
    return Caller(cast.organization_key)


@pytest.fixture
def bought(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def assert_problem(response, status, kind):
    assert (response.status_code, response.headers["Content-Type"]) == (status, PROBLEM)
    body = response.json()
    assert body["type"] == f"urn:storefront:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


# --- Keys -------------------------------------------------------------------------------------------------------------


def test_no_key_and_a_wrong_one_are_told_so(db):
    assert_problem(Client().get("/api/v1/subscription"), 401, "not-authenticated")
    wrong = {"Authorization": "Bearer sfk_" + "a" * 10 + "_" + "b" * 43}
    answer = Client().get("/api/v1/subscription", headers=wrong)
    assert_problem(answer, 401, "authentication-failed")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("catalog", Scope.CATALOG_READ),
        ("subscription", Scope.BILLING_READ),
        ("members", Scope.MEMBERS_READ),
        ("entitlements", Scope.ENTITLEMENTS_READ),
    ],
)
def test_each_resource_needs_its_scope(cast, path, scope):
    others = [one for one in Scope.values if one != scope]
    key = factories.ApiKeyFactory(organization=cast.acme, scopes=others)
    body = assert_problem(Caller(key).get(path), 403, "permission-denied")
    assert scope in body["detail"]


def test_a_vendor_key_names_the_organization_by_either_id(shop, cast, bought):
    for name in (cast.acme.public_id, cast.acme.external_id):
        answer = Caller(cast.vendor_key, name).get("subscription")
        assert answer.json()["id"] == bought.stripe_id
    assert_problem(Caller(cast.vendor_key, "nobody").get("subscription"), 404, "not-found")
    body = assert_problem(Caller(cast.vendor_key).get("subscription"), 400, "invalid")
    assert body["errors"][0]["pointer"] == "#/Storefront-Organization"


def test_an_organization_key_opens_no_other_organization(cast):
    answer = Caller(cast.organization_key, cast.globex.public_id).get("subscription")
    assert_problem(answer, 404, "not-found")


# --- Catalog ----------------------------------------------------------------------------------------------------------


def test_the_catalog_says_what_is_on_sale_without_a_query_once_warm(
    caller, shop, django_assert_num_queries, django_assert_max_num_queries
):
    catalog.refresh()
    caller.get("catalog")
    with django_assert_num_queries(1):  # the key
        answer = caller.get("catalog").json()
    team = next(plan for plan in answer["lines"][0]["plans"] if plan["code"] == "team")
    monthly = next(price for price in team["prices"] if (price["interval"], price["currency"]) == ("month", "usd"))
    assert (team["seats_min"], team["seats_max"], monthly["scheme"]) == (3, 100, "volume")
    assert monthly["tiers"][0] == {"up_to": 9, "unit_minor": 1800}
    assert "margin_bps" not in json.dumps(answer)


def test_the_catalog_speaks_the_callers_language(caller, shop):
    answer = caller.client.get("/api/v1/catalog", headers={**caller.headers, "Accept-Language": "de"}).json()
    assert "Vorlagen" in json.dumps(answer, ensure_ascii=False)


# --- Subscription -----------------------------------------------------------------------------------------------------


def test_the_subscription_with_seats_and_what_is_to_come(caller, shop, cast, bought, django_assert_num_queries):
    change = scheduled.change_seats(bought, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    people.invite(
        organization=cast.acme,
        emails=["new@acme.example"],
        role=Role.MEMBER,
        with_seat=True,
        origin=shop.origin,
        at=clock.now(),
    )
    caller.get("subscription")
    with django_assert_num_queries(2):  # the key with its organization, the standing
        answer = caller.get("subscription").json()
    bought.refresh_from_db()
    assert answer["seats"] == {"bought": 10, "assigned": 1, "held": 1, "free": 8, "coming": 8}
    assert answer["plan"] == {"line": "fieldnote", "code": "team", "name": "Team"}
    assert (answer["status"], answer["interval"], answer["currency"]) == ("active", "month", "usd")
    assert answer["scheduled"][0]["id"] == change.public_id
    assert answer["scheduled"][0]["delta"] == -2
    assert answer["next_charge"]["seats"] == 8
    assert answer["next_charge"]["due_minor"] == 8 * 1800
    assert answer["pending"] is None
    assert answer["period"]["ends_at"] == bought.period_ends_at.isoformat().replace("+00:00", "Z")


def test_without_a_subscription_there_is_none_to_tell(caller):
    assert_problem(caller.get("subscription"), 404, "no-subscription")


# --- Members ----------------------------------------------------------------------------------------------------------


def test_members_page_by_page(caller, cast, bought, django_assert_num_queries):
    caller.get("members")
    with django_assert_num_queries(2):
        first = caller.get("members", limit=2).json()
    second = caller.get("members", limit=2, after=first["next"]).json()
    found = [*first["data"], *second["data"]]
    assert [one["email"] for one in found] == [user.email for user in (cast.owner, cast.billing_admin, cast.member)]
    assert [one["has_seat"] for one in found] == [True, False, False]
    assert (first["next"] is not None, second["next"]) == (True, None)


def test_a_page_size_beyond_the_limit_names_the_field(caller):
    body = assert_problem(caller.get("members", limit=201), 400, "invalid")
    assert body["errors"][0]["pointer"] == "#/limit"


# --- Entitlements -----------------------------------------------------------------------------------------------------


def test_a_feature_of_the_plan_with_its_limit(caller, bought, django_assert_num_queries):
    caller.get("entitlements", feature="storage_gb")  # notes the use of the key, which the next minute's calls need not
    with django_assert_num_queries(1):
        answer = caller.get("entitlements", feature="storage_gb").json()
    assert (answer["entitled"], answer["limit"], answer["reason"]) == (True, 250, "included")
    assert answer["plan"] == "fieldnote/team"


def test_a_feature_of_another_plan(caller, bought):
    answer = caller.get("entitlements", feature="sso").json()
    assert (answer["entitled"], answer["limit"], answer["reason"]) == (False, None, "not_in_plan")


def test_a_misspelt_feature_is_no_silent_no(caller, bought):
    assert_problem(caller.get("entitlements", feature="storrage"), 404, "unknown-feature")
    body = assert_problem(caller.get("entitlements", feature=["notes", "storrage"]), 404, "unknown-feature")
    assert "storrage" in body["detail"]
    body = assert_problem(caller.get("entitlements", feature=""), 400, "invalid")
    assert body["errors"][0]["pointer"] == "#/feature/0"


def test_members_by_any_of_their_names(caller, cast, bought):
    cast.owner.external_id = "u-1"
    cast.owner.save(update_fields=["external_id"])
    membership = cast.membership(cast.owner)
    for name in ("u-1", cast.owner.email.upper(), str(membership.pk)):
        answer = caller.get("entitlements", feature="notes", member=name).json()
        assert (answer["entitled"], answer["reason"]) == (True, "included"), name


def test_no_seat_no_feature(caller, cast, bought):
    answer = caller.get("entitlements", feature="notes", member=cast.member.email).json()
    assert (answer["entitled"], answer["reason"]) == (False, "no_seat")
    people.assign(
        subscription=bought,
        membership_ids=[cast.membership(cast.member).pk],
        origin=Origin.system(),
        at=clock.now(),
    )
    assert caller.get("entitlements", feature="notes", member=cast.member.email).json()["entitled"]


def test_a_stranger_is_not_a_member(caller, cast, bought):
    answer = caller.get("entitlements", feature="notes", member=cast.stranger.email).json()
    assert (answer["entitled"], answer["reason"]) == (False, "not_a_member")


@pytest.mark.parametrize(
    ("state", "entitled", "reason"),
    [
        ("past_due", True, "included"),
        ("trialing", True, "included"),
        ("unpaid", False, "subscription_suspended"),
        ("paused", False, "read_only"),
        ("canceled", False, "no_subscription"),
    ],
)
def test_the_subscriptions_state_decides(caller, bought, state, entitled, reason):
    type(bought).objects.filter(pk=bought.pk).update(status=state)
    answer = caller.get("entitlements", feature="notes").json()
    assert (answer["entitled"], answer["reason"]) == (entitled, reason)


def test_a_withdrawn_plan_keeps_its_features_for_those_on_it(caller, bought):
    Plan.objects.filter(code="team").update(withdrawn_at=clock.now())
    catalog.refresh()
    assert caller.get("entitlements", feature="dictation").json()["entitled"]


def test_an_ended_seat_counts_no_more(caller, cast, bought):
    SeatAssignment.objects.filter(subscription=bought).update(ended_at=clock.now())
    answer = caller.get("entitlements", feature="notes", member=cast.owner.email).json()
    assert answer["reason"] == "no_seat"


@pytest.mark.parametrize(
    "change",
    [
        "nothing",
        "past_due",
        "unpaid",
        "canceled",
        "cancel_at",
        "no seat",
        "key expired",
        "key revoked",
        "organization closed",
        "scope taken",
    ],
)
def test_the_short_way_and_the_long_way_say_the_same(caller, cast, bought, change, monkeypatch):
    rows, key = type(bought).objects.filter(pk=bought.pk), cast.organization_key
    if change in ("past_due", "unpaid", "canceled"):
        rows.update(status=change)
    elif change == "cancel_at":
        rows.update(cancel_at=bought.period_ends_at)
    elif change == "no seat":
        SeatAssignment.objects.filter(subscription=bought).update(ended_at=clock.now())
    elif change == "key expired":
        type(key).objects.filter(pk=key.pk).update(expires_at=clock.now())
    elif change == "key revoked":
        type(key).objects.filter(pk=key.pk).update(revoked_at=clock.now())
    elif change == "organization closed":
        type(cast.acme).objects.filter(pk=cast.acme.pk).update(closed_at=clock.now())
    elif change == "scope taken":
        type(key).objects.filter(pk=key.pk).update(scopes=["catalog:read"])
    type(key).objects.filter(pk=key.pk).update(last_used_at=clock.now())
    asked = [
        {"feature": feature} | ({"member": member} if member else {})
        for feature in ("storage_gb", "notes", "reports", "sso", "nothing", ["notes", "sso"], [])
        for member in ("", cast.owner.email, cast.owner.email.upper(), cast.member.email, cast.stranger.email, "nobody")
    ]
    short = [(answer.status_code, _said(answer)) for answer in (caller.get("entitlements", **one) for one in asked)]
    monkeypatch.setattr(entitlement_door, "_asked", lambda _request: None)
    long = [(answer.status_code, _said(answer)) for answer in (caller.get("entitlements", **one) for one in asked)]
    assert short == long


def _said(answer):
    headers = [answer.headers.get(name) for name in ("ETag", "Cache-Control")] if answer.status_code == 200 else []
    return {name: value for name, value in answer.json().items() if name != "request_id"}, headers


# --- The description --------------------------------------------------------------------------------------------------


def test_the_description_is_valid_and_complete(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--api-version", "v1", "--format", "openapi-json")
    described = json.loads(capsys.readouterr().out)
    assert described["openapi"].startswith("3.1")
    operations = [op for path in described["paths"].values() for name, op in path.items() if name != "parameters"]
    assert len({op["operationId"] for op in operations}) == len(operations) == 135
    for operation in operations:
        problems = [code for code, answer in operation["responses"].items() if PROBLEM in answer.get("content", {})]
        assert {"401", "403"} <= set(problems), operation["operationId"]
        good = [answer for code, answer in operation["responses"].items() if code.startswith("2")]
        shown = [media.get("examples") for answer in good for media in answer.get("content", {}).values()]
        assert any(shown) or "204" in operation["responses"], operation["operationId"]


def test_the_documentation_stands_on_local_files_and_no_inline_code(client, db):
    page = client.get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "cdn." not in text
    assert "<style" not in text
    assert "<script>" not in text
    assert "/static/drf_spectacular_sidecar/" in text
    assert client.get("/api/docs/?script=").headers["Content-Type"].startswith("application/javascript")
    assert client.get("/api/schema/").status_code == 200


def test_the_description_is_made_once_in_each_language_and_format(client, db, monkeypatch):
    description.described.cache_clear()
    first = client.get("/api/schema/?format=json")
    german = client.get("/api/schema/?format=json", headers={"Accept-Language": "de"})
    assert first.json()["openapi"].startswith("3.1")
    assert german.content != first.content
    monkeypatch.setattr(description.SchemaGenerator, "get_schema", lambda *_args, **_more: pytest.fail("made once more"))
    for asked in ("?format=json", "?format=json&lang=en", "?format=json&lang=none-of-ours"):
        assert client.get(f"/api/schema/{asked}").content == first.content
    assert client.get("/api/schema/?format=json&lang=de").content == german.content
