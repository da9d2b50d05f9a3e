"""Waking a paused subscription: a new period now, or the rest of the one it would be in, as soon as its invoice is paid.

As Stripe's guide to pausing says it: with `resume_on_payment_success` the request itself tries the default card, the calendar
tries again, and the invoice waits for a year; otherwise nothing is tried, and it waits for 23 hours or for the first attempt,
whose failure makes the subscription past due.
"""

from billing.sandbox import errors
from billing.sandbox.calls import Call
from billing.sandbox.engine import (
    changes,
    drafting,
    finalizing,
    invoice_items,
    items,
    paying,
    periods,
    proration,
    settling,
    standing,
)
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction

# How long a resumption waits to be paid, by whether the request tried.
TRIED_SECONDS, UNTRIED_SECONDS = 365 * 86400, 23 * 3600


def resume(call: Call) -> Obj:
    return begin(call.tx, call.ids["id"], call.params)


def begin(tx: Transaction, identity: str, params: Obj) -> Obj:
    """Resume a subscription; afterwards it is active, or paused until its invoice is paid."""
    subscription = tx.edit("subscription", identity)
    tx.follow(subscription["customer"])
    tries = params.get("payment_behavior") == "resume_on_payment_success"
    _check(tx, subscription, tries=tries)
    if subscription.get("_resumption"):
        settling.void(tx, subscription["_resumption"]["invoice"])
    before = {name: copy(subscription[name]) for name in standing.RESUMED_FIELDS}
    # Billed as an active one; whether it becomes one depends on the payment.
    subscription["status"] = "active"
    if (params.get("billing_cycle_anchor") or {}).get("type") == "unchanged":
        invoice = _rest_of_period(tx, subscription, params)
    else:
        invoice = changes.apply(tx, identity, {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"})
    subscription = tx.edit("subscription", identity)
    if invoice is None or tx.preview:
        standing.wake(tx, subscription)
        return subscription
    _wait(subscription, invoice, before, until=tx.now + (TRIED_SECONDS if tries else UNTRIED_SECONDS))
    subscription["_resumption"]["is_tried"] = tries
    open_invoice = finalizing.finalize(tx, invoice["id"])
    if tries and open_invoice["status"] == "open":
        paying.attempt(tx, invoice["id"], off_session=False, automatic=True)
    return tx.need("subscription", identity)


def _check(tx: Transaction, subscription: Obj, *, tries: bool) -> None:
    if subscription["status"] != "paused":
        raise errors.invalid("This subscription is not paused and can't be resumed.")
    if subscription["collection_method"] != "charge_automatically":
        raise errors.invalid("Only subscriptions with `collection_method=charge_automatically` can be resumed.")
    if tries and not tx.preview and not paying.has_method(tx, tx.need("customer", subscription["customer"]), subscription):
        raise errors.invalid("This customer has no attached payment source or default payment method.", code="resource_missing")


def _wait(subscription: Obj, invoice: Obj, before: Obj, *, until: int) -> None:
    """Keep what it will be until the invoice is paid."""
    coming = {name: subscription[name] for name in before}
    subscription.update(before, status="paused")
    subscription["_resumption"] = {"invoice": invoice["id"], "expires_at": until, "fields": coming}


def _rest_of_period(tx: Transaction, subscription: Obj, params: Obj) -> Obj | None:
    """Put the items into the period around now and bill what is left of it."""
    at, made = int(params.get("proration_date") or tx.now), []
    subscription["_debits"] = []
    for item in subscription["items"]["data"]:
        step, count = items.interval(tx, item)
        anchor = subscription["billing_cycle_anchor"]
        end = periods.end_of(anchor, step, count, tx.now)
        item.update(current_period_start=_start_of(anchor, step, count, end), current_period_end=end)
        line = proration.debit_of(tx, subscription, item, at) if params.get("proration_behavior") != "none" else None
        made += [line] if line else []
    for line in made:
        invoice_items.put_aside(tx, subscription["customer"], subscription["id"], line, proration=True)
    if not made or params.get("proration_behavior", "create_prorations") != "always_invoice":
        return None
    customer = tx.need("customer", subscription["customer"])
    return drafting.draft(tx, customer, subscription, [], reason="subscription_update", currency=subscription["currency"])


def _start_of(anchor: int, step: str, count: int, end: int) -> int:
    """The start of the period that ends then."""
    steps = 0
    while periods.after(anchor, step, count, steps) < end:
        steps += 1
    return periods.after(anchor, step, count, steps - 1)


def expire(tx: Transaction, identity: str) -> None:
    """Nobody paid for the resumption in time: its invoice is void, the subscription stays paused."""
    settling.void(tx, tx.need("subscription", identity)["_resumption"]["invoice"])
