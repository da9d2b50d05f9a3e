"""What a verb of the API gets to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing.sandbox.accounts import Account
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


@dataclass
class Call:
    """One API call: whose it is, its transaction, its checked parameters, the ids from its path."""

    account: Account
    tx: Transaction
    params: dict[str, Any]
    ids: dict[str, str]
    url: str
    # What the answer is rendered from, where that is not the transaction: a preview's own view, which is dropped.
    view: Transaction | None = None


Verb = Callable[[Call], Obj | Page]
