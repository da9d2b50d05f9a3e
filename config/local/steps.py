"""What the demo does to its database before the first page: the steps, how they are told, and when they can be skipped."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from config.local import state
from config.local.screen import Screen

BEGIN = "@@ begin "
END = "@@ end "
STATIC_NOTE = "static.json"


def announce(mark: str, words: str) -> None:
    """Tell the supervisor, on standard output, that a step begins or ends."""
    print(f"{mark}{words}", flush=True)  # noqa: T201 - the supervisor reads it


def listener(screen: Screen) -> Callable[[str], None]:
    """Show the steps that a program announces."""

    def listen(line: str) -> None:
        if line.startswith(BEGIN):
            screen.doing(line.removeprefix(BEGIN))
        elif line.startswith(END):
            screen.done(line.removeprefix(END))

    return listen


def fingerprint() -> str:
    """What the preparation depends on: packages, settings, migrations, the catalog, the translations and the static files."""
    found = hashlib.sha256(static_fingerprint().encode())
    patterns = ("*/migrations/*.py", "config/settings/*.py", "catalog.toml", "locale/*/*/*.po", "requirements.lock")
    for path in sorted({path for pattern in patterns for path in state.ROOT.glob(pattern)}):
        found.update(path.read_bytes())
    return found.hexdigest()


def static_fingerprint() -> str:
    """The static files' names, sizes and times, and the packages that bring some of their own."""
    folders = [state.ROOT / "static", *state.ROOT.glob("*/static")]
    files = sorted(path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file())
    facts = [(str(path.relative_to(state.ROOT)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    lock = (state.ROOT / "requirements.lock").read_bytes()
    return hashlib.sha256(json.dumps(facts).encode() + lock).hexdigest()


def static_is_collected(root: Path) -> bool:
    """Whether the collected files in `root` are those of the present sources."""
    note = state.STATE / STATIC_NOTE
    return (root / "staticfiles.json").exists() and note.exists() and note.read_text(encoding="utf-8") == static_fingerprint()


def static_was_collected() -> None:
    state.write(state.folder(state.STATE) / STATIC_NOTE, static_fingerprint())
