"""What a pytest process needs before Django's settings are read: servers, a slot, and names of its own.

A slot is held by one pytest run; its xdist workers share it. Slot and worker together name the database, the Redis number,
the cache prefix, the queue and the sandbox account, so that nothing of one worker is seen by another.
"""

import os
import urllib.parse

from config.local import ports, state, suite

SLOT = "STOREFRONT_TEST_SLOT"
SLOTS = 32
WORKERS_PER_SLOT = 16
NO_DATABASE = "postgres://nobody@127.0.0.1:1/no-test-servers-are-running"
NO_REDIS = "redis://127.0.0.1:1/0"
HELD: list[state.Lock] = []  # for the life of the process


def prepare() -> None:
    """Set the environment of this pytest process. Call before anything imports the settings."""
    for name, value in {**_servers(), **_own_names()}.items():
        os.environ[name] = value
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"


def has_database() -> bool:
    return not os.environ["DATABASE_URL"].startswith(NO_DATABASE.rpartition("/")[0])


def worker() -> str:
    """This xdist worker's name, or `main` without xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _servers() -> dict[str, str]:
    """DATABASE_URL and REDIS_URL: of the running test servers, else of the environment, else none."""
    folder = state.test()
    found = state.read_environment(folder / suite.ENVIRONMENT_FILE) if state.is_locked(folder / suite.LOCK_FILE) else {}
    return {
        "DATABASE_URL": found.get("DATABASE_URL") or os.environ.get("DATABASE_URL") or NO_DATABASE,
        "REDIS_URL": found.get("REDIS_URL") or os.environ.get("REDIS_URL") or NO_REDIS,
    }


def _own_names() -> dict[str, str]:
    slot = _slot()
    servers = _servers()
    name = f"s{slot}_{worker()}"
    number = slot * WORKERS_PER_SLOT + _worker_number()
    sandbox = ports.any_free()
    return {
        SLOT: str(slot),
        "STOREFRONT_MODE": "test",
        "SECRET_KEY": "a-key-for-tests-that-guards-nothing-0123456789-0123456789",
        "STORE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "DATABASE_URL": _with_path(servers["DATABASE_URL"], f"/storefront_s{slot}"),
        "REDIS_URL": _with_path(servers["REDIS_URL"], f"/{number}"),
        "REDIS_PREFIX": name,
        "CELERY_QUEUE": f"queue_{name}",
        "STRIPE_SECRET_KEY": f"sk_test_{name}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{name}",
        "STRIPE_API_BASE": f"http://{ports.HOST}:{sandbox}",
        "EMAIL_URL": "",
        # Playwright keeps an event loop on the thread of a journey, beside which nothing of ours runs.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


def _slot() -> int:
    """The run's slot: taken by the first process, handed to its workers by the environment."""
    if (known := os.environ.get(SLOT)) is not None:
        return int(known)
    folder = state.folder(state.test() / "slots")
    users = state.Lock(state.test() / suite.USERS_FILE)
    users.take(shared=True, wait=True)
    HELD.append(users)
    for number in range(SLOTS):
        lock = state.Lock(folder / str(number))
        if lock.take():
            HELD.append(lock)
            return number
    raise RuntimeError(f"{SLOTS} test runs use these servers already. Wait for one to end.")


def _worker_number() -> int:
    digits = worker().removeprefix("gw")
    return int(digits) % WORKERS_PER_SLOT if digits.isdigit() else 0


def _with_path(url: str, path: str) -> str:
    return urllib.parse.urlsplit(url)._replace(path=path).geturl()
