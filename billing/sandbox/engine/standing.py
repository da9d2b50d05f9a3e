"""A subscription's standing: how paid, failed and dropped invoices move its status, and its pending update with it."""

from billing.sandbox.engine import discounts
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction

ENDED = {"canceled", "incomplete_expired"}
# What a pending update holds back until its invoice is paid.
PENDING_FIELDS = (
    "items",
    "billing_cycle_anchor",
    "trial_end",
    "trial_start",
    "status",
    "discounts",
    "_discount_ends",
    "metadata",
    "cancel_at_period_end",
    "cancel_at",
    "_debits",
)

# What a resumption holds back until its invoice is paid.
RESUMED_FIELDS = ("items", "billing_cycle_anchor", "_debits", "discounts")


def subscription_of(tx: Transaction, invoice: Obj) -> Obj | None:
    """The invoice's subscription, for changing."""
    identity = invoice.get("_subscription")
    return tx.edit("subscription", identity) if identity and tx.get("subscription", identity) else None


def is_pending_update(subscription: Obj, invoice: Obj) -> bool:
    """Whether this invoice pays for an update that waits for it."""
    waiting = subscription.get("_pending")
    return bool(waiting and waiting["invoice"] == invoice["id"])


def is_resumption(subscription: Obj, invoice: Obj) -> bool:
    """Whether a paused subscription waits for this invoice to be paid."""
    waiting = subscription.get("_resumption")
    return bool(waiting and waiting["invoice"] == invoice["id"])


def paused(why: str, at: int) -> Obj:
    """What `status_details` says of a pause."""
    return {"paused": {"subscription": {"type": why}, "transitioned_at": at, "type": "subscription"}}


def wake(tx: Transaction, subscription: Obj) -> None:
    """A paused subscription goes on, as it was billed."""
    subscription.update((subscription.pop("_resumption", None) or {}).get("fields", {}), status="active")
    subscription["status_details"] = None
    tx.emit("customer.subscription.resumed", subscription)


def paid(tx: Transaction, invoice: Obj) -> None:
    """What follows for the subscription when one of its invoices is paid."""
    subscription = subscription_of(tx, invoice)
    if subscription is None or subscription["status"] in ENDED:
        return
    if is_pending_update(subscription, invoice):
        apply_pending(tx, subscription)
    if is_resumption(subscription, invoice):
        wake(tx, subscription)
    if subscription["status"] == "incomplete" or (
        subscription["status"] in {"past_due", "unpaid"} and not _owes(tx, subscription)
    ):
        subscription["status"] = "active"
    _delinquency(tx, subscription)


def processing(tx: Transaction, invoice: Obj) -> None:
    """A bank was asked to pay it. A first invoice's subscription is active meanwhile, and one that resumes by an attempt."""
    subscription = subscription_of(tx, invoice)
    if subscription is None or subscription["status"] in ENDED:
        return
    if is_resumption(subscription, invoice) and not subscription["_resumption"]["is_tried"]:
        wake(tx, subscription)
    if subscription["status"] == "incomplete":
        subscription["status"] = "active"


def failed(tx: Transaction, invoice: Obj) -> None:
    """What follows for the subscription when an attempt on one of its invoices fails."""
    subscription = subscription_of(tx, invoice)
    if subscription is None or subscription["status"] in ENDED or is_pending_update(subscription, invoice):
        return
    if is_resumption(subscription, invoice) and not subscription["_resumption"]["is_tried"]:
        wake(tx, subscription)
    if subscription["status"] in {"active", "trialing"}:
        subscription["status"] = "past_due"
    _delinquency(tx, subscription)


def dropped(tx: Transaction, invoice: Obj) -> None:
    """What follows when an invoice is voided or written off."""
    subscription = subscription_of(tx, invoice)
    if subscription is None or subscription["status"] in ENDED:
        return
    if is_pending_update(subscription, invoice):
        forget_pending(subscription)
    if is_resumption(subscription, invoice) and invoice["status"] == "uncollectible":
        wake(tx, subscription)
    elif is_resumption(subscription, invoice):
        subscription.pop("_resumption")
    if subscription["status"] == "incomplete":
        subscription.update(status="incomplete_expired", ended_at=tx.now)
    elif subscription["status"] == "past_due" and not _owes(tx, subscription):
        subscription["status"] = "active"
    _delinquency(tx, subscription)


def _owes(tx: Transaction, subscription: Obj) -> bool:
    """Whether the subscription has an open invoice that was tried in vain, or is overdue."""
    return any(
        invoice["status"] == "open"
        and ((invoice["attempted"] and not invoice.get("_processing")) or invoice.get("_overdue"))
        and not is_pending_update(subscription, invoice)
        for invoice in tx.find("invoice", "_subscription", subscription["id"])
    )


def _delinquency(tx: Transaction, subscription: Obj) -> None:
    owing = subscription["status"] in {"past_due", "unpaid"}
    customer = tx.need("customer", subscription["customer"])
    if not customer.get("deleted") and customer["delinquent"] != owing:
        tx.edit("customer", customer["id"])["delinquent"] = owing


def hold(subscription: Obj, changed: Obj, invoice: str, expires_at: int) -> None:
    """Keep an update back until its invoice is paid: `changed` is the subscription as it would be."""
    kept = {field: copy(changed[field]) for field in PENDING_FIELDS if changed.get(field) != subscription.get(field)}
    subscription["_pending"] = {"invoice": invoice, "fields": kept}
    subscription["pending_update"] = {
        "billing_cycle_anchor": kept.get("billing_cycle_anchor"),
        "cancel_at_period_end": kept.get("cancel_at_period_end"),
        "discount": None,
        "discounts": kept.get("discounts"),
        "expires_at": expires_at,
        "metadata": kept.get("metadata"),
        "subscription_items": copy(kept["items"]["data"]) if "items" in kept else None,
        "trial_end": kept.get("trial_end"),
        "trial_from_plan": None,
    }


def apply_pending(tx: Transaction, subscription: Obj) -> None:
    """The update takes effect."""
    waiting, held = subscription["_pending"], subscription["discounts"]
    subscription.update(waiting["fields"])
    discounts.release(tx, [row for row in held if row not in subscription["discounts"]])
    forget_pending(subscription)
    for item in subscription["items"]["data"]:
        tx.rows.put("_slot", {"id": item["id"], "object": "_slot", "subscription": subscription["id"]})
    if subscription["schedule"]:
        reflect(tx, subscription)
    if not waiting.get("at_once"):
        tx.emit("customer.subscription.pending_update_applied", subscription)


def forget_pending(subscription: Obj) -> None:
    subscription["pending_update"] = None
    subscription.pop("_pending", None)


def reflect(tx: Transaction, subscription: Obj) -> None:
    """A direct change holds to the end of the schedule's present phase, which shows it."""
    schedule = tx.edit("subscription_schedule", subscription["schedule"])
    for phase in schedule["phases"]:
        if schedule["current_phase"] and phase["start_date"] == schedule["current_phase"]["start_date"]:
            phase["items"] = [phase_item(row) for row in subscription["items"]["data"]]


def phase_item(item: Obj) -> Obj:
    """A subscription's item as a schedule's phase shows it."""
    return {
        "billing_thresholds": None,
        "discounts": [{"coupon": None, "discount": row, "promotion_code": None} for row in item["discounts"]],
        "metadata": dict(item["metadata"]),
        "plan": item["price"],
        "price": item["price"],
        "quantity": item["quantity"],
        "tax_rates": list(item["tax_rates"] or []),
    }
