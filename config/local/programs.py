"""One program under the supervisor: what to run, and the process that runs it now."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.local import processes
from config.local.unprivileged import Account

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 30.0
READ_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run. `tier` orders the end: lower tiers stop first, those of one tier together.

    `ready` answers whether it serves; `listen` is told each of its lines; a vital program's death ends everything; one that
    has an end is not started again once it reached it (exit code 0); one that owns the terminal reads and writes it directly
    and hears Ctrl-C itself.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    tier: int = 0
    ready: Callable[[], bool] | None = None
    listen: Callable[[str], None] | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 8.0
    account: Account | None = None
    is_vital: bool = False
    has_an_end: bool = False
    owns_terminal: bool = False
    folder: Path | None = None


@dataclass
class Child:
    """A program's present process, if any, and how its past ones ended."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    wait_seconds: float = FIRST_WAIT_SECONDS
    exit_codes: list[int] = field(default_factory=list)
    _unfinished: bytes = b""

    def spawn(self, run: str) -> subprocess.Popen[bytes]:
        """Start the process, tied to our life and marked with this run."""
        program = self.program
        piped = None if program.owns_terminal else subprocess.PIPE
        account = program.account
        # preexec_fn is safe here: the supervisor has one thread.
        self.process = subprocess.Popen(  # noqa: S603 - commands are ours, never a user's
            list(program.command),
            env={**program.environment, processes.MARK: run},
            cwd=program.folder,
            stdin=None if program.owns_terminal else subprocess.DEVNULL,
            stdout=piped,
            stderr=subprocess.STDOUT if piped else None,
            start_new_session=not program.owns_terminal,
            preexec_fn=processes.tether(program.stop_signal),  # noqa: PLW1509 - see above
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        self.started_at = time.monotonic()
        self.restart_at = None
        if self.process.stdout is not None:
            os.set_blocking(self.process.stdout.fileno(), False)
        return self.process

    def read(self) -> list[str] | None:
        """The whole lines that have come; None once the pipe has ended. Raises BlockingIOError when nothing has come."""
        assert self.process is not None
        assert self.process.stdout is not None
        data = os.read(self.process.stdout.fileno(), READ_BYTES)
        if not data and not self._unfinished:
            return None
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        if not data and self._unfinished:
            lines, self._unfinished = [self._unfinished], b""
        return [line.decode("utf-8", "replace").rstrip("\r") for line in lines]

    def has_exited(self) -> bool:
        """Whether the process is over; it is left unreaped, so that its group's number cannot pass to somebody else."""
        if self.process is None:
            return False
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def bury(self) -> int:
        """Reap the process that has exited, after ending whatever it left in its group. Returns the exit code."""
        assert self.process is not None
        if not self.program.owns_terminal:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        self.exit_codes.append(code)
        return code

    def plan_restart(self) -> float:
        """Set when to start again and return the wait in seconds: doubling, forgotten after a steady time."""
        if time.monotonic() - self.started_at > STEADY_SECONDS:
            self.wait_seconds = FIRST_WAIT_SECONDS
        wait = self.wait_seconds
        self.restart_at = time.monotonic() + wait
        self.wait_seconds = min(wait * 2, LONGEST_WAIT_SECONDS)
        return wait

    def signal(self, number: int, *, whole_group: bool = False) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if whole_group and not self.program.owns_terminal:
                os.killpg(self.process.pid, number)
            else:
                os.kill(self.process.pid, number)


def wording(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
