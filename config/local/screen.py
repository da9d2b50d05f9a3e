"""What a person watching sees: steps with their seconds, then each program's lines behind its name."""

import itertools
import os
import sys
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import TextIO

COLOURS = (36, 35, 33, 32, 34, 96, 95, 93, 92, 94)
SPINNER = "|/-\\"
TAIL_LINES = 25


class Screen:
    """Writes to a terminal or a pipe, and keeps every program's lines in a log file.

    A closed terminal is no error: what follows goes to the log alone.
    """

    def __init__(self, *, log: Path | None = None, out: TextIO | None = None, began: float | None = None) -> None:
        self.out = out or sys.stdout
        self.is_terminal = self.out.isatty() and os.environ.get("TERM") != "dumb"
        self.has_colour = self.is_terminal and not os.environ.get("NO_COLOR")
        self.streams = False
        self.began = began or time.time()
        self._gone = False
        self._doing = ""
        self._doing_since = 0.0
        self._tails: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=TAIL_LINES))
        self._colour_of: defaultdict[str, int] = defaultdict(itertools.cycle(COLOURS).__next__)
        self._log = log.open("a", encoding="utf-8", errors="replace") if log else None

    def close(self) -> None:
        """Close the log file."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def say(self, text: str = "") -> None:
        """A line of our own."""
        self._put(text)
        self._keep(text)

    def done(self, text: str) -> None:
        """A step is finished: the line, with the seconds since the command began."""
        self.say(f"{time.time() - self.began:6.1f} s  {text}")
        self._doing = ""

    def doing(self, text: str) -> None:
        """A step begins. A terminal shows it on one live line; elsewhere it is a line of its own."""
        self._doing, self._doing_since = text, time.time()
        self.tick()
        if not self.is_terminal:
            self.say(f"{time.time() - self.began:6.1f} s  {text} ...")

    def tick(self) -> None:
        """Refresh the live line."""
        if self._doing and self.is_terminal:
            turn = SPINNER[int(time.time() * 8) % len(SPINNER)]
            self._write(f"\r\033[K{time.time() - self.began:6.1f} s  {turn} {self._doing} ...")

    def line(self, name: str, text: str) -> None:
        """A line that a program wrote."""
        self._tails[name].append(text)
        self._keep(f"{name:<9}| {text}")
        if self.streams:
            prefix = f"{name:<9}|"
            self._put(f"\033[{self._colour_of[name]}m{prefix}\033[0m {text}" if self.has_colour else f"{prefix} {text}")

    def tail(self, name: str) -> list[str]:
        """The last lines that a program wrote."""
        return list(self._tails[name])

    def _put(self, text: str) -> None:
        clear = "\r\033[K" if self._doing and self.is_terminal else ""
        self._write(f"{clear}{text}\n")

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            self.out.write(text)
            self.out.flush()
        except (OSError, ValueError):
            self._gone = True
            if self.out is sys.stdout:
                # What Python itself flushes at the end would fail again, and spoil the exit code.
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.out.fileno())

    def _keep(self, text: str) -> None:
        if self._log is None:
            return
        try:
            self._log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
            self._log.flush()
        except OSError:
            self._log = None
