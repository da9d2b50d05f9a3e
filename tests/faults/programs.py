"""The store's own processes, as the supervisor and README.md start them, and kill -9. Only what was started here is ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from config.local import ports, processes, servers
from tests import waiting

SECONDS = 30.0
PROC = Path("/proc")
CELERY = ["-m", "celery", "--app", "config.celery", "--quiet", "worker", "--without-mingle", "--pool", "prefork"]
GRANIAN = ["-m", "granian", "--interface", "wsgi", "--host", ports.HOST, "--no-ws", "--log-level", "warning"]


class Running:
    """A program with its children, in a process group of its own."""

    def __init__(self, name, arguments, environment, folder):
        self.name, self.log = name, folder / f"{name}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                env={**servers.base_environment(), **environment},
                cwd=settings.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=processes.tether(signal.SIGKILL),  # noqa: PLW1509 - a killed test run leaves nothing behind
            )

    @property
    def said(self):
        return self.log.read_text(errors="replace")

    def wait_until(self, check):
        """Until `check` holds; a program that ended instead fails the test with its own words."""

        def look():
            assert self.process.poll() is None, f"{self.name} has ended:\n{self.said[-3000:]}"
            return check()

        try:
            return waiting.until(look, SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said[-3000:]}") from None

    def children(self):
        """The ids of its direct children that live."""
        found = []
        for path in (PROC / str(self.process.pid) / "task").glob("*/children"):
            found += [int(pid) for pid in path.read_text().split()]
        return found

    def signal(self, number):
        """To the program's first process alone."""
        os.kill(self.process.pid, number)

    def kill(self):
        """kill -9 of the whole group, as a power cut does it; nothing if it is over already."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(SECONDS)


def kill_all(pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    waiting.until(lambda: all(processes.started(pid) is None for pid in pids), SECONDS)
