"""bin/test: the servers of the test suite, and pytest on them.

`services` keeps the servers running in the foreground; every `bin/test` and every plain `pytest` started meanwhile uses them.
Each pytest run takes a slot of its own (testing.py), so that several may run at once.
"""

import signal
import sys
import time
from collections.abc import Sequence

from config.local import processes, servers, state
from config.local.programs import Program
from config.local.screen import Screen
from config.local.supervisor import Stopped, Supervisor

ENVIRONMENT_FILE = "env"
LOCK_FILE = "lock"
USERS_FILE = "users"
WORKERS = "3"  # one more than the cores of CI: while one waits for a browser or a clock, two compute


def run(arguments: Sequence[str], *, began: float | None = None) -> int:
    """Run pytest with these arguments, on running test servers or on its own. Returns pytest's exit code."""
    folder = state.test()
    screen = Screen(began=began)
    lock = state.Lock(folder / LOCK_FILE)
    with_servers = lock.take()
    if not with_servers:
        screen.done("Using the test servers that are running already")
    processes_file = folder / ("processes.json" if with_servers else f"processes-{time.time_ns()}.json")
    if with_servers:
        processes.end_leftovers(processes_file, screen.say)
    with Supervisor(processes_file, screen) as supervisor:
        try:
            if with_servers:
                _start_servers(supervisor)
            return _run_pytest(supervisor, arguments)
        finally:
            if with_servers:
                _wait_for_others(supervisor)


def _run_pytest(supervisor: Supervisor, arguments: Sequence[str]) -> int:
    environment = servers.base_environment()
    spread = [] if any(word.startswith(("-n", "--pdb", "--numprocesses")) for word in arguments) else ["-n", WORKERS]
    command = [sys.executable, "-m", "pytest", *spread, "--dist", "loadgroup", *arguments]
    # SIGINT is what pytest tidies up after.
    pytest = Program(name="pytest", command=command, environment=environment, owns_terminal=True, stop_signal=signal.SIGINT)
    return supervisor.run(pytest)


def serve() -> int:
    """Keep the test servers running until somebody asks for the end."""
    folder = state.test()
    lock = state.Lock(folder / LOCK_FILE)
    if not lock.take():
        sys.stderr.write(f"The test servers are running already; their variables are in {folder / ENVIRONMENT_FILE}.\n")
        return 1
    screen = Screen()
    processes.end_leftovers(folder / "processes.json", screen.say)
    with Supervisor(folder / "processes.json", screen) as supervisor:
        try:
            environment = _start_servers(supervisor)
            for name, value in sorted(environment.items()):
                screen.say(f"export {name}={value}")
            screen.streams = True
            screen.say("Now bin/test and pytest use these servers. Ctrl-C ends them.")
            supervisor.watch()
        except Stopped:
            screen.say("Stopping.")
    return 0


def _start_servers(supervisor: Supervisor) -> dict[str, str]:
    folder = state.test()
    environment = servers.base_environment()
    found = servers.start(supervisor, folder, environment, is_durable=False)
    for name in ("DATABASE_URL", "REDIS_URL"):
        found.setdefault(name, environment.get(name, ""))
    state.write_environment(folder / ENVIRONMENT_FILE, found)
    return found


def _wait_for_others(supervisor: Supervisor) -> None:
    """Other test runs may be using our servers: let them finish first (a second Ctrl-C does not wait)."""
    users = state.Lock(state.test() / USERS_FILE)
    if users.take():
        users.release()
        return
    supervisor.screen.say("Another test run uses these servers; they stop when it has finished (Ctrl-C: now).")
    try:
        while not users.take():
            supervisor.wait(0.5)
    except Stopped:
        return
    users.release()
