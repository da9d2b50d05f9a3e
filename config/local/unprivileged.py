"""Whom to run Postgres as when we are root: it refuses to be root itself."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.local import state

FALLBACK_NAME = "nobody"


class NoAccount(RuntimeError):
    """Root, and nobody to drop to."""


@dataclass(frozen=True)
class Account:
    """A user of the system, known to its user database."""

    name: str
    uid: int
    gid: int


def choose(data: Path) -> Account | None:
    """The account for a server whose data lies at `data`; None when we are not root and need none.

    Whoever owns the data already; else whoever owns the checkout; else nobody. Raises NoAccount when there is none.
    """
    if os.geteuid() != 0:
        return None
    owners = [path.stat().st_uid for path in (data, state.ROOT) if path.exists()]
    for uid in owners:
        if uid != 0 and (account := _known(uid)):
            return account
    try:
        entry = pwd.getpwnam(FALLBACK_NAME)
    except KeyError:
        raise NoAccount(
            "Postgres refuses to run as root, and this system has no user 'nobody' to run it as. "
            "Start the command as an ordinary user, or set DATABASE_URL."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _known(uid: int) -> Account | None:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def succeeds(account: Account | None, *command: str) -> bool:
    """Whether a command run as this account exits with 0: the one honest test of what the account can reach.

    Raises NoAccount when the system does not let us become that account.
    """
    try:
        answer = subprocess.run(  # noqa: S603 - commands are ours
            command,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd="/",
            env={},
            capture_output=True,
            check=False,
        )
    except PermissionError as error:
        if account is not None and not _can_become(account):
            raise NoAccount(
                f"Postgres refuses to run as root, and this system does not let root become {account.name}. "
                "Start the command as an ordinary user, or set DATABASE_URL."
            ) from error
        return False
    except OSError:
        return False
    return answer.returncode == 0


def _can_become(account: Account) -> bool:
    try:
        subprocess.run(
            ["/bin/sh", "-c", ":"], user=account.uid, group=account.gid, extra_groups=[], cwd="/", env={}, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def can_reach(account: Account | None, path: Path) -> bool:
    """Whether the account can walk to this folder and into it."""
    return succeeds(account, "/bin/sh", "-c", 'cd "$1"', "sh", str(path))
