"""The sandbox as a server on 127.0.0.1: a thread a connection, in this process or in one of its own."""

import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from billing.sandbox import api, clock, control
from billing.sandbox.http import Request, Response, answer
from billing.sandbox.pages import router
from billing.sandbox.tenants import Tenants

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
TICK_SECONDS = 1.0


class Sandbox(Tenants):
    """The offline Stripe: many accounts, each behind its own API key.

    `state_folder` keeps them over restarts; `port` 0 takes a free one; with `ticking`, things fall due by themselves as
    time passes (tests move the clock instead).
    """

    def __init__(self, state_folder: Path | None = None, port: int = 0, *, ticking: bool = False) -> None:
        super().__init__(state_folder)
        self.ticking = ticking
        self.stopping = threading.Event()
        self.wanted_port = port
        self.server: _Server | None = None
        self.threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        return int(self.server.server_address[1]) if self.server else self.wanted_port

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> "Sandbox":
        """Bind, load the kept accounts, and serve in the background."""
        self.server = _Server((HOST, self.wanted_port), _Handler)
        self.server.sandbox = self
        self.load()
        self._background(self.server.serve_quickly, "sandbox-http")
        if self.ticking:
            self._background(self._tick, "sandbox-clock")
        return self

    def stop(self) -> None:
        """Stop serving and delivering; files are closed."""
        self.stopping.set()
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
        self.deliveries.stop()
        for thread in self.threads:
            thread.join(timeout=5)
        for account in self.accounts.values():
            if account.log is not None:
                account.log.close()

    def _background(self, work: Any, name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _tick(self) -> None:
        while not self.stopping.wait(TICK_SECONDS):
            for account in list(self.accounts.values()):
                try:
                    clock.tick(account)
                except Exception:
                    logger.exception("the clock of an account failed")
                    time.sleep(TICK_SECONDS)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sandbox: Sandbox

    def serve_quickly(self) -> None:
        """Serve until shutdown, which is noticed within a twentieth of a second."""
        self.serve_forever(poll_interval=0.05)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StripeSandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def _serve(self) -> None:
        sandbox = cast("_Server", self.server).sandbox
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            base_url=sandbox.base_url,
        )
        self._send(respond(sandbox, request))

    def _send(self, response: Response) -> None:
        if response.drop:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        logger.debug(format, *args)


def respond(sandbox: Sandbox, request: Request) -> Response:
    """Route a request to the API, the controls or the pages."""
    try:
        if request.path.startswith("/v1/"):
            return api.handle(sandbox, request)
        if request.path.startswith("/_sandbox/"):
            return control.handle(sandbox, request)
        return router.respond(sandbox, request)
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return answer({"error": {"type": "api_error", "message": "The sandbox itself failed; its log says how."}}, 500)
