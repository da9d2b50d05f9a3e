"""An account's committed writes on disk: one JSON line a commit, replayed at start, rewritten when it has grown stale."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from billing.sandbox.state import Changes, Store

COMPACT_AFTER = 5_000


class Journal:
    """The append-only file of one account. Its first line names the account."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.file: IO[str] | None = None
        self.lines = 0

    def append(self, changes: Changes) -> None:
        """Write one commit. The line is in the operating system's hands when this returns."""
        if self.file is None:
            self.file = self._open()
        self.file.write(json.dumps(changes, separators=(",", ":")) + "\n")
        self.file.flush()
        self.lines += 1

    def _open(self) -> IO[str]:
        fresh = not self.path.exists()
        file = self.path.open("a", encoding="utf-8")
        if fresh:
            self.path.chmod(0o600)
            file.write(json.dumps({"account": self.name}) + "\n")
        return file

    def replay(self, store: Store) -> None:
        for changes in _lines(self.path):
            if "account" not in changes:
                store.apply(changes)
                self.lines += 1

    def is_stale(self, store: Store) -> bool:
        """Whether rewriting would at least halve the file."""
        return self.lines > COMPACT_AFTER + 2 * sum(len(table.rows) for table in store.tables.values())

    def compact(self, store: Store) -> None:
        """Rewrite the file as the present state. A crash meanwhile leaves the old file."""
        self.close()
        successor = self.path.with_suffix(".new")
        with successor.open("w", encoding="utf-8") as file:
            successor.chmod(0o600)
            file.write(json.dumps({"account": self.name}) + "\n")
            self.lines = 0
            for kind, table in store.tables.items():
                for _, _, identity in table.order:
                    file.write(json.dumps({kind: {identity: table.rows[identity]}}, separators=(",", ":")) + "\n")
                    self.lines += 1
        successor.replace(self.path)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None

    def erase(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)
        self.lines = 0


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The file's lines; a last line cut short by a crash was never acknowledged and is dropped."""
    whole = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            yield json.loads(line)
    if whole < path.stat().st_size:
        with path.open("r+b") as file:
            file.truncate(whole)


def account_of(path: Path) -> str | None:
    """The account a file belongs to."""
    first = next(_lines(path), None)
    return first.get("account") if first else None
