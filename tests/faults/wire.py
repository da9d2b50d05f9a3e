"""The line between the store and Stripe: passes every request on, and can hold one, or its answer, while a process is killed.

hold = line.hold("POST", "/v1/subscriptions/sub_1", at=wire.ANSWER)
hold.wait()      # Stripe has done it, and nobody knows
"""

import http.client
import http.server
import json
import threading
import urllib.parse
from dataclasses import dataclass, field

REQUEST, ANSWER = "request", "answer"
SECONDS = 20.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Hold:
    """The next request of this method and path (whose body `says` this) stops: before Stripe hears it, or its answer leaves."""

    method: str
    path: str
    at: str
    says: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    goes_on: bool = False
    body: bytes = b""

    def wait(self):
        """Until a request has come here; what Stripe answered, if it was asked."""
        assert self.reached.wait(SECONDS), f"nobody sent {self.method} {self.path}"
        return json.loads(self.body) if self.body else None

    def let_go(self):
        self.goes_on = True
        self.over.set()

    def cut(self):
        """The connection ends here: what was held goes nowhere."""
        self.over.set()

    def stop(self, body=b""):
        """On the line's thread: stay here. Whether to go on."""
        self.body = body
        self.reached.set()
        self.over.wait(SECONDS)
        return self.goes_on


class Line:
    """A server on loopback in front of `address`, the sandbox's."""

    def __init__(self, address):
        self.target = urllib.parse.urlsplit(address).netloc
        self.holds = []
        self.lock = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.line = self
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def hold(self, method, path, *, at, says=""):
        made = Hold(method, path, at, says)
        with self.lock:
            self.holds.append(made)
        return made

    def take(self, method, path, at, body):
        with self.lock:
            fits = (one for one in self.holds if (one.method, one.path, one.at) == (method, path, at))
            found = next((one for one in fits if one.says.encode() in body), None)
            if found is not None:
                self.holds.remove(found)
        return found

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(SECONDS)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A killed process leaves broken connections: that is what we are here for."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass_on(self):
        line, path = self.server.line, self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if (hold := line.take(self.command, path, REQUEST, body)) and not hold.stop():
            self.close_connection = True
            return
        status, headers, answer = self._ask(body)
        if (hold := line.take(self.command, path, ANSWER, body)) and not hold.stop(answer):
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = _pass_on  # noqa: N815 - the names that http.server looks for

    def _ask(self, body):
        there = http.client.HTTPConnection(self.server.line.target, timeout=SECONDS)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            there.request(self.command, self.path, body or None, headers)
            answer = there.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            there.close()

    def log_message(self, *_args):
        """Silent."""
