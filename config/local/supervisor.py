"""Runs programs together: starts, watches, restarts and stops them, and shows their lines.

One thread: the kernel's death signal is tied to the thread that started a child, and forking beside threads is unsafe.
docs/decisions/supervisor.md says why no ready-made runner does this.
"""

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from config.local import processes, programs
from config.local.programs import Child, Program
from config.local.screen import Screen

ASKING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK_SECONDS = 0.1
GRACE_AFTER_KILL_SECONDS = 5.0


class Stopped(Exception):
    """Somebody asked for the end, by Ctrl-C, a signal or a closed terminal."""


class Failed(Exception):
    """A program that must run does not; the text says which and shows its last lines."""


class Supervisor:
    """Use as a context: leaving it stops everything it started, in order, whatever happened inside."""

    def __init__(self, record: Path, screen: Screen) -> None:
        self.screen = screen
        self.record = processes.Record(record)
        self.children: dict[str, Child] = {}
        self._asked: list[signal.Signals] = []
        self._is_stopping = False
        self._selector = selectors.DefaultSelector()
        self._alarm, self._alarm_in = socket.socketpair()
        self._old_handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for end in (self._alarm, self._alarm_in):
            end.setblocking(False)
        signal.set_wakeup_fd(self._alarm_in.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._alarm, selectors.EVENT_READ, None)
        for number in ASKING_SIGNALS:
            self._old_handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self._selector.close()
        self._alarm.close()
        self._alarm_in.close()
        self.record.path.unlink(missing_ok=True)

    # --- What the owner asks for ----------------------------------------------------------------------------------------

    def start(self, program: Program) -> Child:
        """Start a program and return at once."""
        child = self.children[program.name] = Child(program)
        self._spawn(child)
        return child

    def wait_until_ready(self, name: str, seconds: float) -> None:
        """Wait for a started program. Raises Failed when it ends first or takes longer, Stopped when somebody asks."""
        child = self.children[name]
        deadline = time.monotonic() + seconds
        while not (child.program.ready and child.program.ready()):
            if child.process is None:
                raise Failed(self._story(child, f"{name} ended before it was ready ({programs.wording(child.exit_codes[-1])})"))
            if time.monotonic() > deadline:
                raise Failed(self._story(child, f"{name} was not ready within {seconds:.0f} s"))
            self._turn()

    def wait_for_end(self, name: str) -> int:
        """Wait for a started program to end by itself and return its exit code (negative: the signal that ended it)."""
        child = self.children[name]
        while child.process is not None:
            self._turn(heeds=not child.program.owns_terminal)
            if child.program.owns_terminal and self._asked:
                self._pass_on(child)
        del self.children[name]
        return child.exit_codes[-1]

    def run(self, program: Program) -> int:
        """Run a program to its end and return its exit code."""
        self.start(program)
        return self.wait_for_end(program.name)

    def must_run(self, program: Program) -> None:
        """Run a program to its end. Raises Failed, with its last lines, unless it exits with 0."""
        child = self.start(program)
        code = self.wait_for_end(program.name)
        if code != 0:
            raise Failed(self._story(child, f"{program.name} failed ({programs.wording(code)})"))

    def watch(self) -> None:
        """Keep everything running until somebody asks for the end (Stopped) or a vital program dies (Failed)."""
        while True:
            self._turn(restarts=True)

    def wait(self, seconds: float) -> None:
        """Let everything run on for a while. Raises Stopped when somebody asks for the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._turn()

    def stop(self) -> None:
        """End everything, tier by tier; one more request while it works hurries it. Safe to call twice."""
        self._is_stopping = True
        asked_before = len(self._asked)
        for tier in sorted({child.program.tier for child in self.children.values()}):
            group = [child for child in self.children.values() if child.program.tier == tier]
            self._stop_group(group, lambda: len(self._asked) > asked_before)
        self.children.clear()

    # --- How ------------------------------------------------------------------------------------------------------------

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._asked.append(signal.Signals(number))

    def _spawn(self, child: Child) -> None:
        process = child.spawn(self.record.run)
        self.record.add(child.program.name, process.pid, child.program.stop_signal)
        if process.stdout is not None:
            self._selector.register(process.stdout, selectors.EVENT_READ, child)

    def _turn(self, *, restarts: bool = False, heeds: bool = True) -> None:
        """One turn of the loop: read what came, bury who died, start again who is due, hear who asks."""
        for key, _events in self._selector.select(TICK_SECONDS):
            if key.data is None:
                self._drain_alarm()
            else:
                self._read(key.data)
        self.screen.tick()
        if heeds and self._asked and not self._is_stopping:
            raise Stopped(self._asked[0].name)
        for child in list(self.children.values()):
            if child.has_exited():
                self._on_exit(child, restarts=restarts)
            elif restarts and child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._spawn(child)

    def _pass_on(self, child: Child) -> None:
        """Hand a request to a child that owns the terminal, unless the terminal has told it already (Ctrl-C)."""
        for number in self._asked:
            if number != signal.SIGINT or not _is_in_foreground():
                child.signal(child.program.stop_signal)
        self._asked.clear()

    def _drain_alarm(self) -> None:
        try:
            while self._alarm.recv(64):
                pass
        except BlockingIOError:
            return

    def _read(self, child: Child) -> bool:
        """Show a child's new lines. False when there is nothing more to read now."""
        try:
            lines = child.read()
        except BlockingIOError:
            return False
        for line in lines or ():
            self.screen.line(child.program.name, line)
            if child.program.listen is not None:
                child.program.listen(line)
        if lines is None:
            self._unwatch(child)
        return lines is not None

    def _unwatch(self, child: Child) -> None:
        pipe = child.process.stdout if child.process else None
        if pipe is not None and pipe in self._selector.get_map():
            self._selector.unregister(pipe)

    def _on_exit(self, child: Child, *, restarts: bool) -> None:
        assert child.process is not None
        pid, pipe = child.process.pid, child.process.stdout
        while pipe is not None and pipe in self._selector.get_map() and self._read(child):
            pass
        self._unwatch(child)
        code = child.bury()
        self.record.forget(pid)
        name = child.program.name
        if self._is_stopping or not restarts or (code == 0 and child.program.has_an_end):
            return
        if child.program.is_vital:
            raise Failed(self._story(child, f"{name} has died ({programs.wording(code)}); nothing runs without it"))
        wait = child.plan_restart()
        self.screen.say(f"{name} has died ({programs.wording(code)}); starting it again in {wait:g} s.")

    def _stop_group(self, group: list[Child], hurried: Callable[[], bool]) -> None:
        for child in group:
            child.restart_at = None
            child.signal(child.program.stop_signal)
        began = time.monotonic()
        killed_at: float | None = None
        while any(child.process is not None for child in group):
            self._turn()
            waited = time.monotonic() - began
            for child in group:
                if child.process is not None and (hurried() or waited > child.program.stop_seconds):
                    child.signal(signal.SIGKILL, whole_group=True)
                    killed_at = killed_at or time.monotonic()
            if killed_at is not None and time.monotonic() - killed_at > GRACE_AFTER_KILL_SECONDS:
                return

    def _story(self, child: Child, headline: str) -> str:
        tail = self.screen.tail(child.program.name)
        return "\n".join([f"{headline}." + (" Its last lines:" if tail else ""), *(f"    {line}" for line in tail)])


def _is_in_foreground() -> bool:
    """Whether our group is the one that the terminal sends its signals to."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
