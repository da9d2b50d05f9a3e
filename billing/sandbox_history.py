"""The past of a demo, made by the sandbox itself: test clocks that start months ago, and its payment page filled in over HTTP.

Only for the sandbox: every function raises billing.sandbox_control.NotASandbox for any other set-up.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from django.conf import settings
from django.test.utils import override_settings

from billing import gateway, sandbox_control
from billing.sandbox_control import NoAnswer, NotASandbox

CARD = "4242424242424242"
SECONDS = 30.0

State = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""An account as the sandbox keeps it: {type: {id: object}}, with notes of its own."""

# What a customer's history refers to and doesn't bring along: it is the same in every account of one catalog.
CATALOG = frozenset({"product", "price", "coupon", "promotion_code", "tax_rate"})
# What belongs to the account that the history was lived in.
OWN = frozenset({"_note", "_idempotency", "event", "webhook_endpoint", "test_helpers.test_clock"})


@contextlib.contextmanager
def elsewhere(address: str, key: str) -> Iterator[None]:
    """Within, this process speaks to another account: a sandbox at `address`, with a test key. For one thread alone."""
    _refuse_elsewhere()
    with override_settings(STRIPE_API_BASE=address, STRIPE_SECRET_KEY=key, STRIPE_REQUESTS_PER_SECOND=0):
        gateway.forget_client()
        try:
            _refuse_elsewhere()
            yield
        finally:
            gateway.forget_client()
    gateway.forget_client()


def catalog() -> State:
    """What is sold, as the account has it."""
    return {kind: rows for kind, rows in _state().items() if kind in CATALOG}


def become(state: State) -> None:
    """Make the account this, and nothing else."""
    _ask("PUT", "/_sandbox/account", json={"state": state})


def lived() -> State:
    """What customers brought about in the account, without the catalog, events and clocks."""
    return {kind: rows for kind, rows in _state().items() if kind not in CATALOG | OWN}


def add(state: State, *, from_address: str) -> int:
    """Add what was lived in the account at `from_address`; what is there already stays. No event is sent. How much was new."""
    moved = json.dumps({"state": state}).replace(from_address, settings.STRIPE_API_BASE)
    return int(_ask("PATCH", "/_sandbox/account", data=moved)["added"])


def new_clock(epoch: int) -> str:
    """A test clock that stands at `epoch`; customers made with it live at its time. Returns its id."""
    return str(_ask("POST", "/v1/test_helpers/test_clocks", data={"frozen_time": epoch})["id"])


def advance_clock(clock: str, epoch: int) -> None:
    """Let everything happen that falls due on the clock up to `epoch`."""
    _ask("POST", f"/v1/test_helpers/test_clocks/{clock}/advance", data={"frozen_time": epoch})


def release_clock(clock: str) -> None:
    """Let the clock's customers go on in the account's own time, and drop the clock."""
    _ask("POST", "/_sandbox/test_clocks/release", json={"test_clock": clock})


def pay(url: str, *, name: str, email: str, country: str, number: str = CARD) -> None:
    """Fill in the hosted payment page at `url` as a buyer does. Raises NoAnswer when it does not lead on."""
    form = {
        "action": "pay",
        "card_number": number,
        "card_expiry": "12/34",
        "card_cvc": "123",
        "card_name": name,
        "email": email,
        "country": country,
    }
    _refuse_elsewhere()
    answer = requests.post(url, data=form, timeout=SECONDS, allow_redirects=False)
    if answer.status_code not in (302, 303) or settings.STORE_URL not in answer.headers.get("Location", ""):
        raise NoAnswer(f"The payment page did not lead back to the store (status {answer.status_code}).")


def _state() -> State:
    found: State = _ask("GET", "/_sandbox/account")["state"]
    return found


def _ask(method: str, path: str, **body: Any) -> dict[str, Any]:
    _refuse_elsewhere()
    headers = {"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"}
    try:
        answer = requests.request(method, f"{settings.STRIPE_API_BASE}{path}", headers=headers, timeout=SECONDS, **body)
    except requests.RequestException as error:
        raise NoAnswer(f"The sandbox did not answer: {error}") from error
    if not answer.ok:
        raise NoAnswer(f"The sandbox refused: {answer.text[:300]}")
    found: dict[str, Any] = answer.json()
    return found


def _refuse_elsewhere() -> None:
    if not sandbox_control.is_there():
        raise NotASandbox("A past can be made in the sandbox only, with a test key.")
