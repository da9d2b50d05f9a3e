"""The policy register: defaults, dated rows, segments, bounds, and one query when cold."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Policy
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import policies as service
from config import clock

pytestmark = pytest.mark.django_db
NAME = "accounts.enterprise_from"


def put(value, **options):
    now = clock.now()
    options = {"effective_at": now, "reason": "because", "at": now, "origin": Origin(), "name": NAME} | options
    row = service.put(value=value, **options)
    policies.forget()
    return row


def test_every_default_fits_its_own_bounds_and_says_what_it_does():
    for definition in policies.definitions().values():
        assert definition.check(definition.default) == definition.default
        assert len(definition.what) > 20
        assert definition.source


def test_the_default_holds_until_a_row_is_in_force():
    now = clock.now()
    put(800, effective_at=now + timedelta(days=1))
    assert policies.value(NAME, at=now) == 1000
    assert policies.value(NAME, at=now + timedelta(days=1)) == 800


def test_a_later_row_supersedes_and_the_past_keeps_its_value():
    now = clock.now()
    put(800, effective_at=now + timedelta(days=1))
    put(900, effective_at=now + timedelta(days=2))
    assert [policies.value(NAME, at=now + timedelta(days=days)) for days in (0, 1, 2)] == [1000, 800, 900]


def test_a_segments_own_value_goes_first():
    put(800)
    put(500, segment="smb")
    at = clock.now() + timedelta(seconds=1)
    assert policies.value(NAME, at=at, segment="smb") == 500
    assert policies.value(NAME, at=at, segment="enterprise") == 800
    assert policies.value(NAME, at=at) == 800


def test_cold_is_one_query_and_warm_is_none():
    with CaptureQueriesContext(connection) as queries:
        for name in policies.definitions():
            policies.value(name, at=clock.wall())
    assert len(queries) == 1


def test_an_unknown_name_says_where_to_define_it():
    with pytest.raises(policies.UnknownPolicy, match=r"accounts\.rules\.policies"):
        policies.value("accounts.nonsense", at=clock.wall())


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"value": 1}, "value"),
        ({"value": True}, "value"),
        ({"value": "5"}, "value"),
        ({"value": 800, "reason": " "}, "reason"),
        ({"value": 800, "segment": "tiny"}, "segment"),
        ({"value": 800, "name": "accounts.nonsense"}, "name"),
        ({"value": 800, "effective_at": clock.wall() - timedelta(days=1)}, "effective_at"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(options, field):
    with pytest.raises(ValidationError) as refused:
        put(**options)
    assert list(refused.value.message_dict) == [field]
    assert not Policy.objects.exists()


def test_rows_cannot_be_changed():
    row = put(800)
    with pytest.raises(Exception, match="append-only"):
        Policy.objects.filter(pk=row.pk).update(value=1)
