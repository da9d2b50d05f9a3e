"""Deleting a customer ends everything it had."""

from billing.sandbox.calls import Call
from billing.sandbox.engine import customers, renewals, standing
from billing.sandbox.state import Obj


def customer(call: Call) -> Obj:
    """Delete a customer: its subscriptions are canceled at once."""
    tx, identity = call.tx, call.ids["id"]
    tx.follow(identity)
    for subscription in tx.find("subscription", "customer", identity):
        if subscription["status"] not in standing.ENDED:
            renewals.end(tx, subscription["id"], "cancellation_requested")
    return customers.delete(tx, identity)
