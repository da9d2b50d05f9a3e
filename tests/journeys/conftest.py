"""A real browser on the running demo: web server, worker, pulse, sandbox with its pages and webhooks, all of it.

STOREFRONT_JOURNEY_URL names a demo that runs already; without it one is started here, with data of its own.
A journey that fails leaves pictures of its pages in artifacts/journeys/. STOREFRONT_JOURNEY_PICTURES=window keeps one of every
step, of what is in the window, and =whole of the whole page, sharp: the journeys take a half or twice as long again.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from config.local import chromium, ports, processes, servers, state, testing
from config.local import demo as demo_settings

START_SECONDS = 300
STEP_SECONDS = 90
ARTIFACTS = Path(settings.ROOT) / "artifacts" / "journeys"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
ABORTED = "net::ERR_ABORTED"
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


# The one browser of a run's journeys, and what ends it.
OPEN = {}
WANTED = os.environ.get("STOREFRONT_JOURNEY_PICTURES", "")
PICTURES = {"full_page": True} if WANTED == "whole" else {"scale": "css"}
FAILED = pytest.StashKey()

# Where the demo's sample product answers: named as the store is, or chosen when the demo is started here.
PRODUCT = {"url": os.environ.get("STOREFRONT_JOURNEY_PRODUCT", f"http://127.0.0.1:{demo_settings.PRODUCT_PORT}")}


@pytest.fixture
def store_url():
    """Where the demo answers: one for all journeys in a row, as the browser. It ends with the last of them.

    A year that one of them let begin would else go on beside all other tests.
    """
    if named := os.environ.get("STOREFRONT_JOURNEY_URL"):
        return named.rstrip("/")
    if "demo" not in OPEN:
        OPEN["demo"] = _start_demo()
    return _wait(*OPEN["demo"])


def _start_demo():
    # In the state folder: where root runs Postgres as somebody else, that account cannot reach pytest's private folders.
    folder = state.folder(state.test() / "journeys" / f"{os.environ[testing.SLOT]}-{testing.worker()}")
    port, product = ports.any_free(), ports.any_free()
    PRODUCT["url"] = f"http://{ports.HOST}:{product}"
    log = folder / "demo.log"
    with log.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "config.local", "demo", "--small", "--no-browser", "--reset", "--state", str(folder)],
            cwd=settings.ROOT,
            env=_environment() | {"PORT": str(port), "SANDBOX_PORT": str(ports.any_free()), "PRODUCT_PORT": str(product)},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=processes.tether(signal.SIGTERM),  # noqa: PLW1509 - a killed test run must leave no demo behind
        )
    return demo, log


def _environment():
    """The demo's own servers and settings, whatever this test run has."""
    return {
        name: value
        for name, value in servers.base_environment().items()
        if name not in {"DATABASE_URL", "REDIS_URL", "STOREFRONT_MODE", "STORE_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE"}
        and not name.startswith(("STRIPE_", "PYTEST_"))
    }


def _wait(demo, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and demo.poll() is None:
        found = re.search(r"The first page is at (http://\S+)", log.read_text(errors="replace"))
        if found:
            return found[1].rstrip("/")
        time.sleep(0.2)
    pytest.fail(f"The demo did not start:\n{log.read_text(errors='replace')[-3000:]}", pytrace=False)


@pytest.fixture
def product_url(store_url):
    return PRODUCT["url"]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item, nextitem):
    """Close browser and demo behind the last journey in a row."""
    result = yield
    if nextitem is None or nextitem.path.parent != item.path.parent:
        _close()
    return result


def pytest_sessionfinish():
    _close()


@pytest.fixture
def browser():
    """One browser for all journeys in a row: its start costs as much as ten pages.

    It ends with the last of them, not with the session: Playwright's event loop must be gone before Django's tests go on.
    """
    if "browser" not in OPEN:
        _open_browser()
    return OPEN["browser"]


def _close():
    if "browser" in OPEN:
        OPEN.pop("browser").close()
        OPEN.pop("playwright").stop()
    if "demo" in OPEN:
        demo, _log = OPEN.pop("demo")
        demo.send_signal(signal.SIGTERM)
        demo.wait(timeout=30)


def _open_browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    path = chromium.find()
    if path is None:
        pytest.skip(chromium.ADVICE)
    OPEN["playwright"] = sync_api.sync_playwright().start()
    OPEN["browser"] = OPEN["playwright"].chromium.launch(executable_path=path, args=ARGUMENTS)


@pytest.fixture
def visit(browser, store_url, request):
    """Open a page on a device: visit(PHONE, locale="de-DE", java_script_enabled=False)."""
    contexts, wrong = [], []

    def open_page(device=DESKTOP, **options):
        # Without motion: nothing is drawn again and again while something slides in, a third less for the browser.
        context = browser.new_context(base_url=store_url, reduced_motion="reduce", **device, **options)
        context.set_default_timeout(STEP_SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        # Said at the end: raised here, it would break Playwright's connection, and every journey after this one.
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        return page

    yield open_page
    for number, context in enumerate(contexts, 1):
        for page in context.pages if request.node.stash.get(FAILED, False) else ():
            _picture(request.node, page, f"{number:02d}-failed")
        context.close()
    assert not wrong, "A script failed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


def listen(page):
    """What goes wrong in the browser from now on: failed scripts, errors on the console (refusals too), lost requests."""
    trouble = []
    page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
    page.on("console", lambda said: said.type == "error" and trouble.append(f"{page.url}: {said.text}"))
    # Whatever was still under way when somebody went on is aborted, and nobody misses it.
    page.on("requestfailed", lambda lost: lost.failure != ABORTED and trouble.append(f"{page.url}: {lost.url} {lost.failure}"))
    return trouble


@pytest.fixture
def shoot(request):
    """Keep a picture of a step, if pictures are wanted: shoot(page, "seats")."""
    taken = []

    def take(page, name):
        taken.append(name)
        if WANTED:
            _picture(request.node, page, f"{len(taken):02d}-{name}")

    return take


def _picture(node, page, name):
    folder = ARTIFACTS / re.sub(r"\W+", "-", node.name).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", **PICTURES)


@pytest.fixture(autouse=True)
def _loopback_only(socket_enabled):
    """Playwright talks to its driver by pipes, and the demo is on loopback; nothing else is asked."""
    assert state.ROOT
