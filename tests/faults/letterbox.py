"""A mail server that keeps what it is sent, and can hold its "accepted" back while the sender is killed."""

import collections
import email
import socketserver
import threading

SECONDS = 20.0


class Letterbox:
    """SMTP on loopback. `ids` counts deliveries by Message-ID."""

    def __init__(self):
        self.mails = []
        self.held = None
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.letterbox = self
        self.url = f"smtp://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def ids(self):
        return collections.Counter(mail["Message-ID"] for mail in self.mails)

    def hold(self):
        """The next mail is kept, but its sender hears nothing of it."""
        self.held = Held()
        return self.held

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(SECONDS)


class Held:
    def __init__(self):
        self.reached, self.over = threading.Event(), threading.Event()

    def wait(self):
        assert self.reached.wait(SECONDS), "no mail was sent"

    def cut(self):
        self.over.set()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A killed process leaves broken connections: that is what we are here for."""


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 letterbox")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"DATA"):
                self._take()
                continue
            self._say("221 bye" if line.startswith(b"QUIT") else "250 letterbox")
            if line.startswith(b"QUIT"):
                return

    def _take(self):
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        box = self.server.letterbox
        box.mails.append(email.message_from_bytes(b"".join(lines)))
        held, box.held = box.held, None
        if held is not None:
            held.reached.set()
            held.over.wait(SECONDS)
        self._say("250 kept")

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())
