"""What the store tells the product by webhooks: believed if the signature holds, taken once, and kept for the page."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

KEPT = 200


@dataclass(frozen=True)
class Told:
    """One event. `organization` is the product's own id of the company; empty: it is about none."""

    id: str
    kind: str
    organization: str
    at: str
    data: dict[str, Any]


@dataclass
class Ear:
    """`secret` is what the endpoint's webhooks are signed with. Without one nothing is believed."""

    secret: str
    _told: deque[Told] = field(default_factory=lambda: deque(maxlen=KEPT))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, body: bytes, headers: Mapping[str, str]) -> Told | None:
        """The event, if it is news: the same comes again when our answer was lost. Raises WebhookVerificationError."""
        if not self.secret:
            raise WebhookVerificationError("There is no secret.")
        said = Webhook(self.secret).verify(body, dict(headers))
        whose = said["data"].get("organization") or {}
        lowered = {name.lower(): value for name, value in headers.items()}
        told = Told(lowered["webhook-id"], said["type"], whose.get("external_id") or "", said["timestamp"], said["data"])
        with self._lock:
            if any(known.id == told.id for known in self._told):
                return None
            self._told.appendleft(told)
        return told

    def latest(self, organization: str, count: int = 5) -> list[Told]:
        """What was told of a company, the newest first."""
        with self._lock:
            return [told for told in self._told if told.organization == organization][:count]
