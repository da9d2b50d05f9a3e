"""`invoices.create_preview`: the real change on an overlay that is dropped, and the invoice it would lead to."""

from billing.sandbox import due, errors, ids
from billing.sandbox.calls import Call
from billing.sandbox.engine import (
    changes,
    customers,
    drafting,
    invoice_items,
    pausing,
    renewals,
    resuming,
    schedules,
    standing,
    subscriptions,
    tax_ids,
    timetable,
)
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

STEPS = 50
NEXT_INVOICE = {
    "subscription_renews",
    "trial_ends",
    "phase_changes",
    "subscription_cancels",
    "pending_update_expires",
    "trial_notice",
    "discounts_end",
}
RESUMING = ("billing_cycle_anchor", "proration_behavior", "proration_date")
PASSED_ON = (
    "items",
    "proration_behavior",
    "proration_date",
    "billing_cycle_anchor",
    "trial_end",
    "cancel_at",
    "cancel_at_period_end",
    "default_tax_rates",
    "metadata",
)


def create(call: Call) -> Obj:
    """The preview; nothing of it stays."""
    tx, params = call.tx.child(preview=True), call.params
    call.view = tx
    details = params.get("subscription_details") or {}
    _customer_overrides(tx, params)
    for entry in params.get("invoice_items") or []:
        _invoice_item(tx, params, entry)
    if params.get("schedule") or params.get("schedule_details"):
        invoice = _of_schedule(tx, params)
    elif params.get("subscription"):
        invoice = _of_subscription(tx, params, details)
    elif details.get("items"):
        invoice = _of_new(tx, params, details)
    else:
        invoice = _of_customer(tx, params)
    shown = tx.edit("invoice", invoice["id"])
    _overrides(tx, shown, params)
    shown["id"] = f"upcoming_{ids.fresh('invoice')}"
    shown["lines"]["url"] = f"/v1/invoices/{shown['id']}/lines"
    for line in shown["lines"]["data"]:
        line["invoice"] = None
    return shown


def _customer_overrides(tx: Transaction, params: Obj) -> None:
    """The customer as it would be: address, exemption and tax ids of `customer_details`."""
    given = params.get("customer_details") or {}
    subscription = tx.get("subscription", params.get("subscription")) or {}
    identity = params.get("customer") or subscription.get("customer")
    if not given or not identity:
        return
    customer = tx.edit("customer", identity, "customer")
    customers.fill(tx, customer, {name: given[name] for name in ("address", "shipping", "tax_exempt") if name in given})
    if "tax_ids" in given:
        for row in tx.find("tax_id", "customer", identity):
            tx.rows.remove("tax_id", row["id"])
        for entry in given["tax_ids"]:
            tax_ids.add(tx, identity, entry["type"], entry["value"])


def _invoice_item(tx: Transaction, params: Obj, entry: Obj) -> None:
    """A one-off that would be added, or one that waits and would be changed."""
    if entry.get("invoiceitem"):
        changed = {key: value for key, value in entry.items() if key != "invoiceitem"}
        invoice_items.change(tx, entry["invoiceitem"], changed)
        return
    subscription = tx.get("subscription", params.get("subscription")) or {}
    owner = {"customer": params.get("customer") or subscription.get("customer"), "subscription": subscription.get("id")}
    invoice_items.new(tx, {**entry, **{key: value for key, value in owner.items() if value}})


def _of_subscription(tx: Transaction, params: Obj, details: Obj) -> Obj:
    identity = params["subscription"]
    subscription = tx.need("subscription", identity, "subscription")
    if params.get("customer") and subscription["customer"] != params["customer"]:
        raise errors.missing("subscription", identity, "subscription")
    tx.follow(subscription["customer"])
    if subscription["status"] in standing.ENDED:
        raise _none(subscription["customer"])
    before = subscription["latest_invoice"]
    if details.get("resume_at"):
        resuming.begin(tx, identity, {name: details[name] for name in RESUMING if name in details})
    elif details.get("pause"):
        pausing.begin(tx, identity, details["pause"])
    elif details.get("cancel_now"):
        renewals.cancel_now(tx, identity, {"prorate": details.get("proration_behavior") != "none", "invoice_now": True})
    else:
        change = {name: details[name] for name in PASSED_ON if name in details}
        change |= {name: params[name] for name in ("discounts", "automatic_tax") if name in params}
        if change.keys() - {"proration_behavior"}:
            changes.change(tx, identity, change, by_schedule=False)
    after = tx.need("subscription", identity)
    if after["latest_invoice"] != before:
        return tx.need("invoice", after["latest_invoice"])
    return _upcoming(tx, identity, details)


def upcoming(tx: Transaction, identity: str) -> Obj:
    """The next invoice of a subscription, if nothing changes."""
    return _upcoming(tx, identity, {})


def _upcoming(tx: Transaction, identity: str, details: Obj) -> Obj:
    """Let time run on the overlay until the subscription makes its next invoice."""
    before = tx.need("subscription", identity)["latest_invoice"]
    date = details.get("proration_date") or tx.now
    for _ in range(STEPS):
        subscription = tx.need("subscription", identity)
        if subscription["latest_invoice"] != before:
            invoice = tx.edit("invoice", subscription["latest_invoice"])
            if details.get("items") and invoice["parent"]:
                invoice["parent"]["subscription_details"]["subscription_proration_date"] = date
            return invoice
        following = _next(tx, subscription)
        if following is None:
            break
        kind, row, what = following
        tx.now = max(tx.now, what.at)
        if subscription["test_clock"]:
            tx.rows.edit("test_helpers.test_clock", subscription["test_clock"])["frozen_time"] = tx.now
        timetable.perform(tx, kind, row, what.what)
    raise _none(tx.need("subscription", identity)["customer"])


def _next(tx: Transaction, subscription: Obj) -> tuple[str, str, due.Due] | None:
    rows = [subscription]
    if subscription["schedule"]:
        rows.append(tx.need("subscription_schedule", subscription["schedule"]))
    found = [(what, row) for row in rows if (what := due.of(row)) is not None and what.what in NEXT_INVOICE]
    if not found:
        return None
    what, row = min(found, key=lambda pair: pair[0])
    return row["object"], row["id"], what


def _none(customer: str) -> errors.StripeError:
    return errors.InvalidRequestError(
        f"No upcoming invoices for customer: {customer}", code="invoice_upcoming_none", param="subscription", status=404
    )


def _of_new(tx: Transaction, params: Obj, details: Obj) -> Obj:
    """The first invoice of a subscription that does not exist yet, for a customer who may not exist either."""
    customer = params.get("customer")
    if not customer:
        given = params.get("customer_details") or {}
        known = {key: value for key, value in given.items() if key in {"address", "shipping", "tax_exempt"}}
        customer = customers.new(tx, {**known, "tax_id_data": given.get("tax_ids") or []})["id"]
    wanted = {name: details[name] for name in PASSED_ON if name in details and name != "billing_cycle_anchor"}
    wanted |= {"customer": customer, "items": details["items"]}
    wanted |= {name: params[name] for name in ("discounts", "automatic_tax") if params.get(name)}
    if isinstance(details.get("billing_mode"), dict):
        wanted["billing_mode"] = details["billing_mode"]
    subscription = subscriptions.new(tx, wanted)
    return tx.need("invoice", subscription["latest_invoice"])


def _of_customer(tx: Transaction, params: Obj) -> Obj:
    """The earliest coming invoice among a customer's subscriptions."""
    customer = tx.live_customer(params.get("customer", ""))
    rows = [row for row in tx.find("subscription", "customer", customer["id"]) if row["status"] in due.LIVE]
    rows.sort(key=lambda row: min(subscriptions.period_ends(row)))
    for row in rows:
        return _upcoming(tx, row["id"], {})
    raise _none(customer["id"])


def _of_schedule(tx: Transaction, params: Obj) -> Obj:
    details = params.get("schedule_details") or {}
    if not params.get("schedule"):
        raise errors.invalid("Preview a schedule that does not exist yet through subscription_details.", "schedule")
    schedule = tx.need("subscription_schedule", params["schedule"], "schedule")
    tx.follow(schedule["customer"])
    if not schedule["subscription"]:
        raise _none(schedule["customer"])
    before = tx.need("subscription", schedule["subscription"])["latest_invoice"]
    if details:
        schedules.rewrite(tx, schedule["id"], details)
    latest = tx.need("subscription", schedule["subscription"])["latest_invoice"]
    if latest != before:
        return tx.need("invoice", latest)
    return _upcoming(tx, schedule["subscription"], {})


def _overrides(tx: Transaction, invoice: Obj, params: Obj) -> None:
    if params.get("discounts") == "":
        invoice["discounts"] = []
        drafting.compute(tx, invoice)
    if "automatic_tax" in params and params["automatic_tax"]["enabled"] != invoice["automatic_tax"]["enabled"]:
        drafting.set_automatic_tax(tx, invoice, params["automatic_tax"])
    invoice["automatically_finalizes_at"] = None
    invoice["next_payment_attempt"] = tx.now
