"""The past of a demo, made by the sandbox itself: test clocks that start months ago, and its payment page filled in over HTTP.

Only for the sandbox: every function raises billing.sandbox_control.NotASandbox for any other set-up.
"""

from typing import Any

import requests
from django.conf import settings

from billing import sandbox_control
from billing.sandbox_control import NoAnswer, NotASandbox

CARD = "4242424242424242"
SECONDS = 30.0


def new_clock(epoch: int) -> str:
    """A test clock that stands at `epoch`; customers made with it live at its time. Returns its id."""
    return str(_post("/v1/test_helpers/test_clocks", {"frozen_time": epoch})["id"])


def advance_clock(clock: str, epoch: int) -> None:
    """Let everything happen that falls due on the clock up to `epoch`."""
    _post(f"/v1/test_helpers/test_clocks/{clock}/advance", {"frozen_time": epoch})


def release_clock(clock: str) -> None:
    """Let the clock's customers go on in the account's own time, and drop the clock."""
    _post("/_sandbox/test_clocks/release", {"test_clock": clock}, as_json=True)


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


def _post(path: str, fields: dict[str, Any], *, as_json: bool = False) -> dict[str, Any]:
    _refuse_elsewhere()
    try:
        answer = requests.post(
            f"{settings.STRIPE_API_BASE}{path}",
            headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}"},
            timeout=SECONDS,
            json=fields if as_json else None,
            data=None if as_json else fields,
        )
    except requests.RequestException as error:
        raise NoAnswer(f"The sandbox did not answer: {error}") from error
    if not answer.ok:
        raise NoAnswer(f"The sandbox refused: {answer.text[:300]}")
    found: dict[str, Any] = answer.json()
    return found


def _refuse_elsewhere() -> None:
    if not sandbox_control.is_there():
        raise NotASandbox("A past can be made in the sandbox only, with a test key.")
