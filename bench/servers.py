"""Programs that a bench starts on free ports of 127.0.0.1 and ends afterwards."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
BLOCKING_THREADS = 4


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


@contextmanager
def started(*command: str, port: int, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A program of ours that listens on `port`."""
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        _wait(running, port)
        yield Server(port, running.pid)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def granian(
    application: str, *, port: int, python: str | Path = sys.executable, environment: Mapping[str, str] | None = None
) -> AbstractContextManager[Server]:
    """The web server as the demo runs it, with one worker."""
    return started(
        *(str(python), "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(BLOCKING_THREADS), "--no-ws", "--log-level", "warning", application),
        port=port,
        environment=environment,
    )


def _wait(running: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if running.poll() is not None:
                raise RuntimeError(f"{running.args!r} ended with {running.returncode}.") from None
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return
