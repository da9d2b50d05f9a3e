"""Serve the sample product: `python -m sample --store http://127.0.0.1:8000 --setup product.json --port 8010`."""

import argparse
import signal
import sys
import urllib.parse
from contextlib import suppress
from http import HTTPStatus, cookies
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import WebhookVerificationError

from sample import pages, people
from sample.people import Person, Setup
from sample.store import Refused, Store, Unreachable
from sample.told import Ear

HOST = "127.0.0.1"
COOKIE = "sample_product"
LONGEST_BODY = 4_096
LONGEST_WEBHOOK = 1_000_000
AWAY = "The store does not answer just now. Try again in a moment."


class Product(BaseHTTPRequestHandler):
    """One request. `server` carries the set-up and the store's client."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _mark, query = self.path.partition("?")
        who = self._who()
        if path != "/":
            self._page(
                pages.page(self.server.setup.product, "Not found", "<p>There is no such page.</p>"), HTTPStatus.NOT_FOUND
            )
        elif who is None:
            self._page(pages.sign_in(self.server.setup.product, self.server.setup.people))
        else:
            back = "back" in urllib.parse.parse_qs(query, keep_blank_values=True)
            self._workplace(who, "Welcome back from the store." if back else "")

    def do_POST(self) -> None:
        path, _mark, query = self.path.partition("?")
        if path == "/webhooks/":
            self._hear()
            return
        body = self._body()
        if self.headers.get("Origin") not in (None, self.server.url):  # another site's form
            self.send_error(HTTPStatus.FORBIDDEN)
        elif path == "/sign-in/":
            self._sign_in(body.get("email", ""))
        elif path == "/sign-out/":
            self._go("/", cookie=f"{COOKIE}=; Max-Age=0; Path=/")
        elif path == "/reports/":
            self._report(body.get("key", ""))
        elif path == "/billing/":
            self._billing(dict(urllib.parse.parse_qsl(query)).get("page", "home"))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: addresses of people do not belong in a log."""

    def _sign_in(self, email: str) -> None:
        if self.server.setup.named(email) is None:
            self._go("/")
            return
        mark = people.sign(email, self.server.setup.api_key)
        self._go("/", cookie=f"{COOKIE}={urllib.parse.quote(mark)}; Path=/; HttpOnly; SameSite=Lax")

    def _billing(self, page: str) -> None:
        who = self._who()
        if who is None:
            self._go("/")
            return
        try:
            way_in = self.server.store.way_in(who.organization, who.email, page=page, back=f"{self.server.url}/?back")
        except Refused as error:
            self._workplace(who, error.detail)
        except Unreachable:
            self._workplace(who, AWAY)
        else:
            self._go(way_in)

    def _report(self, key: str) -> None:
        """Send a report, which is counted. `key` came with the page: a second click is the same report."""
        who = self._who()
        if who is None or not key:
            self._go("/")
            return
        try:
            self.server.store.use(who.organization, who.email, "reports", key=f"report-{key[:64]}")
        except Refused as error:
            self._workplace(who, error.detail)
        else:
            self._workplace(who, "The report is on its way.")

    def _hear(self) -> None:
        """The store tells us something. Answered at once; what it makes untrue is forgotten, and asked when it is needed."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_WEBHOOK:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            told = self.server.ear.hear(self.rfile.read(length), self.headers)
        except (WebhookVerificationError, ValueError, KeyError):
            self.send_error(HTTPStatus.UNAUTHORIZED)
            return
        if told and told.kind == "entitlements.changed":
            self.server.store.forget(told.organization)
        self.send_response(HTTPStatus.NO_CONTENT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _workplace(self, who: Person, note: str = "") -> None:
        try:
            said = self.server.store.features(who.organization, who.email)
        except Refused as error:
            said, note = {}, note or error.detail
        except Unreachable:
            said, note = {}, note or AWAY
        told = self.server.ear.latest(who.organization)
        self._page(pages.workplace(self.server.setup.product, who, said, note, told))

    def _who(self) -> Person | None:
        jar = cookies.SimpleCookie(self.headers.get("Cookie", ""))
        found = jar.get(COOKIE)
        email = people.signed(urllib.parse.unquote(found.value), self.server.setup.api_key) if found else ""
        return self.server.setup.named(email)

    def _body(self) -> dict[str, str]:
        length = min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY)
        return dict(urllib.parse.parse_qsl(self.rfile.read(length).decode("utf-8", "replace")))

    def _page(self, text: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def _go(self, url: str, cookie: str = "") -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, setup: Setup, store: Store) -> None:
        super().__init__((HOST, port), Product)
        self.setup, self.store = setup, store
        self.ear = Ear(setup.webhook_secret)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sample", description=__doc__)
    parser.add_argument("--store", required=True, help="the store's address")
    parser.add_argument("--setup", required=True, type=Path, help="a JSON file with product, api_key, webhook_secret, people")
    parser.add_argument("--port", type=int, default=8010)
    options = parser.parse_args()
    setup = Setup.read(options.setup)
    server = Server(options.port, setup, Store(options.store.rstrip("/"), setup.api_key))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stderr.write(f"{setup.product} (a sample product) is at {server.url}/\n")
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
