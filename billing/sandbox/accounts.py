"""An account: everything behind one API key, with its own objects, clock, lock, faults and webhook endpoints."""

import threading
import time
from typing import Any

from billing.sandbox import due, events, faults, journal
from billing.sandbox.holder import Holder
from billing.sandbox.state import Changes, Obj, Store, copy
from billing.sandbox.transactions import Transaction
from billing.sandbox.webhooks import Deliveries

CALLS_KEPT = 20_000


class Account(Holder):
    """One isolated account. Its verbs hold `lock`; only `commit` changes `store`."""

    def __init__(self, name: str, base_url: str, deliveries: Deliveries, log: journal.Journal | None) -> None:
        super().__init__(name, base_url)
        self.deliveries = deliveries
        self.log = log
        self.lock = threading.RLock()
        self.clear()
        if log is not None and log.path.exists():
            log.replay(self.store)
            self._remember()

    def clear(self) -> None:
        """Empty the account: as new."""
        self.store = Store()
        self.due = due.Queue()
        self.faults = faults.Faults()
        self.webhooks = faults.WebhookWeather()
        self.calls: list[Obj] = []
        self.calls_total = 0
        self.in_flight: set[str] = set()
        self.recent: list[float] = []
        self.outcomes = []

    def reset(self) -> None:
        """Empty the account and its file."""
        self.clear()
        if self.log is not None:
            self.log.erase()

    def dump(self) -> Changes:
        """Everything the account holds, oldest first, for `load`: a copy. What waits to be delivered is not in it."""
        tables = self.store.tables.items()
        return {kind: {identity: copy(table.rows[identity]) for _, _, identity in table.order} for kind, table in tables}

    def load(self, state: Changes) -> None:
        """Become the account that was dumped, its time and settings included; no event is sent."""
        self.reset()
        self.write(state)

    def _remember(self) -> None:
        for kind, table in self.store.tables.items():
            self.due.note({kind: dict(table.rows)})

    # Work

    def begin(self, now: int | None = None) -> Transaction:
        return Transaction(self, self.time() if now is None else now, self.store)

    def commit(self, tx: Transaction, request: Obj | None = None) -> None:
        """Make the work real: events, state, file, due things, deliveries."""
        endpoints = [row for row in self.store.newest_first("webhook_endpoint") if row["status"] == "enabled"]
        found = events.of(tx, endpoints, request)
        for event in found:
            tx.rows.put("event", event)
        self.write(tx.rows.changes)
        for event in found:
            self.deliveries.send(self, event, endpoints)

    def write(self, changes: Changes) -> None:
        """Apply changes to the store and append them to the file."""
        if not changes:
            return
        self.store.apply(changes)
        if self.log is not None:
            self.log.append(changes)
            if self.log.is_stale(self.store):
                self.log.compact(self.store)
        self.due.note(changes)

    def save_note(self, name: str, **values: Any) -> None:
        self.write({"_note": {name: {"id": name, **self.note(name), **values}}})

    # Calls

    def record_call(self, method: str, path: str, key: str | None, params: Obj) -> Obj:
        """Count a call; the entry gets its status once answered."""
        self.calls_total += 1
        entry = {"method": method, "path": path, "idempotency_key": key, "params": params, "status": None, "replayed": False}
        self.calls.append(entry)
        del self.calls[:-CALLS_KEPT]
        return entry

    def over_limit(self) -> bool:
        """Whether this call is one too many in its second."""
        limit = self.settings["rate_limit"]
        now = time.monotonic()
        self.recent = [at for at in self.recent if at > now - 1]
        if limit and len(self.recent) >= limit:
            return True
        self.recent.append(now)
        return False
