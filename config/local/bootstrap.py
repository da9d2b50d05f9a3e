"""Make the virtual environment if it is missing or stale, then become `python -m config.local ...` inside it.

Runs on the bare standard library, before anything is installed; bin/demo, bin/test and bin/check call it by its path.
The environment is stale when a lock file changed. One that an interrupted run left half made is made anew.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
STAMP = HOME / "storefront.json"
UNFINISHED = HOME / "unfinished"
RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
BEGAN = "STOREFRONT_BEGAN"
QUIET_SECONDS = 5.0

PROBE = """
import importlib.metadata, re, sys
for line in open(sys.argv[1]):
    match = re.match(r"([A-Za-z0-9_.-]+)(?:\\[[^]]*\\])?==([^ ;\\\\]+)", line)
    if match and ";" not in line:
        try:
            installed = importlib.metadata.version(match[1])
        except importlib.metadata.PackageNotFoundError:
            installed = None
        if installed != match[2]:
            sys.exit(1)
"""

NO_VENV = """This Python ({python}) can make no virtual environment with pip in it: {reason}
On Debian and Ubuntu: apt-get install python3-venv
Then start the command again."""


def main(command: str, arguments: list[str]) -> None:
    began = time.time()
    lock = RUN_LOCK if command == "demo" else DEV_LOCK
    if not is_fresh(lock):
        with_folder_locked(lock, began)
    environment = {**os.environ, BEGAN: f"{began:.3f}"}
    # Dozens of processes read the same modules: each would compile all of ours anew, half a second of a processor every time.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    os.execve(PYTHON, [str(PYTHON), "-m", "config.local", command, *arguments], environment)  # noqa: S606 - that is the point


def with_folder_locked(lock: Path, began: float) -> None:
    """Make the environment, one command at a time: a second one waits and then finds it made."""
    handle = os.open(ROOT / "pyproject.toml", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(began, "Waiting for another command that is installing the packages ...")
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        if not is_fresh(lock):
            make(lock, began)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_fresh(lock: Path) -> bool:
    """Whether the environment holds what this lock says. One made for development also serves the demo."""
    if UNFINISHED.exists() or not runs():
        return False
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return adopt(lock)
    return bool(stamp.get(lock.name) == digest(lock))


def runs() -> bool:
    """Whether the environment's Python is there and new enough (it may have been removed from the system)."""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode == 0  # noqa: S603 - ours
    except OSError:
        return False


def adopt(lock: Path) -> bool:
    """Take an environment somebody else made as it is, when every pinned package is there in its version."""
    if subprocess.run([PYTHON, "-c", PROBE, str(lock)], capture_output=True, check=False).returncode != 0:  # noqa: S603 - ours
        return False
    write_stamp(lock)
    return True


def write_stamp(lock: Path) -> None:
    """The development lock holds everything that the other one does."""
    locks = [RUN_LOCK, DEV_LOCK] if lock == DEV_LOCK else [RUN_LOCK]
    stamp = {"python": sys.version} | {one.name: digest(one) for one in locks}
    STAMP.write_text(json.dumps(stamp, indent=1), encoding="utf-8")


def make(lock: Path, began: float) -> None:
    if UNFINISHED.exists() or not runs():
        create(began)
    UNFINISHED.touch()
    install(lock, began)
    write_stamp(lock)
    UNFINISHED.unlink()


def create(began: float) -> None:
    say(began, f"Making a virtual environment in .venv with Python {sys.version.split()[0]} ...")
    if HOME.is_symlink():
        HOME.unlink()
    elif HOME.exists():
        shutil.rmtree(HOME)
    HOME.mkdir()
    UNFINISHED.touch()
    made = subprocess.run([sys.executable, "-m", "venv", str(HOME)], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if made.returncode == 0 and has_pip():
        return
    # Debian keeps ensurepip in a package of its own; pip itself can install into an environment that lacks it.
    bare = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "venv", "--without-pip", str(HOME)], capture_output=True, text=True, check=False
    )
    if bare.returncode != 0 or not pip_from_outside():
        fail(NO_VENV.format(python=sys.executable, reason=(made.stdout + made.stderr + bare.stderr).strip()[-600:]))


def has_pip() -> bool:
    return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603 - ours


def pip_from_outside() -> bool:
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--version"]
    return subprocess.run(outside, capture_output=True, check=False).returncode == 0  # noqa: S603 - ours


def install(lock: Path, began: float) -> None:
    """Install from the lock, hashes checked, saying now and then how far it is."""
    total = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    say(began, f"Installing {total} packages from {lock.name} ...")
    pip = [str(PYTHON), "-m", "pip"] if has_pip() else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--root-user-action", "ignore"]
    process = subprocess.Popen(  # noqa: S603 - ours
        [*pip, "install", *quiet, "--require-hashes", "-r", str(lock)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    code, lines = follow(process, total, began)
    if code != 0:
        tail = "\n".join(f"    {line}" for line in lines[-15:])
        fail(f"pip could not install the packages (exit code {code}). \n{tail}\nStart the command again to resume.")
    say(began, f"{total} packages installed")


def follow(process: "subprocess.Popen[str]", total: int, began: float) -> tuple[int, list[str]]:
    lines: list[str] = []
    collected, spoke, text = 0, time.time(), ""
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip())
        collected += line.startswith("Collecting ")
        is_new = line.startswith("Installing collected")
        text = "All fetched; unpacking them ..." if is_new or text.startswith("All") else f"{collected} of {total} fetched"
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\033[K{time.time() - began:6.1f} s  {text}")
            sys.stdout.flush()
        elif is_new or (time.time() - spoke > QUIET_SECONDS and not text.startswith("All")):
            spoke = time.time()
            say(began, text)
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K")
    return process.wait(), lines


def say(began: float, text: str) -> None:
    sys.stdout.write(f"{time.time() - began:6.1f} s  {text}\n")
    sys.stdout.flush()


def fail(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.exit(1)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except KeyboardInterrupt:
        fail("\nInterrupted. Start the command again to resume.")
    except PermissionError as error:
        fail(f"{error.filename or error} cannot be written by this user. Start the command as the owner of {ROOT}.")
