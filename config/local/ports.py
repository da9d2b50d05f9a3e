"""Ports on loopback: is one free, which one is, and what the environment asks for."""

import socket
from collections.abc import Collection, Mapping

HOST = "127.0.0.1"
CONNECT_SECONDS = 0.2
TRIES = 100


class BadPort(ValueError):
    """A port that the environment asks for and that cannot be one."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now, and nobody answers on it."""
    with socket.socket() as probe:
        probe.settimeout(CONNECT_SECONDS)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def next_free(wanted: int, but_not: Collection[int] = ()) -> int:
    """The wanted port, or the first free one above it. Raises BadPort when none of the next hundred is free."""
    for port in range(wanted, min(wanted + TRIES, 65_536)):
        if port not in but_not and is_free(port):
            return port
    raise BadPort(f"No port from {wanted} to {min(wanted + TRIES, 65_536) - 1} is free. Name another.")


def any_free() -> int:
    """A free port of the system's choice."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def asked_for(environment: Mapping[str, str], name: str, default: int) -> int:
    """The port named by a variable. Raises BadPort, naming the variable and the remedy, when it cannot be one."""
    said = environment.get(name, "").strip()
    if not said:
        return default
    if not said.isascii() or not said.isdigit() or not 1 <= int(said) <= 65_535:
        raise BadPort(f"{name} is {said!r}; it takes a port number from 1 to 65535, for example {name}={default}.")
    return int(said)
