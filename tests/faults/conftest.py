"""What kill -9 tests need: a Stripe of their own in a process, the line to it, a mail server, and processes to kill.

Everything is stopped at a named moment by a request held on the line or a row held by the test (moments.py), never by code in
the product. Each wait is bounded; what is ended was started here.
"""

import urllib.request

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Policy
from billing import gateway
from config import clock
from config.local import ports
from tests import shop
from tests.faults import letterbox, moments, programs, wire
from tests.faults.grips import database_url


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory):
    """The sandbox as the supervisor starts it; its address."""
    port = ports.any_free()
    address = f"http://{ports.HOST}:{port}"
    sandbox = programs.Running(
        "sandbox", ["-m", "billing.sandbox", "--port", str(port)], {}, tmp_path_factory.mktemp("sandbox")
    )
    sandbox.wait_until(lambda: address in sandbox.said)
    yield address
    sandbox.kill()


@pytest.fixture(scope="session")
def line(stripe_process):
    opened = wire.Line(stripe_process)
    yield opened
    opened.close()


@pytest.fixture
def letters():
    opened = letterbox.Letterbox()
    yield opened
    opened.close()


@pytest.fixture
def traps(line, stripe):
    set_up = moments.Traps(line)
    yield set_up
    set_up.open()


@pytest.fixture
def stripe(stripe_process, monkeypatch):
    """The test itself speaks to Stripe directly; in the end every request of the processes was one that Stripe would take."""
    monkeypatch.setattr(settings, "STRIPE_API_BASE", stripe_process)
    gateway.forget_client()
    yield stripe_process
    contract = import_string("billing.sandbox.contract")
    calls = shop.control("GET", "calls")["data"]
    assert contract.check_request_log(contract.Request.of_call(call) for call in calls) == len(calls)
    gateway.forget_client()


class Store:
    """Starts the store's processes, on the test's own database, Redis, Stripe and mail server."""

    def __init__(self, environment, folder, port, traps):
        self.environment, self.folder, self.port, self.traps = environment, folder, port, traps
        self.running = []

    @property
    def url(self):
        return self.environment["STORE_URL"]

    def start(self, name, *arguments):
        started = programs.Running(name, arguments, self.environment, self.folder)
        self.running.append(started)
        return started

    def web(self):
        size = ["--port", str(self.port), "--workers", "1", "--blocking-threads", "20", "--respawn-failed-workers"]
        return self.start("web", *programs.GRANIAN, *size, "--respawn-interval", "0.1", "config.wsgi:application")

    def pulse(self):
        return self.start("pulse", "manage.py", "pulse")

    def pulses(self, count):
        """Several at once, which end together."""
        return self.start("pulses", "-m", "tests.faults.warm", str(count))

    def worker(self, concurrency):
        return self.start("worker", *programs.CELERY, "--concurrency", str(concurrency))

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill_all(self):
        for one in self.running:
            one.kill()


@pytest.fixture
def store(transactional_db, line, letters, traps, tmp_path):
    """The processes' place: committed rows, and settings by environment as everywhere. They end before the traps do."""
    port = ports.any_free()
    environment = {
        "DATABASE_URL": database_url(),
        "DATABASE_POOL_SIZE": "22",
        "STORE_URL": f"http://{ports.HOST}:{port}",
        "STRIPE_API_BASE": line.address,
        "EMAIL_URL": letters.url,
        "LOG_LEVEL": "INFO",
    }
    # These stories are of seats that are billed as they are added, for the processes too.
    at = clock.now()
    Policy.objects.create(name="billing.window_hours", value=0, reason="At once", effective_at=at, created_at=at)
    made = Store(environment, tmp_path, port, traps)
    yield made
    made.kill_all()
