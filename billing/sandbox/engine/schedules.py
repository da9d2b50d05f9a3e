"""Subscription schedules: create, from a subscription or for a later start, update, release, cancel."""

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import items, phases, renewals, standing
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    if params.get("from_subscription"):
        refused = sorted(params.keys() - {"from_subscription", "billing_mode", "metadata"})
        if refused:
            raise errors.invalid(f"You cannot set `{refused[0]}` if `from_subscription` is set.", refused[0])
        schedule = _from_subscription(tx, params["from_subscription"])
        assign(schedule, params)
        return schedule
    return _from_phases(tx, params)


def _blank(tx: Transaction, customer: str, **fields: object) -> Obj:
    schedule = tx.new(
        "subscription_schedule",
        customer=customer,
        end_behavior="release",
        billing_mode={"type": "flexible", "flexible": {"proration_discounts": "included"}, "updated_at": None},
        test_clock=tx.need("customer", customer).get("test_clock"),
    )
    schedule["default_settings"].update(billing_cycle_anchor="automatic", collection_method="charge_automatically")
    schedule["default_settings"]["invoice_settings"]["issuer"] = {"type": "self", "account": None}
    schedule.update(fields)
    return schedule


def _from_subscription(tx: Transaction, identity: str) -> Obj:
    subscription = tx.need("subscription", identity, "from_subscription")
    tx.follow(subscription["customer"])
    if subscription["schedule"]:
        raise errors.invalid(
            f"You cannot migrate a subscription that is already attached to a schedule: {subscription['schedule']}",
            "from_subscription",
        )
    if subscription["status"] in standing.ENDED or subscription["status"] == "incomplete":
        raise errors.invalid(f"You cannot migrate a subscription that is {subscription['status']}.", "from_subscription")
    ends = bool(subscription["cancel_at"])
    schedule = _blank(
        tx,
        subscription["customer"],
        status="active",
        subscription=identity,
        phases=[phases.of_subscription(subscription)],
        billing_mode=copy(subscription["billing_mode"]),
        end_behavior="cancel" if ends else "release",
    )
    phases.set_current(schedule, schedule["phases"][0])
    row = tx.edit("subscription", identity)
    row["schedule"] = schedule["id"]
    if ends:
        row.update(cancel_at=None, cancel_at_period_end=False)
    return tx.add(schedule)


def _from_phases(tx: Transaction, params: Obj) -> Obj:
    if not params.get("phases"):
        raise errors.invalid("Missing required param: phases.", "phases", "parameter_missing")
    customer = tx.live_customer(params.get("customer", ""))
    begins = tx.now if params.get("start_date") in {None, "now"} else int(params["start_date"])
    price = items.recurring_price(tx, params["phases"][0]["items"][0].get("price"), "phases[0][items][0][price]")
    schedule = _blank(tx, customer["id"], status="not_started", end_behavior=params.get("end_behavior", "release"))
    schedule["phases"] = phases.read(tx, params["phases"], begins, price["currency"])
    assign(schedule, params)
    tx.add(schedule)
    if begins <= tx.now:
        phases.start(tx, tx.edit("subscription_schedule", schedule["id"]))
    return tx.need("subscription_schedule", schedule["id"])


def update(call: Call) -> Obj:
    return rewrite(call.tx, call.ids["id"], call.params)


def rewrite(tx: Transaction, identity: str, params: Obj) -> Obj:
    """Replace the present and coming phases; what differs in the present one applies at once."""
    schedule = _open(tx, identity)
    assign(schedule, params, "end_behavior")
    if params.get("default_settings"):
        schedule["default_settings"] = {**schedule["default_settings"], **params["default_settings"]}
    if "phases" in params:
        _replace(tx, schedule, params)
    return schedule


def _replace(tx: Transaction, schedule: Obj, params: Obj) -> None:
    present = schedule["current_phase"]
    past = [phase for phase in schedule["phases"] if present and phase["end_date"] <= present["start_date"]]
    begins = present["start_date"] if present else schedule["phases"][0]["start_date"]
    given = [entry for entry in params["phases"] if not _is_past(entry, past)]
    if not given:
        raise errors.invalid("A subscription schedule must have a current or a future phase.", "phases")
    made = phases.read(tx, given, begins, schedule["phases"][0]["currency"])
    if present and made[0]["start_date"] != begins:
        raise errors.invalid("You can not modify the start_date of a phase that has already started.", "phases[0][start_date]")
    schedule["phases"] = [*past, *made]
    if schedule["status"] != "active":
        return
    now = phases.current(schedule, tx.now)
    if now is None:
        raise errors.invalid("The phases must cover the present: none of them holds now.", "phases")
    phases.set_current(schedule, now)
    phases.take_hold(tx, schedule, now, proration=params.get("proration_behavior", "create_prorations"))


def _is_past(entry: Obj, past: list[Obj]) -> bool:
    return any(entry.get("start_date") == phase["start_date"] for phase in past)


def _open(tx: Transaction, identity: str) -> Obj:
    schedule = tx.edit("subscription_schedule", identity)
    tx.follow(schedule["customer"])
    if schedule["status"] not in {"active", "not_started"}:
        raise errors.invalid(
            f"You cannot change a subscription schedule that is currently in the `{schedule['status']}` status."
        )
    return schedule


def release(call: Call) -> Obj:
    schedule = _open(call.tx, call.ids["id"])
    if schedule["subscription"]:
        phases.release(call.tx, schedule)
    else:
        schedule.update(status="released", released_at=call.tx.now)
    if not call.params.get("preserve_cancel_date") and schedule["released_subscription"]:
        call.tx.edit("subscription", schedule["released_subscription"]).update(cancel_at=None, cancel_at_period_end=False)
    return schedule


def cancel(call: Call) -> Obj:
    """Cancel the schedule and its subscription, now."""
    tx, params = call.tx, call.params
    schedule = _open(tx, call.ids["id"])
    if schedule["subscription"]:
        wanted = {"prorate": params.get("prorate", True), "invoice_now": params.get("invoice_now", True)}
        renewals.cancel_now(tx, schedule["subscription"], wanted)
        return tx.need("subscription_schedule", schedule["id"])
    schedule.update(status="canceled", canceled_at=tx.now)
    tx.emit("subscription_schedule.canceled", schedule)
    return schedule


def retrieve(call: Call) -> Obj:
    return call.tx.need("subscription_schedule", call.ids["id"])


def list_all(call: Call) -> Page:
    params = call.params
    where = {name: params.get(name) for name in ("customer", "created", "canceled_at", "completed_at", "released_at")}
    return paging.listing(
        call.tx,
        "subscription_schedule",
        params,
        call.url,
        where=where,
        keep=lambda row: not params.get("scheduled") or row["status"] == "not_started",
    )
