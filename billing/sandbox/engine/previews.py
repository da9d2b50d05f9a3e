"""`invoices.create_preview`: the real change on an overlay that is dropped, and the invoice it would lead to."""

from billing.sandbox import due, errors, ids
from billing.sandbox.calls import Call
from billing.sandbox.engine import changes, customers, drafting, renewals, schedules, standing, subscriptions, timetable
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
}
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
    details = params.get("subscription_details") or {}
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
    # The answer is rendered over the caller's own view, which never saw the preview's objects; what it refers to exists there.
    shown["lines"]["url"] = f"/v1/invoices/{shown['id']}/lines"
    for line in shown["lines"]["data"]:
        line["invoice"] = None
    return shown


def _of_subscription(tx: Transaction, params: Obj, details: Obj) -> Obj:
    identity = params["subscription"]
    subscription = tx.need("subscription", identity, "subscription")
    if params.get("customer") and subscription["customer"] != params["customer"]:
        raise errors.missing("subscription", identity, "subscription")
    tx.follow(subscription["customer"])
    if subscription["status"] in standing.ENDED:
        raise _none(subscription["customer"])
    before = subscription["latest_invoice"]
    if details.get("cancel_now"):
        renewals.cancel_now(tx, identity, {"prorate": details.get("proration_behavior") != "none", "invoice_now": True})
    else:
        change = {name: details[name] for name in PASSED_ON if name in details}
        change |= {"discounts": params["discounts"]} if params.get("discounts") else {}
        if change.keys() - {"proration_behavior"}:
            changes.change(tx, identity, change, by_schedule=False)
    after = tx.need("subscription", identity)
    if after["latest_invoice"] != before:
        return tx.need("invoice", after["latest_invoice"])
    return _upcoming(tx, identity, details)


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
        customer = customers.new(
            tx, {key: value for key, value in given.items() if key in {"address", "shipping", "tax_exempt"}}
        )["id"]
    wanted = {name: details[name] for name in PASSED_ON if name in details and name != "billing_cycle_anchor"}
    wanted |= {"customer": customer, "items": details["items"]}
    if params.get("discounts"):
        wanted["discounts"] = params["discounts"]
    if isinstance(details.get("billing_mode"), dict):
        wanted["billing_mode"] = details["billing_mode"]
    subscription = subscriptions.new(tx, wanted)
    return tx.need("invoice", subscription["latest_invoice"])


def _of_customer(tx: Transaction, params: Obj) -> Obj:
    """The earliest coming invoice among a customer's subscriptions."""
    customer = customers.live(tx, params.get("customer", ""))
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
    invoice["automatically_finalizes_at"] = None
    invoice["next_payment_attempt"] = tx.now
