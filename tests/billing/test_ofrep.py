"""OFREP: the real Python SDK and its provider ask the store; and what the protocol says of errors and tags."""

import io

import pytest
import requests
from django.test import Client
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason
from requests.adapters import BaseAdapter

from billing.api.views.ofrep import UNLIMITED
from billing.models import SeatAssignment
from billing.queries import catalog
from billing.services import usage
from config import clock
from tests import factories, shelf
from tests.billing.test_entitlements import hold, settle


class Within(BaseAdapter):
    """Takes what `requests` sends to the store of this process."""

    def send(self, request, **_options):
        path = request.url.removeprefix("http://store.example")
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        said = Client().generic(request.method, path, request.body or b"", content_type="application/json", headers=headers)
        answer = requests.Response()
        answer.status_code, answer.headers, answer.request = (
            said.status_code,
            requests.structures.CaseInsensitiveDict(said.headers),
            request,
        )
        answer.raw, answer.url = io.BytesIO(said.content), request.url
        return answer

    def close(self):
        """There is nothing to close."""


@pytest.fixture
def held(cast):
    shelf.put_on_sale()
    return hold(cast.acme)


def provider(key):
    made = OFREPProvider("http://store.example", headers_factory=lambda: {"Authorization": f"Bearer {key}"})
    made.session.mount("http://store.example", Within())
    return made


@pytest.fixture
def flags(cast, held):
    api.set_provider(provider(cast.vendor_key.text), "acme")
    yield api.get_client("acme")
    api.clear_providers()


def about(cast, member="", **more):
    return EvaluationContext(member or None, {"organization": cast.acme.public_id, **more})


def test_the_sdk_asks_for_an_organization_and_for_its_people(flags, cast, held):
    assert flags.get_boolean_value("notes", False, about(cast))
    said = flags.get_boolean_details("notes", False, about(cast, f"external:{_named(cast.owner)}"))
    assert (said.value, said.reason, said.variant) == (True, Reason.TARGETING_MATCH, "included")
    assert said.flag_metadata["plan"] == "fieldnote/team"
    said = flags.get_boolean_details("notes", True, about(cast, cast.member.email))
    assert (said.value, said.variant, said.error_code) == (False, "no_seat", None)
    said = flags.get_boolean_details("sso", True, about(cast))
    assert (said.value, said.reason, said.variant) == (False, Reason.STATIC, "not_in_plan")
    assert SeatAssignment.objects.exclude(last_seen_on=None).count() == 1


def _named(user):
    user.external_id = "u-1"
    user.save(update_fields=["external_id"])
    return user.external_id


def test_numbers_are_flags_of_their_own(flags, cast, held):
    usage.consume(cast.acme, feature="reports", quantity=3, on_limit=usage.OnLimit.REFUSE, now=clock.now())
    names = ("projects.limit", "reports.limit", "reports.used", "reports.remaining")
    assert [flags.get_integer_value(name, -1, about(cast)) for name in names] == [100, 500, 3, 497]
    type(held).objects.filter(pk=held.pk).update(plan=catalog.on_sale().plan("fieldnote/business").id)
    numbers = [flags.get_integer_value(name, -1, about(cast)) for name in names]
    assert numbers == [UNLIMITED, UNLIMITED, 3, UNLIMITED]
    type(held).objects.filter(pk=held.pk).update(status="unpaid")
    assert [flags.get_integer_value(name, -1, about(cast)) for name in names] == [0, 0, 3, 0]


@pytest.mark.parametrize(
    ("flag", "attributes", "code"),
    [
        ("storrage", {}, ErrorCode.FLAG_NOT_FOUND),
        ("notes.limit", {}, ErrorCode.FLAG_NOT_FOUND),
        ("notes", {"organization": "nobody"}, ErrorCode.INVALID_CONTEXT),
        ("notes", {"organization": 5}, ErrorCode.INVALID_CONTEXT),
        ("reports.used", {}, ErrorCode.TYPE_MISMATCH),
    ],
)
def test_the_sdk_falls_back_to_its_default_and_says_why(flags, cast, flag, attributes, code):
    said = flags.get_boolean_details(flag, True, about(cast, **attributes))
    assert (said.value, said.reason, said.error_code) == (True, Reason.ERROR, code)


def test_a_revoked_key_and_a_key_without_the_scope_are_told_so(cast, held):
    bare = factories.ApiKeyFactory(scopes=["catalog:read"])
    for key, status in (("sfk_nothing", 401), (bare.text, 403)):
        answer = ask(key, "/notes", {"context": {"organization": cast.acme.public_id}})
        assert (answer.status_code, answer.json()["errorCode"], bool(answer.json()["errorDetails"])) == (
            status,
            "GENERAL",
            True,
        )


def ask(key, path="", body=None, **headers):
    headers = {"Authorization": f"Bearer {key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"context": {}} if body is None else body
    return Client().post(f"/ofrep/v1/evaluate/flags{path}", body, content_type="application/json", headers=headers)


@pytest.mark.usefixtures("kept")
def test_all_flags_at_once_until_something_changes(cast, held, django_assert_max_num_queries):
    key, body = cast.organization_key.text, {"context": {"targetingKey": cast.owner.email}}
    first = ask(key, body=body)
    flags = {flag["key"]: flag for flag in first.json()["flags"]}
    assert {"notes", "projects.limit", "reports.remaining", "signatures"} < set(flags)
    assert all({"key", "value", "reason", "variant", "metadata"} == set(flag) for flag in flags.values())
    tag = first.headers["ETag"]
    with django_assert_max_num_queries(3):
        again = ask(key, body=body, If_None_Match=tag)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert ask(key, body={"context": {}}, If_None_Match=tag).status_code == 200
    usage.consume(cast.acme, feature="reports", quantity=1, on_limit=usage.OnLimit.REFUSE, now=clock.now())
    after = ask(key, body=body, If_None_Match=tag)
    assert after.status_code == 200
    type(held).objects.filter(pk=held.pk).update(quantity=5)
    settle()
    assert ask(key, body=body, If_None_Match=after.headers["ETag"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[]", "PARSE_ERROR"),
        ("{", "PARSE_ERROR"),
        ({"context": []}, "INVALID_CONTEXT"),
        ({"context": {"targetingKey": 7}}, "INVALID_CONTEXT"),
        ({"context": {"targetingKey": "a\0"}}, "INVALID_CONTEXT"),
        ({"context": {"organization": "another"}}, "INVALID_CONTEXT"),
    ],
)
def test_what_is_wrong_is_said_in_the_protocols_words(cast, held, body, code):
    single, bulk = (ask(cast.organization_key.text, path, body) for path in ("/notes", ""))
    assert (single.status_code, single.json()["errorCode"], single.json()["key"]) == (400, code, "notes")
    assert (bulk.status_code, bulk.json()["errorCode"]) == (400, code)


def test_a_vendors_key_has_to_name_the_organization(cast, held):
    answer = ask(cast.vendor_key.text, "/notes")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_CONTEXT")
    assert ask(cast.vendor_key.text, "/notes", Storefront_Organization=cast.acme.public_id).json()["value"]
    assert ask(cast.vendor_key.text, "/notes", Storefront_Organization="nobody").json()["errorCode"] == "INVALID_CONTEXT"
