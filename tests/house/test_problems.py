"""The API's errors: problem documents with a stable type, a remedy, and each wrong field by its pointer."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions, serializers

from config import problems


def handled(error):
    response = problems.handle(error, {"request": None})
    assert response.content_type == "application/problem+json"
    assert response.data["status"] == response.status_code
    assert response.data["type"].startswith("urn:storefront:problem:")
    return response


class Seat(serializers.Serializer):
    email = serializers.EmailField()


class Change(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1)
    seats = Seat(many=True)

    def validate(self, attrs):
        raise serializers.ValidationError("Name who loses a seat.", code="name_them")


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (Http404(), 404, "not-found"),
        (PermissionDenied(), 403, "permission-denied"),
        (exceptions.NotAuthenticated(), 401, "not-authenticated"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
        (exceptions.ParseError(), 400, "parse-error"),
    ],
)
def test_each_error_has_its_type_and_status(error, status, name):
    response = handled(error)
    assert response.status_code == status
    assert response.data["type"] == f"urn:storefront:problem:{name}"
    assert response.data["detail"]


def test_an_outcome_of_a_service_carries_its_own_members_and_keeps_the_standard_ones():
    response = handled(problems.Problem("stale_preview", "The price has moved.", preview={"total": 1}, status=1, title="no"))
    assert response.status_code == 409
    assert response.data["type"] == "urn:storefront:problem:stale-preview"
    assert response.data["preview"] == {"total": 1}
    assert (response.data["status"], response.data["title"]) == (409, "Conflict")


def test_wrong_fields_are_named_by_pointer():
    form = Change(data={"quantity": 0, "seats": [{"email": "ann@acme.example"}, {"email": "nobody"}]})
    assert not form.is_valid()
    entries = handled(exceptions.ValidationError(form.errors)).data["errors"]
    assert {(entry["pointer"], entry["code"]) for entry in entries} == {
        ("#/quantity", "min_value"),
        ("#/seats/1/email", "invalid"),
    }


def test_what_is_wrong_with_the_whole_body_points_at_it():
    form = Change(data={"quantity": 1, "seats": []})
    assert not form.is_valid()
    entries = handled(exceptions.ValidationError(form.errors)).data["errors"]
    assert entries == [{"pointer": "#", "detail": "Name who loses a seat.", "code": "name_them"}]


def test_a_pointer_escapes_what_json_pointers_escape():
    (entry,) = problems._fields({"a/b~c": ["wrong"]})
    assert entry["pointer"] == "#/a~1b~0c"


def test_too_many_requests_say_when_to_come_back():
    assert handled(exceptions.Throttled(wait=12.3)).headers["Retry-After"] == "13"


def test_an_unexpected_error_is_told_to_django_and_says_nothing_of_itself():
    heard = []

    def hear(sender, **_more):
        heard.append(sender)

    got_request_exception.connect(hear)
    try:
        response = handled(RuntimeError("secret detail"))
    finally:
        got_request_exception.disconnect(hear)
    assert response.status_code == 500
    assert "secret detail" not in str(response.data)
    assert len(heard) == 1


def test_an_address_that_the_api_does_not_have_is_a_problem_too(client, db):
    response = client.get("/api/v1/nope")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "application/problem+json")
    assert "/api/docs/" in response.json()["detail"]
    assert client.get("/nope").headers["Content-Type"].startswith("text/html")
