"""What a subscription does by itself: it renews, its trial ends, it ends."""

from billing.sandbox import errors
from billing.sandbox.calls import Call
from billing.sandbox.engine import (
    changes,
    drafting,
    dunning,
    finalizing,
    invoice_items,
    items,
    paying,
    periods,
    proration,
    settling,
    standing,
    subscriptions,
)
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def renew(tx: Transaction, identity: str) -> Obj:
    """Begin the next period of the items whose period is over; the draft invoice that bills it."""
    subscription = tx.edit("subscription", identity)
    due = [item for item in subscription["items"]["data"] if item["current_period_end"] <= tx.now]
    proration.forget_past(subscription, tx.now)
    before = min(item["current_period_start"] for item in due)
    for item in due:
        _next_period(tx, subscription, item)
    rows = [proration.period_line(tx, subscription, item) for item in due]
    return _draft(tx, subscription, rows, before)


def _next_period(tx: Transaction, subscription: Obj, item: Obj) -> None:
    """The period after the present one. A price of another interval counts from now on."""
    start = item["current_period_end"]
    step, count = items.interval(tx, item)
    anchor = subscription["billing_cycle_anchor"]
    if periods.end_of(anchor, step, count, start - 1) != start and anchor != start and len(subscription["items"]["data"]) == 1:
        subscription["billing_cycle_anchor"] = start
    items.set_period(tx, subscription, item, start)


def _draft(tx: Transaction, subscription: Obj, rows: list[Obj], before: int) -> Obj:
    customer = tx.need("customer", subscription["customer"])
    idle = subscription["status"] == "unpaid" or bool(subscription["pause_collection"])
    return drafting.draft(
        tx,
        customer,
        subscription,
        rows,
        reason="subscription_cycle",
        currency=subscription["currency"],
        period_start=before,
        period_end=tx.now,
        auto_advance=not idle,
        automatically_finalizes_at=None if idle else tx.now + drafting.FINALIZED_AFTER_SECONDS,
    )


def end_trial(tx: Transaction, identity: str) -> None:
    """Bill the first period after a trial, or end the subscription where a card was asked for and is missing."""
    subscription = tx.edit("subscription", identity)
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    customer = tx.need("customer", subscription["customer"])
    # A preview shows the first charge, as it will be once a card is there.
    missing = not tx.preview and not paying.has_method(tx, customer, subscription)
    if behavior != "create_invoice" and missing:
        if behavior == "cancel":
            end(tx, identity)
        else:
            subscription.update(status="paused", status_details=standing.paused("trial_end_without_payment_method", tx.now))
            tx.emit("customer.subscription.paused", subscription)
        return
    subscription["status"] = "active"
    renew(tx, identity)


def notice_trial(tx: Transaction, identity: str) -> None:
    subscription = tx.edit("subscription", identity)
    subscription["_trial_noticed"] = True
    tx.emit("customer.subscription.trial_will_end", subscription)


# Endings


def end(tx: Transaction, identity: str, reason: str | None = None) -> Obj:
    """End a subscription now. What it still owes stays open, but nothing tries to collect it any more."""
    subscription = tx.edit("subscription", identity)
    if subscription["pending_update"]:
        changes.drop_pending(tx, identity)
    if subscription["status"] == "incomplete":
        subscriptions.cancel_intents(tx, subscription)
    subscription.update(
        status="canceled", ended_at=tx.now, canceled_at=subscription["canceled_at"] or tx.now, status_details=None
    )
    if reason:
        subscription["cancellation_details"] = {**subscription["cancellation_details"], "reason": reason}
    for invoice in tx.find("invoice", "_subscription", identity):
        if invoice["status"] in {"open", "draft"}:
            stopped = tx.edit("invoice", invoice["id"])
            stopped.update(auto_advance=False, next_payment_attempt=None, automatically_finalizes_at=None)
    schedule = subscription["schedule"]
    if schedule:
        tx.edit("subscription_schedule", schedule).update(status="canceled", canceled_at=tx.now, current_phase=None)
        tx.emit("subscription_schedule.canceled", tx.need("subscription_schedule", schedule))
    tx.emit("customer.subscription.deleted", subscription)
    # The deletion says it all: no further update event for the same change.
    tx.baselines.pop(("subscription", identity), None)
    return subscription


def cancel(call: Call) -> Obj:
    return cancel_now(call.tx, call.ids["id"], call.params)


def cancel_now(tx: Transaction, identity: str, params: Obj) -> Obj:
    """The API's cancel: with `prorate` unused time is credited, with `invoice_now` it is billed at once."""
    subscription = tx.need("subscription", identity)
    tx.follow(subscription["customer"])
    if subscription["status"] in standing.ENDED:
        raise errors.missing("subscription", identity)
    subscription = tx.edit("subscription", identity)
    if params.get("prorate") and subscription["status"] != "trialing":
        _credit_all(tx, subscription)
    details = params.get("cancellation_details") or {}
    subscription["cancellation_details"] = {**subscription["cancellation_details"], **details}
    if params.get("invoice_now"):
        final_invoice(tx, subscription)
    return end(tx, identity, "cancellation_requested")


def _credit_all(tx: Transaction, subscription: Obj) -> None:
    for item in subscription["items"]["data"]:
        for line in proration.credits_of(tx, subscription, item, tx.now):
            invoice_items.put_aside(tx, subscription["customer"], subscription["id"], line, proration=True)


def final_invoice(tx: Transaction, subscription: Obj) -> None:
    currency, customer = subscription["currency"], tx.need("customer", subscription["customer"])
    if not invoice_items.pending(tx, customer["id"], subscription["id"], currency):
        return
    invoice = drafting.draft(tx, customer, subscription, [], reason="subscription_update", currency=currency)
    if not tx.preview:
        paying.collect(tx, invoice["id"], off_session=True)


def cancel_due(tx: Transaction, identity: str) -> None:
    """A cancellation that was set for this instant."""
    subscription = tx.edit("subscription", identity)
    if subscription.get("_cancel_prorates") in {"create_prorations", "always_invoice"} and subscription["status"] != "trialing":
        _credit_all(tx, subscription)
        if subscription["_cancel_prorates"] == "always_invoice":
            final_invoice(tx, subscription)
    end(tx, identity)


def expire_incomplete(tx: Transaction, identity: str) -> None:
    """The first invoice was not paid within its 23 hours."""
    subscription = tx.edit("subscription", identity)
    subscription.update(status="incomplete_expired", ended_at=tx.now)
    subscriptions.cancel_intents(tx, subscription)


# Invoices by the clock


def finalize_due(tx: Transaction, identity: str) -> None:
    """A draft's hour is over: it is finalized and charged."""
    invoice = tx.need("invoice", identity)
    subscription = tx.get("subscription", invoice["_subscription"])
    if subscription and subscription["pause_collection"]:
        _paused(tx, identity, subscription["pause_collection"]["behavior"])
        return
    paying.collect(tx, identity, off_session=True, automatic=True)
    _settle(tx, identity)


def _paused(tx: Transaction, identity: str, behavior: str) -> None:
    if behavior == "keep_as_draft":
        tx.edit("invoice", identity)["automatically_finalizes_at"] = None
        return
    if finalizing.finalize(tx, identity)["status"] == "open":
        (settling.void if behavior == "void" else settling.write_off)(tx, identity)


def retry(tx: Transaction, identity: str) -> None:
    """A failed payment is tried again."""
    paying.attempt(tx, identity, off_session=True, automatic=True)
    _settle(tx, identity)


def _settle(tx: Transaction, identity: str) -> None:
    """After the last retry the account's setting decides about the subscription."""
    invoice = tx.need("invoice", identity)
    if not dunning.exhausted(invoice) or not invoice["_subscription"]:
        return
    outcome = tx.account.settings["after_retries"]
    subscription = tx.need("subscription", invoice["_subscription"])
    if outcome == "canceled" and subscription["status"] not in standing.ENDED:
        end(tx, subscription["id"], "payment_failed")
    elif outcome == "unpaid" and subscription["status"] not in standing.ENDED:
        tx.edit("subscription", subscription["id"])["status"] = "unpaid"


def notice_due(tx: Transaction, identity: str) -> None:
    """An invoice sent to the customer is to be paid soon."""
    invoice = tx.edit("invoice", identity)
    invoice["_due_noticed"] = True
    if invoice["due_date"] > tx.now:
        tx.emit("invoice.will_be_due", invoice)


def overdue(tx: Transaction, identity: str) -> None:
    """An invoice sent to the customer was not paid by its date."""
    invoice = tx.edit("invoice", identity)
    invoice["_overdue"] = True
    standing.failed(tx, invoice)
    tx.emit("invoice.overdue", invoice)
