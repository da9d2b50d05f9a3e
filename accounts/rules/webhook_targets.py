"""Where a webhook may be sent: to servers of the public internet, over TLS, and nowhere near our own.

Looked at when an address is saved and again at every sending, because what a name resolves to changes.
"""

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 500
LOCALHOST: Final = "localhost"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What ipaddress calls global in one version of Python and not in another, and what leads to an IPv4 address inside.
REFUSED: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"),
        *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)


class Refusal(StrEnum):
    """Why an address is no target."""

    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    NOT_HTTPS = "not_https"
    CREDENTIALS = "credentials"
    PORT = "port"
    UNKNOWN_NAME = "unknown_name"
    PRIVATE = "private"


class RefusedTarget(ValueError):
    """Nothing is sent there."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True)
class Target:
    """Whom to call, taken apart. `host` is in ASCII, an IPv6 address without its brackets; `path` has the query."""

    is_secure: bool
    host: str
    port: int
    path: str
    authority: str
    """The Host header: with the port where it is not the usual one."""


def parse(url: str, *, ports: Collection[int], loopback: bool) -> Target:
    """Take an address apart. `loopback`: plain HTTP to this very machine, on any port, is fine (a demo, a sandbox).

    Raises RefusedTarget.
    """
    if len(url) > LONGEST:
        raise RefusedTarget(Refusal.TOO_LONG)
    if any(ord(letter) <= ord(" ") or letter in "\\\x7f" for letter in url):
        raise RefusedTarget(Refusal.MALFORMED)
    try:
        parts = urlsplit(url)
        host, port = _ascii(parts.hostname or ""), parts.port
    except ValueError:
        raise RefusedTarget(Refusal.MALFORMED) from None
    if parts.scheme not in ("http", "https") or not host:
        raise RefusedTarget(Refusal.MALFORMED)
    if "@" in parts.netloc:
        raise RefusedTarget(Refusal.CREDENTIALS)
    is_secure, at_home = parts.scheme == "https", loopback and _is_loopback(host)
    if not is_secure and not at_home:
        raise RefusedTarget(Refusal.NOT_HTTPS)
    usual = 443 if is_secure else 80
    port = usual if port is None else port
    if port not in ports and not at_home:
        raise RefusedTarget(Refusal.PORT)
    named = f"[{host}]" if ":" in host else host
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    authority = named if port == usual else f"{named}:{port}"
    return Target(is_secure=is_secure, host=host, port=port, path=_quoted(path), authority=authority)


def check(target: Target, addresses: Iterable[str], *, loopback: bool) -> list[str]:
    """The addresses that a name resolved to, if every one of them may be called. Raises RefusedTarget.

    Every one: whoever answers with a public and a private address means the private one.
    """
    found = list(dict.fromkeys(addresses))
    if not found:
        raise RefusedTarget(Refusal.UNKNOWN_NAME)
    at_home = loopback and _is_loopback(target.host)
    for said in found:
        address = ipaddress.ip_address(said)
        if not is_public(address) and not (at_home and address.is_loopback):
            raise RefusedTarget(Refusal.PRIVATE)
    return found


def is_public(address: Address) -> bool:
    """Whether it is a host of the public internet: no private, local, shared, reserved, mapped, tunnelled or group address."""
    if getattr(address, "scope_id", None) or any(address in network for network in REFUSED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_loopback(host: str) -> bool:
    if host == LOCALHOST:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _ascii(host: str) -> str:
    """As it is asked of a name server. Raises ValueError (UnicodeError) for what can be no name."""
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    name = host.lower() if host.isascii() else host.encode("idna").decode()
    if not all(letter.isalnum() or letter in "-._" for letter in name) or name.startswith((".", "-")):
        raise ValueError(host)
    return name


def _quoted(path: str) -> str:
    """Letters of other alphabets as bytes in percent; what is quoted already stays."""
    return "".join(
        letter if letter.isascii() else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace")) for letter in path
    )
