"""The API's description: valid OpenAPI 3.1, and true of what the API does, as schemathesis finds by asking at random.

STOREFRONT_SCHEMA_EXAMPLES asks for more examples of every operation than the suite's few (before a release: 100).
"""

import json
import os
from datetime import timedelta

import pytest
import schemathesis
from django.conf import settings as store
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from config import clock
from config.wsgi import application
from tests import factories, shelf

EXAMPLES = int(os.environ.get("STOREFRONT_SCHEMA_EXAMPLES", "3"))
# Of every operation, with values that fit the description and with values that don't. Left out: what needs Stripe's answer.
ASKS_STRIPE = {
    *("hosted_invoice", "invoice_pdf", "create_checkout", "create_card_setup", "set_collection", "correct_invoice"),
    *("preview_seats", "change_seats", "preview_discount", "create_discount"),
    *("preview_addon", "change_addon", "preview_plan", "change_plan"),
    *("preview_pilot_conversion", "convert_pilot"),
    *("extend_trial", "preview_trial_resumption", "resume_trial", "end_trial"),
}
# A random value may be turned away for reasons that no schema can say (no such plan, nobody of this id).
UNSAYABLE = [positive_data_acceptance]


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    path = tmp_path_factory.mktemp("api") / "openapi.json"
    call_command("spectacular", "--api-version", "v1", "--format", "openapi-json", "--file", str(path))
    return json.loads(path.read_text())


def test_it_is_valid_openapi_3_1(described):
    validate(described)
    assert described["openapi"].startswith("3.1")


def test_every_body_and_answer_has_an_example(described):
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            contents = [answer.get("content", {}) for answer in operation["responses"].values()]
            contents += [operation["requestBody"]["content"]] if "requestBody" in operation else []
            for content in contents:
                assert all(media.get("examples") for media in content.values()), f"{method} {path}"


@pytest.fixture
def _one_connection():
    """The test's transaction stays open over all requests, as with Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.long
@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
def test_what_it_says_is_true(cast, mode):
    shelf.put_on_sale()
    key = factories.ApiKeyFactory(last_used_at=clock.now() + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {key.text}", "Storefront-Organization": cast.acme.public_id}
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    assert [one["url"] for one in schema.raw_schema["servers"]] == [store.STORE_URL]
    # Every call has the key: who may do what is the access matrix's affair.
    del schema.raw_schema["components"]["securitySchemes"]
    for methods in schema.raw_schema["paths"].values():
        for described in methods.values():
            described.pop("security", None)
    operations = [found.ok() for found in schema.get_all_operations()]
    tried = [one for one in operations if one.definition.raw["operationId"] not in ASKS_STRIPE]
    assert len(tried) >= 64
    failures = {}
    for operation in tried:
        try:
            _try(operation, mode, headers)
        except Exception as failure:  # noqa: BLE001 - all of them are shown at once
            failures[operation.label] = "\n".join([str(failure), *map(str, getattr(failure, "exceptions", ()))])
    assert not failures, "\n\n".join(f"{label}: {failure}" for label, failure in failures.items())


def _try(operation, mode, headers):
    @seed(20260312)
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(headers=headers, excluded_checks=UNSAYABLE)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # an address without anything to get wrong
