"""A request id on every line, and nothing personal on any."""

import io
import json
import logging
import logging.config

import pytest
import structlog
from celery import signals
from django.http import HttpResponse
from django.test import RequestFactory

from config import celery, logs


@pytest.fixture
def lines():
    """Log as production does, into memory; what was set up before comes back afterwards."""
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure({"level": "INFO", "format": "json"})
    root.handlers[0].setStream(out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    structlog.configure(**before)
    root.handlers[:], root.level = handlers, level
    structlog.contextvars.clear_contextvars()


def test_a_request_is_one_line_with_route_and_code_and_no_query(lines):
    middleware = logs.RequestMiddleware(lambda _request: HttpResponse(status=404))
    response = middleware(RequestFactory().get("/seats/?token=secret&email=ann@acme.example", HTTP_X_REQUEST_ID="abcdefgh-1"))
    (line,) = lines()
    assert (line["event"], line["method"], line["route"], line["code"]) == ("request", "GET", "/seats/", 404)
    assert line["request_id"] == response["X-Request-ID"] == "abcdefgh-1"
    assert "secret" not in json.dumps(line)
    assert logs.request_id() == ""


@pytest.mark.parametrize("said", ["", "short", "x" * 65, "two words!", "a\nb-injected-line"])
def test_a_request_id_that_is_not_well_formed_is_replaced(said):
    response = logs.RequestMiddleware(lambda _request: HttpResponse())(RequestFactory().get("/", HTTP_X_REQUEST_ID=said))
    assert logs.REQUEST_ID.fullmatch(response["X-Request-ID"])
    assert response["X-Request-ID"] != said


def test_what_happens_inside_a_request_carries_its_id(lines):
    def view(_request):
        logging.getLogger("any.library").warning("from the standard library")
        structlog.get_logger("ours").info("ours")
        return HttpResponse()

    logs.RequestMiddleware(view)(RequestFactory().get("/", HTTP_X_REQUEST_ID="abcdefgh-2"))
    assert [line["request_id"] for line in lines()] == ["abcdefgh-2"] * 3


def test_a_row_is_worked_on_under_the_id_that_caused_it(lines):
    with logs.bind_from_row("from-the-row"):
        assert logs.request_id() == "from-the-row"
        structlog.get_logger("lane").info("working")
    assert logs.request_id() == ""
    assert lines()[0]["request_id"] == "from-the-row"
    with logs.bind_from_row(""):
        assert logs.REQUEST_ID.fullmatch(logs.request_id())


def test_a_task_inherits_the_id_of_who_sent_it():
    headers = {}
    with logs.bind_from_row("sent-from-here"):
        signals.before_task_publish.send(sender="any", headers=headers)
    assert headers == {"request_id": "sent-from-here"}
    task = celery.heartbeat
    task.push_request(**headers)
    try:
        signals.task_prerun.send(sender=task, task_id="id-of-task", task=task)
        assert logs.request_id() == "sent-from-here"
        signals.task_postrun.send(sender=task, task_id="id-of-task", task=task)
        assert logs.request_id() == ""
    finally:
        task.pop_request()


def test_personal_keys_and_texts_are_taken_out(lines):
    structlog.get_logger("ours").info(
        "mail to ann@acme.example failed",
        email="ann@acme.example",
        ip="192.0.2.1",
        user_agent="Browser",
        detail="Key (email)=(ann@acme.example) already exists",
        broker="redis://:hunter2@127.0.0.1:6379/0",
        key="sk_live_abcDEF123",
        organization_id=7,
    )
    (line,) = lines()
    text = json.dumps(line)
    for personal in ("ann@", "192.0.2.1", "Browser", "hunter2", "abcDEF123"):
        assert personal not in text
    assert line["organization_id"] == 7
    assert line["key"] == "sk_live_***"


def test_the_text_of_an_exception_is_cleaned_too(lines):
    try:
        int("ann@acme.example")
    except ValueError:
        logging.getLogger("any").exception("failed")
    (line,) = lines()
    assert "ValueError: invalid literal for int() with base 10: '<e-mail>'" in line["exception"]


def test_a_failed_request_is_named_by_its_route(lines):
    request = RequestFactory().get("/account/password/reset/key/1-secret/")
    request.resolver_match = type("Match", (), {"route": "account/password/reset/key/<key>/"})()
    logging.getLogger("django.request").error("Internal Server Error: %s", request.path, extra={"request": request})
    (line,) = lines()
    assert line["event"] == "GET /account/password/reset/key/<key>/ failed"


def test_heartbeats_are_no_news(lines):
    logging.getLogger("celery.app.trace").info("Task config.heartbeat[1] succeeded")
    logging.getLogger("celery.app.trace").info("Task billing.tasks.remind[2] succeeded")
    logging.getLogger("celery.app.trace").error("Task config.heartbeat[3] failed")
    assert [line["event"].split("[")[0] for line in lines()] == ["Task billing.tasks.remind", "Task config.heartbeat"]
