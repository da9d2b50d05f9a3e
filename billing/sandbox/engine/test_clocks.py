"""Test clocks: a time of its own for some customers."""

from billing.sandbox import clock, errors, paging
from billing.sandbox.accounts import Account
from billing.sandbox.calls import Call
from billing.sandbox.engine import customers, periods
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj

KIND = "test_helpers.test_clock"
LIFETIME_SECONDS = 30 * periods.DAY
# What carries its customer's clock.
OWNED = ("subscription", "subscription_schedule", "invoice", "invoiceitem", "checkout.session", "tax_id")


def create(call: Call) -> Obj:
    tx = call.tx
    row = tx.new(
        KIND,
        frozen_time=int(call.params["frozen_time"]),
        name=call.params.get("name"),
        status="ready",
        deletes_after=tx.now + LIFETIME_SECONDS,
        status_details={"advancing": None},
    )
    tx.add(row)
    tx.emit(f"{KIND}.created", row)
    return row


def advance(call: Call) -> Obj:
    """Move the clock. Every step is committed by itself; the answer comes when all is done, with the status ready."""
    identity, target = call.ids["test_clock"], int(call.params["frozen_time"])
    row = call.tx.need(KIND, identity, "test_clock")
    if target <= row["frozen_time"]:
        raise errors.invalid("Test clocks can only be advanced to a time after their present frozen_time.", "frozen_time")
    clock.advance_test_clock(call.account, identity, target)
    return call.tx.need(KIND, identity)


def retrieve(call: Call) -> Obj:
    return call.tx.need(KIND, call.ids["test_clock"], "test_clock")


def delete(call: Call) -> Obj:
    """Delete a clock, its customers and their subscriptions."""
    tx, identity = call.tx, call.ids["test_clock"]
    row = tx.need(KIND, identity, "test_clock")
    for customer in tx.find("customer", "test_clock", identity):
        for subscription in tx.find("subscription", "customer", customer["id"]):
            tx.rows.remove("subscription", subscription["id"])
        customers.delete(tx, customer["id"])
    tx.rows.remove(KIND, identity)
    tx.emit(f"{KIND}.deleted", row)
    return {"id": identity, "object": KIND, "deleted": True}


def list_all(call: Call) -> Page:
    return paging.listing(call.tx, KIND, call.params, call.url, where={})


def release(account: Account, identity: str) -> int:
    """Let a clock's customers go on in the account's own time: a seeded past joins the present. How many customers it were.

    Stripe has no such thing; the control /_sandbox/test_clocks/release calls it.
    """
    tx = account.begin()
    tx.need(KIND, identity, "test_clock")
    released = [row["id"] for row in tx.find("customer", "test_clock", identity)]
    for customer in released:
        tx.rows.edit("customer", customer)["test_clock"] = None
        for kind in OWNED:
            for row in tx.find(kind, "customer", customer):
                edited = tx.rows.edit(kind, row["id"])
                edited.update({field: None for field in ("test_clock", "_clock") if field in edited})
    tx.rows.remove(KIND, identity)
    account.commit(tx)
    return len(released)
