"""Fixtures for every test: a database per worker, Redis, the sandbox. The browser's are in tests/journeys/conftest.py.

Run `bin/test`, or keep servers with `python -m config.local services` and run `pytest` as often as you like beside them.
"""

import contextlib
import copy
import dataclasses
import gc
import importlib
import os

from config.local import messages, testing

testing.prepare()  # before anything below reads the settings: hence imports after it (E402 in pyproject.toml)
messages.compile_all()  # a fresh clone has no .mo files, and a process reads them once

import django

django.setup()  # a conftest of a folder may import models, and is read before pytest_configure

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.module_loading import import_string
from pytest_django.plugin import blocking_manager_key

from config.local import chromium, databases

SERIAL_FOLDERS = {"journeys"}
GROUND = []  # of this worker's database, once it is there
FLUSHED = []  # the tests since which it has not been put back


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    # xdist's workers inherit the environment, and each must read the settings with names of its own.
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Kill and race tests, and journeys, share one group each: xdist, which looks after us, gives a group to one worker."""
    for item in items:
        folder = item.path.parent.name
        if folder in SERIAL_FOLDERS:
            item.add_marker(pytest.mark.xdist_group(folder))
        elif item.get_closest_marker("serial"):
            item.add_marker(pytest.mark.xdist_group("serial"))


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def pytest_in_good_order(items):
    """After the shuffling: what takes many seconds begins early, so that no worker is alone with it while the others are done.

    xdist sends groups of many tests first by itself, and single ones in this order.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    # Journeys share one demo, whose time some of them move: they are taken in one order, those that only look before them.
    places = [place for place, item in enumerate(items) if item.path.parent.name in SERIAL_FOLDERS]
    for place, item in zip(places, sorted((items[place] for place in places), key=_turn), strict=True):
        items[place] = item


def _turn(item):
    return (not item.path.name.startswith("test_every_"), item.path.name, item.function.__code__.co_firstlineno, item.name)


def pytest_collection_finish():
    """What is loaded by now stays: the garbage collector need not go over it again and again, a sixth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def is_journey(nodeid, fixtures=()):
    return nodeid.startswith("tests/journeys/") or not {"browser", "chromium"}.isdisjoint(fixtures)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """REQUIRE_JOURNEYS=1 (as CI sets it): a journey that was skipped is a failure."""
    report = yield
    if report.skipped and os.environ.get("REQUIRE_JOURNEYS") == "1" and is_journey(item.nodeid, item.fixturenames):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and REQUIRE_JOURNEYS=1 asks for it. {chromium.ADVICE}"
    return report


def pytest_terminal_summary(terminalreporter):
    """Name what was skipped for want of a browser, and how to get one."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if chromium.ADVICE in str(report.longrepr)]
    if skipped:
        terminalreporter.section("journeys not taken")
        terminalreporter.write_line(chromium.ADVICE)
        for report in skipped:
            terminalreporter.write_line(f"  {report.nodeid}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """What migrations had made, after the flush of a test with committed transactions."""
    if FLUSHED:
        FLUSHED.clear()
        with item.config.stash[blocking_manager_key].unblock():
            GROUND[0].put_back()
            connection.close()


def pytest_runtest_teardown(item):
    marker = item.get_closest_marker("django_db")
    if GROUND and ("transactional_db" in item.fixturenames or (marker and marker.kwargs.get("transaction"))):
        FLUSHED.append(item)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """This worker's database, copied from a migrated template (config/local/databases.py)."""
    if not testing.has_database():
        pytest.fail(
            "There is no database: run bin/test, or start `python -m config.local services` beside pytest.", pytrace=False
        )
    name = f"test_{settings.DATABASES['default']['NAME']}_{testing.worker()}"
    with django_db_blocker.unblock():
        databases.create(name)
        GROUND.append(import_string("tests.snapshots.Ground").read())
    yield
    GROUND.clear()
    with django_db_blocker.unblock():
        databases.drop(name)


@pytest.fixture(scope="session")
def sandbox():
    """The offline Stripe of this worker, listening where settings.STRIPE_API_BASE points."""
    # Imported where it is used: most runs of a few tests need no sandbox, and it takes half a second to load.
    server = import_string("billing.sandbox.server.Sandbox")(port=int(settings.STRIPE_API_BASE.rpartition(":")[2])).start()
    with _recorded(server) as requests:
        yield server
    server.stop()
    # Every request of the suite is one that Stripe would take: parameters that it would refuse fail the run here, whatever the
    # test that sent them made of the refusal.
    contract = import_string("billing.sandbox.contract")
    assert contract.check_request_log(contract.Request(*request) for request in requests) == len(requests)


@contextlib.contextmanager
def _recorded(server):
    """All calls of the API of this server, as (method, path, params): accounts forget theirs when a test empties them."""
    accounts = import_string("billing.sandbox.accounts.Account")
    record, requests = accounts.record_call, []

    def recording(account, method, path, key, params):
        if account.base_url == server.base_url:
            requests.append((method, path, copy.deepcopy(params)))
        return record(account, method, path, key, params)

    accounts.record_call = recording
    try:
        yield requests
    finally:
        accounts.record_call = record


@pytest.fixture
def cast(db):
    """The people of the tests (tests/cast.py)."""
    return import_string("tests.snapshots.kept")("cast", import_string("tests.cast.assemble"))


@pytest.fixture(autouse=True)
def _fresh_registers():
    """A process keeps the registers of policies and reps for some seconds; a test's rows are gone by then."""
    import_string("accounts.queries.policies.forget")()
    import_string("offramps.queries.roster.forget")()


@pytest.fixture(scope="session", autouse=True)
def _policies_stay():
    """No query of the register within a test, however slow the machine: a page's queries are counted."""
    importlib.import_module("accounts.queries.policies").KEPT_SECONDS = 3600.0


@pytest.fixture(scope="session", autouse=True)
def _billed_at_once():
    """Seats are billed as they are added: what is gathered in an invoice window has tests of its own, with `windows`."""
    _gather(0)


@pytest.fixture
def gathering():
    """For how many hours small additions of seats wait for their invoice: a function that says so."""
    yield _gather
    _gather(0)


@pytest.fixture
def windows(gathering):
    """As by default: a day."""
    gathering(24)


def _gather(hours):
    known = import_string("accounts.queries.policies.definitions")()
    known["billing.window_hours"] = dataclasses.replace(known["billing.window_hours"], default=hours)


@pytest.fixture(autouse=True)
def _fresh_catalog():
    """A process keeps what is on sale in memory; a test's rows are gone by then."""
    forget = import_string("billing.queries.catalog.forget")
    forget()
    yield
    forget()


@pytest.fixture
def on_sale(db):
    """catalog.toml on sale without Stripe (tests/shelf.py): for pages, whose prices need no sandbox."""
    return import_string("tests.shelf.put_on_sale")()


@pytest.fixture(autouse=True)
def _fresh_store_time():
    """A process keeps the store's time for a moment; the row by which a test moved it is gone by then."""
    import_string("billing.queries.store_time.forget")()


@pytest.fixture
def shop(cast, sandbox, monkeypatch):
    """catalog.toml on sale, an empty account at Stripe, and acme about to buy (tests/shop.py)."""
    # Asked once for the whole test: so that counted queries are a page's own.
    monkeypatch.setattr("billing.queries.store_time.KEPT_SECONDS", 3600.0)
    return import_string("tests.shop.Shop")(sandbox, cast.acme, cast.owner).open()


@pytest.fixture(autouse=True)
def _english():
    """A request's language stays active on its thread until the next one's; the next test starts in English."""
    yield
    translation.deactivate()


@pytest.fixture
def kept(monkeypatch):
    """What processes keep for a moment (store time, policies) is kept for the whole test: so that queries can be counted."""
    monkeypatch.setattr("billing.queries.store_time.KEPT_SECONDS", 3600)
    import_string("billing.queries.store_time.forget")()
    yield
    import_string("billing.queries.store_time.forget")()


@pytest.fixture
def _time_stays(monkeypatch):
    """As `kept`, of what has been read already too."""
    monkeypatch.setattr("billing.queries.store_time.KEPT_SECONDS", 3600.0)
    yield
    import_string("billing.queries.store_time.forget")()


@pytest.fixture
def django_assert_num_queries(_time_stays, django_assert_num_queries):
    """pytest-django's, of a page's own queries: none of them is the half second's look at the store's time."""
    return django_assert_num_queries


@pytest.fixture
def django_assert_max_num_queries(_time_stays, django_assert_max_num_queries):
    return django_assert_max_num_queries
