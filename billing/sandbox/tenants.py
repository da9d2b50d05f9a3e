"""The accounts of one sandbox: each behind its own API key, and kept over restarts where there is a folder for them."""

import hashlib
import threading
from abc import ABC, abstractmethod
from pathlib import Path

from billing.sandbox import journal
from billing.sandbox.accounts import Account
from billing.sandbox.webhooks import Deliveries


class Tenants(ABC):
    """What the API, the controls and the pages ask of the sandbox: whose a request is."""

    def __init__(self, state_folder: Path | None = None) -> None:
        self.state_folder = state_folder
        self.accounts: dict[str, Account] = {}
        self.lock = threading.Lock()
        self.deliveries = Deliveries()

    @property
    @abstractmethod
    def base_url(self) -> str:
        """Where the sandbox answers: hosted pages and documents are below it."""

    def account(self, name: str) -> Account:
        """The account of this name, made at first sight."""
        with self.lock:
            if name not in self.accounts:
                self.accounts[name] = Account(name, self.base_url, self.deliveries, self._log(name))
            return self.accounts[name]

    def owner(self, kind: str, identity: str) -> Account | None:
        """The account that has this object: pages carry an object's id and no key."""
        for account in list(self.accounts.values()):
            if account.store.get(kind, identity) is not None:
                return account
        return None

    def load(self) -> None:
        """Take up the accounts that the folder keeps."""
        if self.state_folder is None:
            return
        self.state_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(self.state_folder.glob("*.jsonl")):
            name = journal.account_of(path)
            if name is not None:
                self.account(name)

    def _log(self, name: str) -> journal.Journal | None:
        if self.state_folder is None:
            return None
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        return journal.Journal(self.state_folder / f"{digest}.jsonl", name)
