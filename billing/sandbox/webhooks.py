"""Deliveries: signed, in the background, several at a time, tried again with a doubling wait for three days."""

import hashlib
import heapq
import hmac
import http.client
import json
import logging
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

from billing.sandbox import events
from billing.sandbox.holder import Holder
from billing.sandbox.state import Obj

logger = logging.getLogger(__name__)

WORKERS = 8
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 3600.0
KEEP_TRYING_SECONDS = 3 * 86400
TIMEOUT_SECONDS = 20


@dataclass(order=True)
class Delivery:
    """One event on its way to one endpoint."""

    at: float
    number: int
    account: Holder = field(compare=False)
    event: Obj = field(compare=False)
    endpoint: Obj = field(compare=False)
    # Made once: a repeated delivery is the same to the byte.
    body: bytes = field(compare=False)
    attempt: int = field(default=0, compare=False)
    started: float = field(default=0.0, compare=False)


def signature(secret: str, payload: bytes, at: int) -> str:
    """The `Stripe-Signature` header."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def encode(event: Obj) -> bytes:
    """An event as it is sent."""
    return json.dumps(event, separators=(",", ":")).encode()


class Deliveries:
    """The post office of a whole sandbox. Threads start with the first delivery."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.heap: list[Delivery] = []
        self.number = 0
        self.underway = 0
        self.stopped = False
        self.workers: list[threading.Thread] = []

    def send(self, account: Holder, event: Obj, endpoints: list[Obj]) -> None:
        """Post an event to the endpoints that subscribe to it."""
        weather = account.webhooks
        body = encode(event)
        for endpoint in endpoints:
            if not events.subscribes(endpoint, event["type"]):
                continue
            if weather.withhold:
                weather.held.append((event, endpoint))
                continue
            for _ in range(weather.copies()):
                self._post(Delivery(weather.wait(), 0, account, event, endpoint, body))

    def release(self, account: Holder) -> int:
        """Send what was held back, shuffled if so set."""
        weather = account.webhooks
        held, weather.held = weather.held, []
        if weather.shuffle:
            weather.chance.shuffle(held)
        for event, endpoint in held:
            for _ in range(weather.copies()):
                self._post(Delivery(weather.wait(), 0, account, event, endpoint, encode(event)))
        return len(held)

    def idle(self) -> bool:
        """Whether nothing is waiting to be sent for the first time, nor underway."""
        with self.condition:
            return not self.underway and not any(delivery.attempt == 0 for delivery in self.heap)

    def stop(self) -> None:
        with self.condition:
            self.stopped = True
            self.heap.clear()
            self.condition.notify_all()
        for worker in self.workers:
            worker.join(timeout=2)

    def forget(self, account: Holder) -> None:
        """Drop what is still to be sent for an account."""
        with self.condition:
            self.heap = [delivery for delivery in self.heap if delivery.account is not account]
            heapq.heapify(self.heap)

    def _post(self, delivery: Delivery) -> None:
        """Queue a delivery; its `at` is the seconds it waits first."""
        with self.condition:
            if self.stopped:
                return
            self.number += 1
            delivery.started = time.monotonic()
            delivery.at, delivery.number = delivery.at + delivery.started, self.number
            heapq.heappush(self.heap, delivery)
            if len(self.workers) < WORKERS:
                worker = threading.Thread(target=self._work, name=f"sandbox-webhooks-{len(self.workers)}", daemon=True)
                self.workers.append(worker)
                worker.start()
            self.condition.notify()

    def _work(self) -> None:
        while True:
            delivery = self._next()
            if delivery is None:
                return
            try:
                status = deliver(delivery)
            except (OSError, http.client.HTTPException) as error:
                logger.info("webhook %s was not delivered: %s", delivery.event["id"], error)
                status = 0
            self._settle(delivery, status)

    def _next(self) -> Delivery | None:
        with self.condition:
            while not self.stopped:
                wait = self.heap[0].at - time.monotonic() if self.heap else None
                if wait is not None and wait <= 0:
                    self.underway += 1
                    return heapq.heappop(self.heap)
                self.condition.wait(wait)
            return None

    def _settle(self, delivery: Delivery, status: int) -> None:
        with self.condition:
            self.underway -= 1
            if 200 <= status < 300:
                delivery.event["pending_webhooks"] = max(0, delivery.event["pending_webhooks"] - 1)
                return
            wait = min(FIRST_WAIT_SECONDS * 2**delivery.attempt, LONGEST_WAIT_SECONDS)
            delivery.attempt += 1
            delivery.at = time.monotonic() + wait
            if not self.stopped and delivery.at - delivery.started < KEEP_TRYING_SECONDS:
                heapq.heappush(self.heap, delivery)
                self.condition.notify()


def deliver(delivery: Delivery) -> int:
    """Send one event; the status of the answer. Signatures carry the wall's time, whatever the sandbox's clock says."""
    endpoint = delivery.account.store.get("webhook_endpoint", delivery.endpoint["id"])
    if endpoint is None or endpoint["status"] != "enabled":
        return 200
    address = urllib.parse.urlsplit(endpoint["url"])
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (sandbox)",
        "Stripe-Signature": signature(endpoint["_secret"], delivery.body, int(time.time())),
    }
    try:
        connection.request("POST", address.path + (f"?{address.query}" if address.query else ""), delivery.body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
