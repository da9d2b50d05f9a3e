"""The one folder where the demo and the test servers keep their data, secrets and locks.

Files holding secrets are made with mode 0600. Folders are given their mode when they are made; the mode of a folder that
exists already is never changed.
"""

import fcntl
import os
import re
import secrets
import shlex
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / ".storefront"
ENVIRONMENT_LINE = re.compile(r"export ([A-Z][A-Z0-9_]*)=(.*)")


def folder(path: Path, mode: int = 0o711) -> Path:
    """Make a folder and its missing parents with exactly this mode; leave existing ones as they are.

    The default mode lets an unprivileged server walk through to the data it owns, and list nothing.
    """
    for missing in reversed([path, *path.parents]):
        try:
            missing.mkdir()
        except FileExistsError:
            continue
        missing.chmod(mode)
    return path


def demo() -> Path:
    return folder(STATE / "demo")


def test() -> Path:
    return folder(STATE / "test")


def write(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only: a reader sees the old text or the new, never half of it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def secret(path: Path, prefix: str = "") -> str:
    """The random text kept in this file; made, with mode 0600, when there is none."""
    try:
        kept = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        kept = ""
    if not kept:
        kept = prefix + secrets.token_urlsafe(36).replace("-", "a").replace("_", "b")
        write(path, kept + "\n")
    return kept


def write_environment(path: Path, values: Mapping[str, str]) -> None:
    """Keep variables as a file that a shell can source and `read_environment` can read."""
    write(path, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(values.items())))


def read_environment(path: Path) -> dict[str, str]:
    """The variables of a file made by `write_environment`; {} when there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    found = (ENVIRONMENT_LINE.fullmatch(line) for line in lines)
    return {match[1]: "".join(shlex.split(match[2])) for match in found if match}


def remove(path: Path) -> None:
    """Remove a folder with everything in it; nothing happens when it is not there."""
    if path.is_symlink():
        raise RuntimeError(f"{path} is a symbolic link; it is not followed. Remove it by hand.")
    shutil.rmtree(path, ignore_errors=False) if path.exists() else None


class Lock:
    """A lock on a file, held by this process only and gone with it, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self, *, shared: bool = False, wait: bool = False, patience_seconds: float = 0.0) -> bool:
        """Take the lock; False when somebody else has it still after the patience, unless `wait` is asked for."""
        deadline = time.monotonic() + patience_seconds
        while not (taken := self._try(shared=shared, wait=wait)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return taken

    def _try(self, *, shared: bool, wait: bool) -> bool:
        handle = self._handle
        if handle is None:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        try:
            fcntl.flock(handle, kind)
        except BlockingIOError:
            if self._handle is None:
                os.close(handle)
            return False
        self._handle = handle
        return True

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock on this file."""
    if not path.exists():
        return False
    lock = Lock(path)
    free = lock.take(shared=True)
    lock.release()
    return not free
