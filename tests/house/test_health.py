"""/healthz and /readyz: what fails them, what only degrades them, and that they answer before anything else has a say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory, override_settings

from config import clock, health


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """As in a process that has just started, with nobody's heart beating."""
    health._migrated.clear()
    health._last_beat.clear()
    health._stripe_seen.update(at=float("-inf"), ok=False)
    cache.delete_many([health.KEY.format(name) for name in health.HEARTBEATS])


@pytest.fixture
def well(monkeypatch):
    """Worker, pulse and Stripe are there."""
    monkeypatch.setattr(health, "stripe_is_reachable", lambda: True)
    for name in health.HEARTBEATS:
        health.beat(name)


def test_a_living_process_answers_whatever_the_host_says_and_without_a_database():
    with override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["store.example.com"]):
        response = Client().get("/healthz", HTTP_HOST="10.0.0.7:8000")
    assert (response.status_code, response.content, response["Cache-Control"]) == (200, b"ok\n", "no-store")


@pytest.mark.django_db
def test_it_is_ready_when_everything_is(well):
    with override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["store.example.com"]):
        response = Client().get("/readyz", HTTP_HOST="10.0.0.7:8000")
    assert response.status_code == 200
    assert response.json()["status"] == "ready", response.json()
    assert set(response.json()["checks"]) == {"database", "migrations", "redis", "worker", "pulse", "stripe"}


@pytest.mark.django_db
def test_without_worker_and_stripe_it_is_degraded_and_still_gets_traffic(monkeypatch):
    monkeypatch.setattr(health, "stripe_is_reachable", lambda: False)
    health.beat("pulse")
    response = Client().get("/readyz")
    assert response.status_code == 200
    report = response.json()
    assert report["status"] == "degraded"
    assert {name for name, check in report["checks"].items() if not check["ok"]} == {"worker", "stripe"}


@pytest.mark.django_db
def test_without_redis_it_is_degraded_and_the_hearts_are_unknown(well, monkeypatch):
    def away(*_arguments):
        raise ConnectionError

    monkeypatch.setattr(health.cache, "get_many", away)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["checks"]["pulse"]["detail"] == "unknown without Redis"


@pytest.mark.django_db
def test_pending_migrations_keep_traffic_away(well, monkeypatch):
    monkeypatch.setattr(health, "pending_migrations", lambda: ["billing.0002_more"])
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "unready")
    assert response.json()["checks"]["migrations"]["detail"] == "1 pending: run manage.py migrate"


@pytest.mark.django_db
def test_applied_migrations_are_asked_about_once(well, monkeypatch):
    asked = []
    monkeypatch.setattr(health, "pending_migrations", lambda: asked.append(1) or [])
    Client().get("/readyz")
    Client().get("/readyz")
    assert len(asked) == 1


def test_without_the_database_it_is_not_ready(well, monkeypatch):
    monkeypatch.setitem(health.connection.settings_dict, "PORT", "1")
    report = health.readiness()
    assert report["status"] == "unready"
    assert report["checks"]["database"] == {"ok": False, "detail": "the database does not answer"}


def test_other_pages_pass_through():
    assert health.HealthMiddleware(lambda _request: "the page")(RequestFactory().get("/healthz/more")) == "the page"


def test_a_heart_that_has_stopped_is_told_by_its_age(monkeypatch):
    health.beat("pulse")
    later = datetime.now(UTC) + timedelta(seconds=90)
    monkeypatch.setattr(clock, "wall", lambda: later)
    assert health._redis_and_hearts()["pulse"]["detail"].startswith("last heartbeat 9")


def test_beats_reach_redis_now_and_then_and_never_raise(monkeypatch):
    written = []
    monkeypatch.setattr(health.cache, "set", lambda key, *_rest: written.append(key))
    for _ in range(100):
        health.beat("pulse")
    assert written == ["heartbeat:pulse"]

    def away(*_arguments):
        raise ConnectionError

    monkeypatch.setattr(health.cache, "set", away)
    health.beat("worker")
    with pytest.raises(ValueError, match="no heartbeat"):
        health.beat("printer")


@pytest.mark.parametrize(("base", "reachable"), [("http://127.0.0.1:1", False), ("http://nowhere.invalid", False)])
def test_an_address_that_does_not_answer_is_not_reachable(settings, base, reachable):
    settings.STRIPE_API_BASE = base
    assert health.stripe_is_reachable() is reachable
