"""Subscriptions: creating, reading, listing."""

from fractions import Fraction
from typing import Any

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import (
    automatic_tax,
    discounts,
    drafting,
    finalizing,
    items,
    one_offs,
    paying,
    periods,
    proration,
    settling,
    standing,
    tax_rates,
)
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def create(call: Call) -> Obj:
    return new(call.tx, call.params)


def new(
    tx: Transaction, params: Obj, *, method: str | None = None, authenticated: bool = False, off_session: bool = False
) -> Obj:
    """Create a subscription and collect its first invoice. `method` is charged on session, as Checkout does."""
    customer = tx.live_customer(params.get("customer", ""))
    subscription = _blank(tx, customer, params)
    if method:
        subscription["default_payment_method"] = method
    _check_currency(tx, customer, subscription)
    rows = _first_lines(tx, subscription, params)
    tx.add(subscription)
    one_offs.put_aside(tx, subscription, params.get("add_invoice_items") or [])
    invoice = drafting.draft(tx, customer, subscription, rows, reason="subscription_create", currency=subscription["currency"])
    subscription = tx.edit("subscription", subscription["id"])
    if not tx.preview:
        _check_method_there(tx, customer, subscription, params, owed=invoice["amount_due"])
        _collect(
            tx, subscription, invoice, params, authenticated=authenticated, off_session=params.get("off_session", off_session)
        )
    return tx.need("subscription", subscription["id"])


def _blank(tx: Transaction, customer: Obj, params: Obj) -> Obj:
    given = params.get("items")
    if not given:
        raise errors.invalid("Missing required param: items.", "items", "parameter_missing")
    anchor = int(params.get("backdate_start_date") or tx.now)
    mode = params.get("billing_mode") or {}
    flexible = {"proration_discounts": "included"} | (mode.get("flexible") or {})
    subscription = tx.new(
        "subscription",
        customer=customer["id"],
        status="incomplete",
        billing_cycle_anchor=anchor,
        start_date=anchor,
        billing_mode={"type": mode.get("type", "flexible"), "flexible": flexible, "updated_at": None},
        cancel_at_period_end=False,
        collection_method=params.get("collection_method", "charge_automatically"),
        test_clock=customer.get("test_clock"),
        cancellation_details={"comment": None, "feedback": None, "feedback_option": None, "reason": None},
        default_tax_rates=[],
        payment_settings={"payment_method_options": None, "payment_method_types": None, "save_default_payment_method": "off"},
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice", "billing_cycle_anchor": None}},
        _debits=[],
    )
    subscription["invoice_settings"]["issuer"] = {"type": "self", "account": None}
    rows = [items.new(tx, subscription, entry, index) for index, entry in enumerate(given)]
    subscription["items"] = {
        "object": "list",
        "data": rows,
        "has_more": False,
        "total_count": len(rows),
        "url": f"/v1/subscription_items?subscription={subscription['id']}",
    }
    subscription["currency"] = tx.need("price", rows[0]["price"])["currency"]
    items.check(tx, subscription, rows)
    settings(tx, subscription, params)
    discounts.note_end(tx, subscription)
    return subscription


def settings(tx: Transaction, subscription: Obj, params: Obj) -> None:
    """Set what moves no money."""
    assign(subscription, params, "description", "days_until_due", "default_payment_method", "pause_collection")
    _check_method(tx, subscription, params.get("default_payment_method"))
    _tax_settings(tx, subscription, params)
    if "discounts" in params and params["discounts"] != []:
        holder = discounts.Holder(
            customer=subscription["customer"],
            currency=subscription["currency"],
            amount=items.worth(tx, subscription),
            subscription=subscription["id"],
        )
        discounts.replace(tx, subscription, params["discounts"], holder)
    for name in ("payment_settings", "invoice_settings"):
        if params.get(name):
            subscription[name] = {**subscription[name], **params[name]}
    if params.get("trial_settings"):
        end = {**subscription["trial_settings"]["end_behavior"], **params["trial_settings"]["end_behavior"]}
        subscription["trial_settings"] = {"end_behavior": end}
    if params.get("collection_method"):
        subscription["collection_method"] = params["collection_method"]
    if subscription["collection_method"] == "send_invoice" and not subscription["days_until_due"]:
        raise errors.invalid(
            "When `collection_method` is `send_invoice`, you must also set `days_until_due`.",
            "days_until_due",
            "parameter_missing",
        )
    if params.get("cancellation_details"):
        subscription["cancellation_details"] = {**subscription["cancellation_details"], **params["cancellation_details"]}


def _tax_settings(tx: Transaction, subscription: Obj, params: Obj) -> None:
    """Rates made by hand, or automatic tax: one or the other."""
    if "default_tax_rates" in params:
        kept = subscription["default_tax_rates"]
        subscription["default_tax_rates"] = tax_rates.named(tx, params["default_tax_rates"], "default_tax_rates", kept)
    if "automatic_tax" in params:
        subscription["automatic_tax"] = automatic_tax.setting(params["automatic_tax"])
    if not subscription["automatic_tax"]["enabled"]:
        return
    manual = [item for item in subscription["items"]["data"] if item["tax_rates"]]
    if subscription["default_tax_rates"] or manual:
        raise errors.invalid("You cannot use tax rates together with automatic tax.", "automatic_tax")
    if "automatic_tax" in params:
        method = tx.get("payment_method", subscription["default_payment_method"])
        automatic_tax.check(tx, tx.need("customer", subscription["customer"]), method)


def _check_method(tx: Transaction, subscription: Obj, identity: str | None) -> None:
    if not identity:
        return
    method = tx.need("payment_method", identity, "default_payment_method")
    if method["customer"] != subscription["customer"]:
        raise errors.invalid(
            f"The customer does not have a payment method with the ID {identity}. The payment method must be attached to the "
            "customer.",
            "default_payment_method",
            "resource_missing",
        )


def _check_currency(tx: Transaction, customer: Obj, subscription: Obj) -> None:
    for other in tx.find("subscription", "customer", customer["id"]):
        if other["status"] not in standing.ENDED and other["currency"] != subscription["currency"]:
            raise errors.invalid(
                "You cannot combine currencies on a single customer. This customer has an active subscription, subscription "
                f"schedule, discount, quote, or invoice item with currency {other['currency']}."
            )


def _check_method_there(tx: Transaction, customer: Obj, subscription: Obj, params: Obj, *, owed: int) -> None:
    """Whoever is to be charged at once needs a card. Nobody does for a trial, or where discounts and credit leave nothing."""
    waits = params.get("payment_behavior") == "default_incomplete" or not owed
    automatic = subscription["collection_method"] == "charge_automatically"
    if automatic and not waits and not paying.has_method(tx, customer, subscription):
        raise errors.invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a default payment "
            "method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting.",
            code="resource_missing",
        )


def _first_lines(tx: Transaction, subscription: Obj, params: Obj) -> list[Obj]:
    """The first periods and the lines that bill them."""
    trial = trial_end(tx, params)
    rows = subscription["items"]["data"]
    if trial is not None:
        subscription.update(trial_start=tx.now, trial_end=trial, billing_cycle_anchor=trial, status="trialing")
        for item in rows:
            item.update(current_period_start=tx.now, current_period_end=trial)
        made = [proration.trial_line(tx, subscription, item) for item in rows]
    elif params.get("billing_cycle_anchor"):
        made = _up_to_anchor(tx, subscription, int(params["billing_cycle_anchor"]), params.get("proration_behavior"))
    else:
        for item in rows:
            items.set_period(tx, subscription, item, subscription["billing_cycle_anchor"])
        made = [proration.period_line(tx, subscription, item) for item in rows]
    cancellation(subscription, params, tx.now)
    return made


def _up_to_anchor(tx: Transaction, subscription: Obj, anchor: int, behavior: str | None) -> list[Obj]:
    """A first period that ends at a given anchor, billed by its share of a whole one."""
    if anchor <= tx.now:
        raise errors.invalid("billing_cycle_anchor must be in the future.", "billing_cycle_anchor")
    subscription["billing_cycle_anchor"] = anchor
    made = []
    for item in subscription["items"]["data"]:
        items.set_period(tx, subscription, item, tx.now)
        step, count = items.interval(tx, item)
        whole = item["current_period_end"] - periods.after(anchor, step, count, -1)
        share = Fraction(item["current_period_end"] - tx.now, whole)
        if behavior != "none":
            made.append(proration.period_line(tx, subscription, item, share=share))
    return made


def trial_end(tx: Transaction, params: Obj) -> int | None:
    """When a new subscription's trial ends, if it has one."""
    if params.get("trial_period_days"):
        return tx.now + int(params["trial_period_days"]) * periods.DAY
    wanted = params.get("trial_end")
    if wanted in {None, "now", ""}:
        return None
    if int(wanted) <= tx.now:  # type: ignore[arg-type]  # None went above
        raise errors.invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
    return int(wanted)  # type: ignore[arg-type]  # None went above


def period_ends(subscription: Obj) -> list[int]:
    return [item["current_period_end"] for item in subscription["items"]["data"]]


def cancellation(subscription: Obj, params: Obj, now: int) -> None:
    """Set or clear a coming cancellation."""
    if "cancel_at" in params and "cancel_at_period_end" in params and params["cancel_at"]:
        raise errors.invalid("You can only pass one of cancel_at and cancel_at_period_end.", "cancel_at")
    ends = period_ends(subscription)
    wanted: Any = params.get("cancel_at")
    if wanted in {"min_period_end", "max_period_end", "max_billed_until"}:
        wanted = min(ends) if wanted == "min_period_end" else max(ends)
    if params.get("cancel_at_period_end"):
        wanted = min(ends)
    if wanted:
        if int(wanted) < now:
            raise errors.invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "cancel_at")
        subscription.update(
            cancel_at=int(wanted), canceled_at=now, cancel_at_period_end=bool(params.get("cancel_at_period_end"))
        )
        subscription["cancellation_details"] = {**subscription["cancellation_details"], "reason": "cancellation_requested"}
        subscription["_cancel_prorates"] = params.get("proration_behavior", "create_prorations")
    elif "cancel_at" in params or "cancel_at_period_end" in params:
        subscription.update(cancel_at=None, canceled_at=None, cancel_at_period_end=False)
        subscription["cancellation_details"] = {**subscription["cancellation_details"], "reason": None}


def _collect(tx: Transaction, subscription: Obj, invoice: Obj, params: Obj, *, authenticated: bool, off_session: bool) -> None:
    """Finalize and charge the first invoice, as `payment_behavior` has it."""
    behavior = params.get("payment_behavior", "allow_incomplete")
    invoice = finalizing.finalize(tx, invoice["id"])
    if invoice["collection_method"] == "send_invoice":
        if subscription["status"] == "incomplete":
            subscription["status"] = "active"
        return
    if invoice["status"] == "open" and behavior != "default_incomplete":
        paying.attempt(tx, invoice["id"], off_session=off_session, authenticated=authenticated)
    if behavior == "error_if_incomplete":
        paying.refuse_unless_paid(tx, tx.need("invoice", invoice["id"]))


def retrieve(call: Call) -> Obj:
    return call.tx.need("subscription", call.ids["id"])


def list_all(call: Call) -> Page:
    """Without a status, everything but the canceled; `ended` is both kinds of ending."""
    params, wanted = call.params, call.params.get("status")

    def keep(row: Obj) -> bool:
        if wanted == "ended":
            return row["status"] in standing.ENDED
        if wanted is None and row["status"] == "canceled":
            return False
        return not params.get("price") or any(item["price"] == params["price"] for item in row["items"]["data"])

    where = {name: params.get(name) for name in ("customer", "created", "collection_method", "test_clock")}
    where["status"] = None if wanted in {None, "all", "ended"} else wanted
    return paging.listing(call.tx, "subscription", params, call.url, where=where, keep=keep)


def cancel_intents(tx: Transaction, subscription: Obj) -> None:
    """Void what an incomplete subscription still asks for."""
    for invoice in tx.find("invoice", "_subscription", subscription["id"]):
        if invoice["status"] == "open":
            settling.void(tx, invoice["id"])
