"""Pausing a subscription: at once, with unused time given back as it is asked for; nothing is billed until it is resumed.

As Stripe says it (since 2026-09-30): flexible billing only, not under a schedule, charged automatically. The present period
ends with the pause, and what is given back waits for an invoice unless one is asked for.
"""

from billing.sandbox import errors
from billing.sandbox.calls import Call
from billing.sandbox.engine import changes, proration, renewals, standing
from billing.sandbox.engine import invoice_items as pending
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def pause(call: Call) -> Obj:
    return begin(call.tx, call.ids["id"], call.params)


def begin(tx: Transaction, identity: str, params: Obj) -> Obj:
    """Pause it now; with `invoicing_behavior=invoice` what is given back is on an invoice of its own."""
    subscription = tx.need("subscription", identity)
    tx.follow(subscription["customer"])
    _check(subscription)
    subscription = tx.edit("subscription", identity)
    if subscription["pending_update"]:
        changes.drop_pending(tx, identity)
    wanted = ((params.get("bill_for") or {}).get("unused_time_from") or {}).get("type", "now")
    if wanted != "none":
        _give_back(tx, subscription, from_start=wanted == "item_current_period_start")
    subscription["_debits"] = []
    if params.get("invoicing_behavior") == "invoice":
        renewals.final_invoice(tx, subscription)
    for item in subscription["items"]["data"]:
        item["current_period_end"] = max(tx.now, item["current_period_start"] + 1)
    subscription.update(status="paused", status_details=standing.paused("pause_requested", tx.now))
    tx.emit("customer.subscription.paused", subscription)
    return subscription


def _check(subscription: Obj) -> None:
    if subscription["status"] in standing.ENDED:
        raise errors.missing("subscription", subscription["id"])
    if subscription["schedule"]:
        raise errors.invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}` and can't be paused. "
            "Release the schedule first."
        )
    if subscription["status"] != "active":
        raise errors.invalid(f"Only active subscriptions can be paused; this one is {subscription['status']}.")
    if subscription["collection_method"] != "charge_automatically":
        raise errors.invalid("Only subscriptions with `collection_method=charge_automatically` can be paused.")
    if subscription["billing_mode"]["type"] != "flexible":
        raise errors.invalid("Only subscriptions with `billing_mode[type]=flexible` can be paused.")


def _give_back(tx: Transaction, subscription: Obj, *, from_start: bool) -> None:
    for item in subscription["items"]["data"]:
        at = item["current_period_start"] if from_start else tx.now
        for line in proration.credits_of(tx, subscription, item, at):
            pending.put_aside(tx, subscription["customer"], subscription["id"], line, proration=True)
