"""A server that takes webhooks, on loopback: what it answers is a list, what it was sent is kept."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """`answers` are (status, headers, body), the last of them for ever; `taken` are (headers, body) in the order they came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Request)
        self.answers, self.taken = [(204, {}, b"")], []
        self.hanging, self.lock = threading.Event(), threading.Lock()
        self.hangs = False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/hooks?of=acme"

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _body in self.taken]


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.taken.append(({**self.headers, "path": self.path}, body))
        if self.server.hangs:
            self.server.hanging.wait(15)
        with self.server.lock:
            answers = self.server.answers
            status, headers, text = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_args):
        """Nothing."""


@contextmanager
def listening():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hanging.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
