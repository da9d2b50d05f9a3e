"""What an account is and holds, without the work on it: its transactions and deliveries know no more of it than this."""

import time
from typing import Any

from billing.sandbox import faults
from billing.sandbox.state import Obj, Store

DEFAULT_SETTINGS: dict[str, Any] = {
    # Days after the first failed attempt at which an invoice is tried again.
    "retry_days": [3, 5, 7],
    # What becomes of a subscription when the last retry has failed: canceled, unpaid or past_due.
    "after_retries": "past_due",
    "name": "Sandbox",
    "country": "US",
    # Calls a second before the API answers 429; None for no limit (a real Stripe sandbox allows 25).
    "rate_limit": None,
    # Seconds until a tax id is checked, and what comes of it.
    "tax_id_seconds": 10,
    "tax_id_result": "verified",
    # Working days until a bank has answered a debit.
    "debit_days": {"sepa_debit": 5, "us_bank_account": 4},
}


class Holder:
    """Name, address, committed objects, and the notes beside them."""

    def __init__(self, name: str, base_url: str) -> None:
        self.name = name
        self.base_url = base_url
        self.store = Store()
        self.webhooks = faults.WebhookWeather()
        self.outcomes: list[Obj] = []

    # Notes of the account itself, kept beside its objects so that they survive a restart

    def note(self, name: str) -> Obj:
        return self.store.get("_note", name) or {}

    @property
    def settings(self) -> Obj:
        return {**DEFAULT_SETTINGS, **self.note("settings").get("values", {})}

    @property
    def offset(self) -> int:
        """Seconds by which the account's time runs ahead of the wall's."""
        return int(self.note("clock").get("offset", 0))

    def time(self) -> int:
        return int(time.time()) + self.offset
