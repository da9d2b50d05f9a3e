"""Runs dj-stripe beside the store: its own virtual environment, its own database, the same Postgres.

Nothing of the peer is imported here; bench/peers/dj_stripe_site.py runs under the peer's interpreter.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
import stripe
from psycopg import sql

from bench import servers
from config.local import ports

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "dj_stripe.txt"
SITE = "bench.peers.dj_stripe_site"
ADDRESS = "/stripe/webhook/00000000-0000-4000-8000-000000000001/"  # as in the site
INSTALL_SECONDS = 300


class MissingPeerError(Exception):
    """The peer cannot be installed; the text says why."""


@dataclass(frozen=True)
class Peer:
    server: servers.Server
    database: str

    def processed(self) -> tuple[int, int]:
        """Deliveries it processed, and those it did not."""
        statement = (
            "SELECT count(*) FILTER (WHERE processed), count(*) FILTER (WHERE NOT processed) FROM djstripe_webhookeventtrigger"
        )
        with psycopg.connect(self.database) as connection:
            done, failed = connection.execute(statement).fetchone() or (0, 0)
        return done, failed


def install() -> Path:
    """The peer's interpreter, in an environment made once for each state of its requirements. Raises MissingPeerError."""
    folder = HERE / ".environments" / f"dj-stripe-{sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists():
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(REQUIREMENTS)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], pip):
        try:
            subprocess.run(command, check=True, timeout=INSTALL_SECONDS, capture_output=True, text=True)  # noqa: S603 - our own
        except subprocess.CalledProcessError as error:
            raise MissingPeerError(f"{' '.join(command[1:4])} failed: {error.stderr.strip().splitlines()[-1:]}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MissingPeerError(f"{' '.join(command[1:4])} failed: {error}") from error
    done.touch()
    return python


@contextmanager
def running() -> Iterator[Peer]:
    """Stripe's address, key and secret come from the environment, as bench.webhooks sets them. Raises MissingPeerError."""
    python, port = install(), ports.any_free()
    with _database() as url:
        environment = {
            **os.environ,
            "PEER_DATABASE_URL": url,
            "PEER_STRIPE_VERSION": stripe.api_version,
            "PYTHONWARNINGS": "ignore",
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        made = subprocess.run(  # noqa: S603 - our own
            [str(python), "-c", f"import {SITE} as site; site.prepare()"],
            cwd=servers.ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RuntimeError(f"The peer's tables cannot be made: {made.stderr}")
        with servers.granian(f"{SITE}:application", port=port, python=python, environment=environment) as server:
            yield Peer(server, url)


@contextmanager
def _database() -> Iterator[str]:
    name = f"bench_peer_{os.getpid()}"
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
