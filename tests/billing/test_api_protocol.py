"""What holds for every address of the API: keys of writes, ETags, versions, limits, pages, methods, queries."""

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.urls import get_resolver, path
from rest_framework import status
from rest_framework.response import Response

from accounts import api_calls
from accounts.authentication import KeyThrottle
from accounts.models import ApiKey, Scope
from billing.api import idempotency, urls, versions
from billing.api.views import base
from billing.models import IdempotentRequest
from billing.queries import catalog
from config import clock
from tests import factories
from tests.billing.calling import Program, assert_problem

# POSTs that make nothing.
WITHOUT_KEYS = {
    *(
        "seat_preview",
        "addon_preview",
        "plan_preview",
        "discount_preview",
        "ending_preview",
        "pause_preview",
        "credit_note_preview",
        "invoice_preview",
    ),
    *("pilot_conversion_preview", "trial_resumption_preview"),
}
WRITES = ("post", "put", "patch", "delete")


@pytest.fixture
def own(cast):
    factories.ApiKeyFactory(organization=cast.acme)
    ApiKey.objects.filter(pk=cast.organization_key.pk).update(last_used_at=clock.now() + timedelta(hours=1))
    return Program(cast.organization_key)


@pytest.fixture
def vendor(cast):
    ApiKey.objects.filter(pk=cast.vendor_key.pk).update(last_used_at=clock.now() + timedelta(hours=1))
    return Program(cast.vendor_key, "external:acme-1")


class Old(base.View):
    """An address of these tests alone: the present one's older name, whose answer said `title` until a year later."""

    required_scopes = [Scope.CATALOG_READ]
    needs_organization = False
    deprecation = versions.Deprecation(
        since=date(2026, 6, 1), sunset=date(2027, 6, 1), link="https://store.example.com/api/docs/"
    )
    changes = (versions.Change(on=date(2027, 3, 1), undo=lambda data: {"title": data["name"]}),)

    def get(self, request):
        return Response({"name": "Team"})


class OldUrls:
    urlpatterns = [path("api/v1/old", Old.as_view())]


@pytest.fixture
def _old(settings, monkeypatch):
    settings.ROOT_URLCONF = OldUrls
    monkeypatch.setattr(versions, "VERSIONS", (date(2026, 3, 1), date(2027, 3, 1)))


@pytest.mark.usefixtures("_old")
class TestVersions:
    def test_an_address_that_will_go_says_so(self, own):
        headers = own.get("old").headers
        assert headers["Deprecation"] == "@1780272000"
        assert headers["Sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
        assert headers["Link"] == '<https://store.example.com/api/docs/>; rel="deprecation"; type="text/html"'

    @pytest.mark.parametrize(("asked", "said"), [("", "name"), ("2027-03-01", "name"), ("2026-03-01", "title")])
    def test_a_caller_gets_the_shape_it_was_written_for(self, own, asked, said):
        answer = own.get("old", **({"Store_Version": asked} if asked else {}))
        assert answer.json() == {said: "Team"}
        assert answer.headers["Store-Version"] == (asked or "2027-03-01")

    def test_a_version_that_never_was(self, own):
        assert_problem(own.get("old", Store_Version="2026-03-02"), 400, "invalid", "#/Store-Version")


def test_present_addresses_announce_nothing(own, cast):
    headers = own.get("members").headers
    assert headers["Store-Version"] == versions.VERSIONS[-1].isoformat()
    assert not {"Deprecation", "Sunset"} & set(headers)
    assert {"Authorization", "Storefront-Organization", "Store-Version"} <= set(headers["Vary"].split(", "))


# --- Keys of writes ---------------------------------------------------------------------------------------------------


def writes():
    for pattern in urls.urlpatterns:
        for method in WRITES:
            handler = getattr(pattern.callback.view_class, method, None)
            if handler is not None:
                yield pattern.name, method, handler


def test_every_write_honours_a_key():
    without = {name for name, _method, handler in writes() if not getattr(handler, "honours_keys", False)}
    assert without == WITHOUT_KEYS
    assert len(list(writes())) > 15


def test_a_repeated_change_is_answered_from_memory_and_another_body_refused(own):
    first = own.patch("organizations/external:acme-1", {"name": "One"}, key="p")
    own.patch("organizations/external:acme-1", {"name": "Two"})
    again = own.patch("organizations/external:acme-1", {"name": "One"}, key="p")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert own.get("organizations/external:acme-1").json()["name"] == "Two"
    other = own.patch("organizations/external:acme-1", {"name": "Three"}, key="p")
    assert_problem(other, 422, "idempotency-key-reused")


def test_the_second_of_two_at_once_is_asked_to_wait(own):
    own.patch("organizations/external:acme-1", {"name": "One"}, key="p")
    IdempotentRequest.objects.update(status=None, body=None, locked_until=clock.wall() + timedelta(seconds=30))
    refused = own.patch("organizations/external:acme-1", {"name": "One"}, key="p")
    assert_problem(refused, 409, "idempotency-key-in-use")
    assert refused.headers["Retry-After"] == "2"


@pytest.mark.parametrize("key", ["x" * (idempotency.LONGEST + 1), "schlüssel"])
def test_a_key_that_is_none(own, key):
    assert_problem(own.post("invitations", {"emails": ["a@acme.example"]}, key=key), 400, "invalid", "#/Idempotency-Key")


# --- ETags, methods, input --------------------------------------------------------------------------------------------


def test_who_has_the_answer_is_told_so(own):
    first = own.get("members")
    assert first.headers["Cache-Control"] == "private, no-cache"
    unchanged = own.get("members", If_None_Match=f'"other", W/{first.headers["ETag"]}')
    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", first.headers["ETag"])
    own.post("invitations", {"emails": ["a@acme.example"]})
    assert own.get("members", If_None_Match='"other"').status_code == 200


def test_other_methods_are_refused_with_those_there_are(own):
    answer = own.client.put("/api/v1/members", headers=own.headers)
    assert_problem(answer, 405, "method-not-allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("members", {"after": "1;drop"}, "#/after"),
        ("members", {"after": "9" * 41}, "#/after"),
        ("invoices", {"limit": "0"}, "#/limit"),
        ("invoices", {"size": "5"}, "#/size"),
        ("invoices", {"after": "\0"}, "#/after"),
        ("entitlements", {"feature": "a\0b"}, "#/feature/0"),
        ("entitlements", {"feature": "x" * 61}, "#/feature/0"),
        ("organizations/a%00b", {}, "#/organization"),
        (f"members/external:{'x' * 121}", {}, "#/member"),
    ],
)
def test_what_does_not_fit_is_named(own, path, query, pointer):
    assert_problem(own.get(path, query), 400, "invalid", pointer)


@pytest.mark.parametrize("name", ["x" * 131, "external:a\0b"])
def test_an_organizations_name_that_is_none(cast, name):
    answer = Program(cast.vendor_key, name).get("members")
    assert_problem(answer, 400, "invalid", "#/Storefront-Organization")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [(b'{"a":' + b"[" * 100_000, 400, "parse-error"), (b"{" + b" " * 3_000_000 + b"}", 413, "body-too-large")],
    ids=["deep", "large"],
)
def test_a_body_that_nobody_means(own, body, status, kind):
    headers = own.headers | {"Idempotency-Key": "b"}
    answer = own.client.post("/api/v1/carts", body, content_type="application/json", headers=headers)
    assert_problem(answer, status, kind)


def test_numbers_beyond_the_database_are_no_address(own):
    assert_problem(own.get(f"invitations/{'9' * 30}"), 404, "not-found")


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_pages_are_walked_one_way_everywhere(own, cast):
    made = [factories.InvitationFactory(organization=cast.acme).pk for _turn in range(5)]
    seen, after = [], ""
    while after is not None:
        page = own.get("invitations", {"limit": 2, "after": after}).json()
        seen += [one["id"] for one in page["data"]]
        after = page["next"]
        factories.InvitationFactory(organization=cast.acme)  # the newest, which the walk has passed
    assert seen == sorted(made, reverse=True)


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_limits_are_told_and_kept(own, monkeypatch, cast):
    cache.clear()
    api_calls.calls.forget()
    monkeypatch.setattr(base.View, "throttle_classes", [KeyThrottle])
    monkeypatch.setattr("accounts.api_calls.policies.value", lambda *_args, **_named: 2)
    told = [own.get("members").headers for _turn in range(2)]
    assert [one["RateLimit-Policy"] for one in told] == ['"key";q=2;w=60'] * 2
    assert [one["RateLimit"].split(";")[1] for one in told] == ["r=1", "r=0"]
    refused = own.get("members")
    assert_problem(refused, status.HTTP_429_TOO_MANY_REQUESTS, "throttled")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"key";r=0;t=')
    api_calls.calls.forget()


# --- Queries ----------------------------------------------------------------------------------------------------------

# Address: how many statements a call may take, the key's own among them, however much there is to tell.
READS = {
    "organizations": 2,
    "organizations/external:acme-1": 2,
    "members": 2,
    "members/external:u-1": 3,
    "invitations": 2,
    "seats": 2,
    "subscription": 2,
    "carts": 2,
    "invoices": 3,
    "ledger": 2,
    "catalog": 1,
}


@pytest.mark.usefixtures("kept")
def test_a_read_takes_so_many_queries_and_no_more(own, shop, cast, django_assert_num_queries):
    shop.buy(seats=5)
    cast.owner.external_id = "u-1"
    cast.owner.save(update_fields=["external_id"])
    for _turn in range(3):
        factories.InvitationFactory(organization=cast.acme)
        factories.MembershipFactory(organization=cast.acme)
    catalog.refresh()
    for address, most in READS.items():
        own.get(address)
        with django_assert_num_queries(most, info=address):
            assert own.get(address).status_code == 200


@pytest.mark.usefixtures("kept")
def test_a_vendor_key_reads_keys_with_one_more(vendor, django_assert_num_queries):
    with django_assert_num_queries(3):  # the key, the organization it names, the page
        assert vendor.get("api-keys").status_code == 200


def test_the_matrix_of_queries_has_every_list():
    lists = {name for name in get_resolver("billing.api.urls").reverse_dict if isinstance(name, str)}
    assert {"organizations", "members", "invitations", "seats", "carts", "invoices", "ledger"} <= lists
