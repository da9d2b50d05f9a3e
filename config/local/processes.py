"""Which processes are ours: tied to the supervisor's life, written down, and ended after it was killed.

A process is known by its number and the moment it was started, so that a number used again by somebody else is never
mistaken for ours. Where the system tells a process's environment (Linux), the run's mark in it finds what the record missed.
"""

import contextlib
import ctypes
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from config.local import state

MARK = "STOREFRONT_RUN"
PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 6.0
DYING_SECONDS = 3.0
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Known:
    """A process we started: `started` is its start as the system words it, `signal` is how to ask it to end."""

    name: str
    pid: int
    started: str
    signal: int


def started(pid: int) -> str | None:
    """When a process was started, in the system's own words; None when it is gone (or a zombie)."""
    if sys.platform == "linux":
        try:
            fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    ask = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(ask, capture_output=True, text=True, check=False)  # noqa: S603 - a number is all that varies
    return answer.stdout.strip() or None


def tether(death_signal: int) -> Callable[[], None]:
    """What a child does before it becomes the program: have the kernel signal it when the supervisor dies (Linux)."""
    parent = os.getpid()

    def bind() -> None:
        if LIBC is None:
            return
        LIBC.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return bind


class Record:
    """The file that says which processes this run started."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = secrets.token_hex(8)
        self._known: dict[int, Known] = {}
        self._save()

    def add(self, name: str, pid: int, stop_signal: int) -> None:
        self._known[pid] = Known(name, pid, started(pid) or "", int(stop_signal))
        self._save()

    def forget(self, pid: int) -> None:
        self._known.pop(pid, None)
        self._save()

    def _save(self) -> None:
        known = [asdict(process) for process in self._known.values()]
        state.write(self.path, json.dumps({"run": self.run, "processes": known}, indent=1))


def read(path: Path) -> tuple[str, list[Known]]:
    """The run's mark and its processes, as the record says; ("", []) when there is no record or it cannot be read."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return said["run"], [Known(**process) for process in said["processes"]]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []


def marked(run: str) -> Iterable[int]:
    """Processes that carry a run's mark in their environment, this one excepted. Linux only; elsewhere none are found."""
    if not run or sys.platform != "linux":
        return
    wanted = f"{MARK}={run}".encode()
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def end_leftovers(path: Path, say: Callable[[str], None]) -> list[str]:
    """End what a killed run left behind, gently first, and return the names. Nothing else is touched."""
    run, recorded = read(path)
    left = [known for known in recorded if known.started and started(known.pid) == known.started]
    pids = {known.pid for known in left}
    strays = ((pid, started(pid)) for pid in marked(run) if pid not in pids)
    left += [Known(f"process {pid}", pid, since, signal.SIGTERM) for pid, since in strays if since]
    if left:
        say(f"Ending what an earlier run left behind: {', '.join(known.name for known in left)}.")
    # Postgres goes last: the others are its clients.
    clients = [known for known in left if known.signal == signal.SIGTERM]
    servers = [known for known in left if known.signal != signal.SIGTERM]
    for group in (clients, servers):
        _end(group)
    path.unlink(missing_ok=True)
    return [known.name for known in left]


def _end(group: list[Known]) -> None:
    for known in group:
        _send(known, known.signal)
    _wait_for(group, PATIENCE_SECONDS)
    for known in group:
        _send(known, signal.SIGKILL)
    _wait_for(group, DYING_SECONDS)


def _wait_for(group: list[Known], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(started(known.pid) == known.started for known in group):
        time.sleep(0.02)


def _send(known: Known, number: int) -> None:
    if started(known.pid) == known.started:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(known.pid, number)
