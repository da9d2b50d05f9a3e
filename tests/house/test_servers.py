"""The ground under the suite: real servers, each worker's own."""

import pytest
from django.core.cache import cache
from django.db import connection

OLDEST_POSTGRES = 150_000


@pytest.mark.django_db
def test_the_database_is_a_real_postgres_of_this_worker_alone():
    connection.ensure_connection()
    assert connection.pg_version >= OLDEST_POSTGRES
    assert connection.settings_dict["NAME"].startswith("test_storefront_s")


def test_the_cache_is_a_real_redis():
    cache.set("greeting", "hello", 5)
    assert cache.get("greeting") == "hello"
    cache.delete("greeting")
