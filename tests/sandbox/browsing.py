"""A browser without JavaScript for the sandbox's pages, and the cards it types."""

import html
import http.client
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from billing.sandbox.server import Sandbox

CARD = {"action": "pay", "card_expiry": "12/34", "card_cvc": "123", "card_name": "Ada Beispiel", "country": "DE"}
VISA, DECLINED, POOR, SECURE, SECURE_POOR, SECURE_SETUP = (
    "4242 4242 4242 4242",
    "4000 0000 0000 0002",
    "4000 0000 0000 9995",
    "4000 0027 6000 3184",
    "4000 0082 6000 3178",
    "4000 0025 0000 3155",
)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The words on the page."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.body.decode())))

    @property
    def to(self) -> str:
        return self.headers["location"]


@dataclass
class Browser:
    """A client that follows nothing by itself."""

    sandbox: Sandbox
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> Answer:
        return self.send("GET", address, "")

    def post(self, address: str, **form: str) -> Answer:
        return self.send("POST", address, urlencode(form))

    def send(self, method: str, address: str, body: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=10)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, address.removeprefix(self.sandbox.base_url), body, kind | self.headers)
        response = connection.getresponse()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        connection.close()
        return answer
