"""Changing a subscription: prorations, what is invoiced at once, and updates that wait for their payment."""

from dataclasses import dataclass, field

from billing.sandbox import errors
from billing.sandbox.calls import Call
from billing.sandbox.engine import (
    bank_accounts,
    discounts,
    drafting,
    finalizing,
    invoice_items,
    items,
    one_offs,
    paying,
    proration,
    settling,
    standing,
    subscriptions,
)
from billing.sandbox.objects import assign
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction

PENDING_SECONDS = 23 * 3600
PENDING_ALLOWED = {
    "items",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "billing_cycle_anchor",
    "trial_end",
    "trial_from_plan",
    "cancel_at_period_end",
    "cancel_at",
    "discounts",
    "metadata",
    "off_session",
    "add_invoice_items",
}
MONEY = {"items", "billing_cycle_anchor", "trial_end"}
CANCELLATION = {"cancel_at", "cancel_at_period_end"}


@dataclass
class Bill:
    """What a change bills: prorations wait for an invoice unless there is one `at_once`, which also carries `rows`."""

    prorations: list[Obj] = field(default_factory=list)
    rows: list[Obj] = field(default_factory=list)
    at_once: bool = False


def update(call: Call) -> Obj:
    return change(call.tx, call.ids["id"], call.params)


def change(tx: Transaction, identity: str, params: Obj, *, by_schedule: bool = False) -> Obj:
    """Update a subscription and collect what that bills at once. The subscription afterwards."""
    subscription = tx.need("subscription", identity)
    tx.follow(subscription["customer"])
    _check(subscription, params, by_schedule=by_schedule)
    if MONEY & params.keys() and subscription["pending_update"]:
        drop_pending(tx, identity)
    if params.get("payment_behavior") == "pending_if_incomplete":
        _check_waits(tx, subscription)
        _when_paid(tx, identity, params)
    else:
        invoice = apply(tx, identity, params)
        if invoice is not None and not tx.preview:
            _collect(tx, invoice, params)
    subscription = tx.need("subscription", identity)
    if subscription["schedule"] and not by_schedule and "items" in params:
        standing.reflect(tx, subscription)
    return subscription


def _check(subscription: Obj, params: Obj, *, by_schedule: bool) -> None:
    if subscription["status"] in standing.ENDED and params.keys() - {"metadata", "cancellation_details"}:
        raise errors.invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if subscription["schedule"] and not by_schedule and any(params.get(name) for name in CANCELLATION):
        raise errors.invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead."
        )
    if subscription["status"] == "incomplete" and MONEY & params.keys():
        raise errors.invalid("This subscription cannot be updated until its first invoice is paid.")
    if params.get("payment_behavior") != "pending_if_incomplete":
        return
    refused = sorted(params.keys() - PENDING_ALLOWED)
    if refused:
        raise errors.invalid(f"{refused[0]} cannot be used when payment_behavior is set to pending_if_incomplete.", refused[0])
    if subscription["collection_method"] != "charge_automatically":
        raise errors.invalid(
            "`payment_behavior=pending_if_incomplete` needs `collection_method=charge_automatically`.", "payment_behavior"
        )


def _check_waits(tx: Transaction, subscription: Obj) -> None:
    """A bank answers days later, and an update waits for 23 hours. (The words are the sandbox's own.)"""
    method = paying.default_of(tx, subscription)
    if method is not None and method["type"] in bank_accounts.KINDS and not tx.preview:
        raise errors.invalid(
            f"`payment_behavior=pending_if_incomplete` can't be used with payment methods of type {method['type']}.",
            "payment_behavior",
        )


def apply(tx: Transaction, identity: str, params: Obj) -> Obj | None:
    """Make the change itself; the draft invoice of what it bills at once, or None."""
    subscription = tx.edit("subscription", identity)
    assign(subscription, params)
    subscriptions.settings(tx, subscription, params)
    if CANCELLATION & params.keys():
        subscriptions.cancellation(subscription, params, tx.now)
    bill = _bill(tx, subscription, params)
    for line in bill.prorations:
        item = invoice_items.put_aside(tx, subscription["customer"], identity, line, proration=True)
        for debit in subscription["_debits"]:
            if debit["id"] == line["_debit"]:
                debit["invoice_item"] = item["id"]
    discounts.note_end(tx, subscription)
    one_offs.put_aside(tx, subscription, params.get("add_invoice_items") or [])
    if not bill.at_once:
        return None
    customer = tx.need("customer", subscription["customer"])
    invoice = drafting.draft(
        tx, customer, subscription, bill.rows, reason="subscription_update", currency=subscription["currency"]
    )
    if params.get("proration_date") and invoice["parent"]:
        invoice["parent"]["subscription_details"]["subscription_proration_date"] = int(params["proration_date"])
    return invoice


def _bill(tx: Transaction, subscription: Obj, params: Obj) -> Bill:
    """Change items, anchor and trial; say what that bills."""
    if not MONEY & params.keys():
        return Bill()
    behavior = params.get("proration_behavior", "create_prorations")
    at = _proration_instant(subscription, params, tx.now)
    changes = items.change(tx, subscription, params.get("items") or [])
    trial = params.get("trial_end")
    anchored = (params.get("billing_cycle_anchor") or {}).get("type") == "now" or changes.new_interval
    prorates = behavior != "none" and subscription["status"] != "trialing"
    if trial:
        return _trial(tx, subscription, trial, at, give_back=prorates, changed=changes)
    if subscription["status"] == "trialing":
        return Bill()
    if anchored:
        return _anchor_now(tx, subscription, changes, give_back=prorates)
    bill = Bill()
    if prorates:
        for item in _once([*changes.before, *changes.after]):
            bill.prorations += proration.credits_of(tx, subscription, item, at)
        debits = [proration.debit_of(tx, subscription, item, at) for item in changes.after]
        bill.prorations += [line for line in debits if line is not None]
    bill.at_once = behavior == "always_invoice" and bool(bill.prorations)
    return bill


def _once(rows: list[Obj]) -> list[Obj]:
    return list({row["id"]: row for row in rows}.values())


def _proration_instant(subscription: Obj, params: Obj, now: int) -> int:
    at = params.get("proration_date")
    if at is None:
        return now
    starts = [item["current_period_start"] for item in subscription["items"]["data"]]
    if not max(starts) <= int(at) <= min(subscriptions.period_ends(subscription)):
        raise errors.invalid(
            "The subscription proration date must be within the current period of the subscription.", "proration_date"
        )
    if (params.get("billing_cycle_anchor") or {}).get("type") == "now":
        raise errors.invalid(
            "You cannot pass `proration_date` together with `billing_cycle_anchor[type]=now`.", "proration_date"
        )
    return int(at)


def _credits(tx: Transaction, subscription: Obj, changes: items.Changes, at: int) -> list[Obj]:
    rows = _once([*changes.before, *subscription["items"]["data"]])
    return [line for item in rows for line in proration.credits_of(tx, subscription, item, at)]


def _anchor_now(tx: Transaction, subscription: Obj, changes: items.Changes, *, give_back: bool) -> Bill:
    """Start a new period now: unused time back, a whole period billed at once."""
    given_back = _credits(tx, subscription, changes, tx.now) if give_back else []
    if not give_back:
        subscription["_debits"] = []
    subscription["billing_cycle_anchor"] = tx.now
    for item in subscription["items"]["data"]:
        items.set_period(tx, subscription, item, tx.now)
    rows = [proration.period_line(tx, subscription, item) for item in subscription["items"]["data"]]
    return Bill(given_back, rows, at_once=True)


def _trial(tx: Transaction, subscription: Obj, trial: object, at: int, *, give_back: bool, changed: items.Changes) -> Bill:
    """End a trial now, or begin or move one."""
    if trial == "now":
        if subscription["status"] != "trialing":
            return Bill()
        subscription.update(status="active", trial_end=tx.now)
        return _anchor_now(tx, subscription, changed, give_back=False)
    end = subscriptions.trial_end(tx, {"trial_end": trial})
    given_back = _credits(tx, subscription, changed, at) if give_back else []
    if subscription["status"] != "trialing":
        subscription["trial_start"] = tx.now
    subscription.update(trial_end=end, billing_cycle_anchor=end, status="trialing", _trial_noticed=False)
    for item in subscription["items"]["data"]:
        item.update(current_period_start=tx.now, current_period_end=end)
    rows = [proration.trial_line(tx, subscription, item) for item in subscription["items"]["data"]]
    return Bill(given_back, rows, at_once=True)


def _collect(tx: Transaction, invoice: Obj, params: Obj) -> None:
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "default_incomplete":
        if finalizing.finalize(tx, invoice["id"])["status"] == "open":
            standing.failed(tx, invoice)
        return
    collected = paying.collect(tx, invoice["id"], off_session=params.get("off_session", False))
    if behavior == "error_if_incomplete" and collected["collection_method"] == "charge_automatically":
        paying.refuse_unless_paid(tx, collected)


# Updates that wait for their payment


def _when_paid(tx: Transaction, identity: str, params: Obj) -> None:
    """Make the change beside the subscription; it takes effect with the payment of its invoice."""
    before = copy(tx.need("subscription", identity))
    inner = tx.child()
    invoice = apply(inner, identity, params)
    if invoice is None:
        tx.absorb(inner)
        return
    changed = inner.need("subscription", identity)
    tx.absorb(inner)
    if tx.preview:
        return
    # Nothing is over before the update has taken effect; then it is said.
    tx.events = [event for event in tx.events if event[0] != "customer.discount.deleted"]
    tx.rows.put("subscription", before)
    ends = [*subscriptions.period_ends(before), tx.now + PENDING_SECONDS]
    ends += [before["trial_end"]] if before["status"] == "trialing" else []
    standing.hold(before, changed, invoice["id"], min(ends))
    before["latest_invoice"] = invoice["id"]
    before["_pending"]["at_once"] = True
    paying.collect(tx, invoice["id"], off_session=params.get("off_session", False))
    waiting = tx.edit("subscription", identity).get("_pending")
    if waiting:
        waiting.pop("at_once")


def drop_pending(tx: Transaction, identity: str) -> None:
    """Give up an update that waits for its payment: its invoice is voided."""
    subscription = tx.need("subscription", identity)
    waiting = subscription.get("_pending")
    if waiting is None:
        return
    invoice = tx.need("invoice", waiting["invoice"])
    if invoice["status"] in {"open", "uncollectible"}:
        settling.void(tx, invoice["id"])
    standing.forget_pending(tx.edit("subscription", identity))


def expire_pending(tx: Transaction, identity: str) -> None:
    """The time to pay for an update is over."""
    tx.emit("customer.subscription.pending_update_expired", tx.need("subscription", identity))
    drop_pending(tx, identity)
