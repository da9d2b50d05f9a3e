"""Checkout sessions that end without a purchase, and challenges that nobody answers any more."""

from billing.sandbox.engine import payments
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def expire(tx: Transaction, identity: str) -> Obj:
    """Close an open session."""
    row = tx.edit("checkout.session", identity)
    row.update(status="expired", url=None)
    drop_challenge(tx, row)
    tx.emit("checkout.session.expired", row)
    return row


def expire_due(tx: Transaction, identity: str) -> None:
    expire(tx, identity)


def drop_challenge(tx: Transaction, row: Obj) -> None:
    """Forget the bank's question of this session, if one waits."""
    old = tx.get("payment_intent", row.get("_intent"))
    if old and old["status"] == payments.REQUIRES_ACTION:
        tx.rows.remove("payment_intent", old["id"])
        tx.baselines.pop(("payment_intent", old["id"]), None)
    row["_intent"] = row["_entry"] = None
