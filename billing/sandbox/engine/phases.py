"""The phases of a schedule: how they are read from parameters, and how one takes hold of the subscription."""

from billing.sandbox import errors
from billing.sandbox.engine import changes, items, periods, renewals, subscriptions
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

MOST_COMING = 10


def of_subscription(subscription: Obj) -> Obj:
    """The phase that describes a subscription as it is, to the end of its period."""
    rows = subscription["items"]["data"]
    phase = _blank(subscription["currency"])
    phase.update(
        items=[_item(row["price"], row["quantity"], row["metadata"], row["tax_rates"]) for row in rows],
        start_date=rows[0]["current_period_start"],
        end_date=rows[0]["current_period_end"],
        collection_method=subscription["collection_method"],
        default_payment_method=subscription["default_payment_method"],
        metadata=dict(subscription["metadata"]),
        description=subscription["description"],
        discounts=[{"coupon": None, "discount": row, "promotion_code": None} for row in subscription["discounts"]],
        default_tax_rates=list(subscription["default_tax_rates"] or []),
    )
    return phase


def _blank(currency: str) -> Obj:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": currency,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": None,
        "invoice_settings": None,
        "items": [],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": "create_prorations",
        "start_date": None,
        "transfer_data": None,
        "trial": None,
        "trial_end": None,
    }


def _item(price: str, quantity: int | None, metadata: Obj | None = None, tax_rates: list[str] | None = None) -> Obj:
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": dict(metadata or {}),
        "plan": price,
        "price": price,
        "quantity": quantity,
        "tax_rates": list(tax_rates or []),
    }


def read(tx: Transaction, given: list[Obj], start: int, currency: str) -> list[Obj]:
    """Phases from parameters, one after the other without a gap, the first from `start` unless it says otherwise."""
    made: list[Obj] = []
    for index, params in enumerate(given):
        begins = _start(tx, params, made[-1]["end_date"] if made else start, index)
        phase = _blank(currency)
        phase["items"] = [_read_item(tx, entry, index, place) for place, entry in enumerate(params["items"])]
        for name in ("collection_method", "default_payment_method", "description", "billing_cycle_anchor", "invoice_settings"):
            phase[name] = params.get(name) or None
        phase.update(
            start_date=begins,
            end_date=_end(tx, phase, params, begins, index),
            metadata=dict(params.get("metadata") or {}),
            proration_behavior=params.get("proration_behavior", "create_prorations"),
            default_tax_rates=list(params.get("default_tax_rates") or []),
            discounts=[
                {"coupon": None, "discount": None, "promotion_code": None} | entry for entry in params.get("discounts") or []
            ],
        )
        phase["_sets_discounts"] = "discounts" in params
        made.append(phase)
    if len([phase for phase in made if phase["start_date"] > tx.now]) > MOST_COMING:
        raise errors.invalid(f"A subscription schedule can have at most {MOST_COMING} current and future phases.", "phases")
    return made


def _start(tx: Transaction, params: Obj, expected: int, index: int) -> int:
    begins = params.get("start_date", expected)
    begins = tx.now if begins == "now" else int(begins)
    if begins != expected and index > 0:
        raise errors.invalid(
            f"The start_date of phase {index} must be the end_date of the phase before it.", f"phases[{index}][start_date]"
        )
    return begins


def _end(tx: Transaction, phase: Obj, params: Obj, begins: int, index: int) -> int:
    if params.get("end_date"):
        end = tx.now if params["end_date"] == "now" else int(params["end_date"])
    else:
        price = tx.need("price", phase["items"][0]["price"])["recurring"]
        duration = params.get("duration") or {"interval": price["interval"], "interval_count": price["interval_count"]}
        end = periods.after(begins, duration["interval"], duration.get("interval_count", 1), 1)
    if end <= begins:
        raise errors.invalid("The end_date of a phase must be after its start_date.", f"phases[{index}][end_date]")
    return end


def _read_item(tx: Transaction, params: Obj, index: int, place: int) -> Obj:
    param = f"phases[{index}][items][{place}]"
    price = items.recurring_price(tx, params.get("price"), f"{param}[price]")
    quantity = params.get("quantity")
    return _item(price["id"], 1 if quantity is None else int(quantity), params.get("metadata"), params.get("tax_rates") or None)


def current(schedule: Obj, now: int) -> Obj | None:
    """The phase that holds now."""
    return next((phase for phase in schedule["phases"] if phase["start_date"] <= now < phase["end_date"]), None)


def set_current(schedule: Obj, phase: Obj | None) -> None:
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]} if phase else None


def take_hold(tx: Transaction, schedule: Obj, phase: Obj, *, proration: str | None = None) -> None:
    """Bring the subscription in line with a phase."""
    subscription = tx.need("subscription", schedule["subscription"])
    wanted = _differences(subscription, phase)
    params: Obj = {"proration_behavior": proration or phase["proration_behavior"]}
    if wanted:
        params["items"] = wanted
    if phase["billing_cycle_anchor"] == "phase_start":
        params["billing_cycle_anchor"] = {"type": "now"}
    for name in ("collection_method", "default_payment_method", "description"):
        if phase[name] and phase[name] != subscription[name]:
            params[name] = phase[name]
    if phase["metadata"]:
        params["metadata"] = phase["metadata"]
    if phase["default_tax_rates"] != (subscription["default_tax_rates"] or []):
        params["default_tax_rates"] = phase["default_tax_rates"]
    if phase.get("_sets_discounts"):
        params["discounts"] = [{key: value for key, value in row.items() if value} for row in phase["discounts"]] or ""
    if len(params) > 1:
        changes.change(tx, subscription["id"], params, by_schedule=True)


def _differences(subscription: Obj, phase: Obj) -> list[Obj]:
    """Item parameters that turn the subscription's items into the phase's."""
    present = list(subscription["items"]["data"])
    found: list[Obj] = []
    fresh: list[Obj] = []
    for entry in phase["items"]:
        row = next((row for row in present if row["price"] == entry["price"]), None)
        if row is None:
            fresh.append(entry)
            continue
        present.remove(row)
        if row["quantity"] != entry["quantity"]:
            found.append({"id": row["id"], "quantity": entry["quantity"]})
    for entry in fresh:
        settings = {"price": entry["price"], "quantity": entry["quantity"], "tax_rates": entry["tax_rates"] or ""}
        # A price that takes another's place keeps the item, so that its unused time is credited on the same item.
        found.append({"id": present.pop(0)["id"], **settings} if present else settings)
    return [*found, *({"id": row["id"], "deleted": True} for row in present)]


def move_on(tx: Transaction, identity: str) -> None:
    """The present phase is over: the next one, or the schedule's end."""
    schedule = tx.edit("subscription_schedule", identity)
    if schedule["status"] == "not_started":
        start(tx, schedule)
        return
    changes.drop_pending(tx, schedule["subscription"])
    phase = current(schedule, tx.now)
    if phase is not None:
        set_current(schedule, phase)
        take_hold(tx, schedule, phase)
        return
    subscription = tx.edit("subscription", schedule["subscription"])
    subscription["schedule"] = None
    schedule.update(current_phase=None, completed_at=tx.now)
    if schedule["end_behavior"] == "cancel":
        schedule["status"] = "completed"
        tx.emit("subscription_schedule.completed", schedule)
        renewals.end(tx, subscription["id"], "cancellation_requested")
    else:
        release(tx, schedule)


def release(tx: Transaction, schedule: Obj) -> None:
    """Let the subscription go on by itself."""
    subscription = tx.edit("subscription", schedule["subscription"])
    subscription["schedule"] = None
    schedule.update(
        status="released", released_at=tx.now, released_subscription=subscription["id"], subscription=None, current_phase=None
    )
    tx.emit("subscription_schedule.released", schedule)


def start(tx: Transaction, schedule: Obj) -> None:
    """Begin a schedule that waited for its start: its first phase makes the subscription."""
    phase = schedule["phases"][0]
    subscription = begin_subscription(tx, schedule, phase)
    schedule.update(status="active", subscription=subscription["id"])
    set_current(schedule, phase)


def begin_subscription(tx: Transaction, schedule: Obj, phase: Obj) -> Obj:
    from_phase = {
        "customer": schedule["customer"],
        "items": [{"price": row["price"], "quantity": row["quantity"]} for row in phase["items"]],
        "metadata": phase["metadata"],
        "off_session": True,
        "payment_behavior": "allow_incomplete",
    }
    for name in ("collection_method", "default_payment_method", "description"):
        if phase[name]:
            from_phase[name] = phase[name]
    subscription = subscriptions.new(tx, from_phase)
    row = tx.edit("subscription", subscription["id"])
    row["schedule"] = schedule["id"]
    return row
