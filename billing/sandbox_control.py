"""The sandbox's own controls (`/_sandbox/...`): its clock and its next payment. Talks to the offline Stripe alone.

Stripe itself has no such thing: every function raises NotASandbox unless the store is set up for the sandbox with a test key.
"""

from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings

TEST_KEY = "sk_test_"
SECONDS = 30.0


class NotASandbox(Exception):
    """The store speaks to Stripe itself, whose clock nobody moves."""


class NoAnswer(Exception):
    """The sandbox did not answer, or said no; its words are the message."""


@dataclass(frozen=True)
class Clock:
    """Epoch seconds: the sandbox's time, how far it runs ahead of the wall, and when something falls due next (None: never)."""

    now: int
    offset: int
    next_due: int | None


def is_there() -> bool:
    """Whether this store is set up for the sandbox, with a key that cannot move money."""
    return bool(settings.STRIPE_SANDBOX) and str(settings.STRIPE_SECRET_KEY).startswith(TEST_KEY)


def clock() -> Clock:
    return _clock(_ask("GET", "clock"))


def advance_to(epoch: int) -> Clock:
    """Move the sandbox's clock forward, doing what falls due on the way."""
    return _clock(_ask("POST", "clock", {"advance_to": epoch}))


def set_next_payment(outcome: str, *, customer: str | None = None) -> None:
    """Settle how the next payment ends (of one customer, if named): "declined", or another outcome that the sandbox knows."""
    _ask("POST", "next_payment", {"outcome": outcome, "customer": customer})


def name_merchant(name: str) -> None:
    """Say who sells on the sandbox's payment pages."""
    _ask("POST", "settings", {"name": name})


def webhooks_are_delivered() -> bool:
    """Whether no event waits to be sent for the first time."""
    return bool(_ask("POST", "webhooks", {}).get("idle", True))


def _clock(answer: dict[str, Any]) -> Clock:
    return Clock(now=answer["now"], offset=answer["offset"], next_due=answer["next_due"])


def _ask(method: str, control: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    if not is_there():
        raise NotASandbox("The sandbox's controls need the sandbox and a test key; this store has another set-up.")
    try:
        answer = requests.request(
            method,
            f"{settings.STRIPE_API_BASE}/_sandbox/{control}",
            json=body,
            headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"},
            timeout=SECONDS,
        )
    except requests.RequestException as error:
        raise NoAnswer(f"The sandbox did not answer: {error}") from error
    if not answer.ok:
        raise NoAnswer(f"The sandbox refused: {answer.text[:300]}")
    found: dict[str, Any] = answer.json()
    return found
