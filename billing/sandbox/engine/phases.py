"""The phases of a schedule: how they are read from parameters, and how one takes hold of the subscription."""

from billing.sandbox import errors
from billing.sandbox.engine import automatic_tax, changes, items, periods, renewals, standing, subscriptions, tax_rates
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

MOST_COMING = 10


def of_subscription(subscription: Obj) -> Obj:
    """The phase that describes a subscription as it is, to the end of its period."""
    rows = subscription["items"]["data"]
    phase = _blank(subscription["currency"])
    phase.update(
        items=[standing.phase_item(row) for row in rows],
        start_date=rows[0]["current_period_start"],
        end_date=rows[0]["current_period_end"],
        collection_method=subscription["collection_method"],
        default_payment_method=subscription["default_payment_method"],
        metadata=dict(subscription["metadata"]),
        description=subscription["description"],
        discounts=[{"coupon": None, "discount": row, "promotion_code": None} for row in subscription["discounts"]],
        default_tax_rates=list(subscription["default_tax_rates"] or []),
        automatic_tax=dict(subscription["automatic_tax"]),
        trial_end=subscription["trial_end"] if subscription["status"] == "trialing" else None,
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


def read(tx: Transaction, given: list[Obj], start: int, currency: str) -> list[Obj]:
    """Phases from parameters, one after the other without a gap, the first from `start` unless it says otherwise."""
    made: list[Obj] = []
    for index, params in enumerate(given):
        begins = _start(tx, params, made[-1]["end_date"] if made else start, index)
        phase = _blank(currency)
        phase["items"] = [_read_item(tx, entry, index, place) for place, entry in enumerate(params["items"])]
        for name in ("collection_method", "default_payment_method", "description", "billing_cycle_anchor", "invoice_settings"):
            phase[name] = params.get(name) or None
        phase["end_date"] = _end(tx, phase, params, begins, index)
        phase.update(
            start_date=begins,
            metadata=dict(params.get("metadata") or {}),
            proration_behavior=params.get("proration_behavior", "create_prorations"),
            default_tax_rates=tax_rates.named(tx, params.get("default_tax_rates"), f"phases[{index}][default_tax_rates]"),
            automatic_tax=automatic_tax.setting(params.get("automatic_tax")),
            discounts=_discounts(params),
            add_invoice_items=[_extra(entry) for entry in params.get("add_invoice_items") or []],
            trial_end=_trial_end(phase, params, begins),
        )
        phase["_sets_discounts"] = "discounts" in params
        made.append(phase)
    if len([phase for phase in made if phase["start_date"] > tx.now]) > MOST_COMING:
        raise errors.invalid(f"A subscription schedule can have at most {MOST_COMING} current and future phases.", "phases")
    return made


def _discounts(params: Obj) -> list[Obj]:
    return [{"coupon": None, "discount": None, "promotion_code": None} | entry for entry in params.get("discounts") or []]


def _extra(entry: Obj) -> Obj:
    """A one-off of a phase. What it was given as is kept for the day that the phase begins."""
    period = {
        "start": {"type": "max_item_period_start", "timestamp": None},
        "end": {"type": "min_item_period_end", "timestamp": None},
    }
    return {
        "discountable": entry.get("discountable"),
        "discounts": _discounts(entry),
        "metadata": dict(entry.get("metadata") or {}),
        "period": entry.get("period") or period,
        "price": entry.get("price"),
        "quantity": int(entry.get("quantity", 1)),
        "tax_rates": list(entry.get("tax_rates") or []),
        "_given": entry,
    }


def _trial_end(phase: Obj, params: Obj, begins: int) -> int | None:
    """A phase is a trial as a whole, or up to an instant within it."""
    if params.get("trial"):
        return int(phase["end_date"] or begins)
    wanted = params.get("trial_end") or "now"
    return None if wanted == "now" else int(wanted)


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
    shown = {"price": price["id"], "quantity": 1 if quantity is None else int(quantity), "discounts": []}
    rates = tax_rates.named(tx, params.get("tax_rates"), f"{param}[tax_rates]")
    item = standing.phase_item({**shown, "metadata": params.get("metadata") or {}, "tax_rates": rates})
    return {**item, "discounts": _discounts(params), "_sets_discounts": "discounts" in params}


def current(schedule: Obj, now: int) -> Obj | None:
    """The phase that holds now."""
    return next((phase for phase in schedule["phases"] if phase["start_date"] <= now < phase["end_date"]), None)


def set_current(schedule: Obj, phase: Obj | None) -> None:
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]} if phase else None


def take_hold(tx: Transaction, schedule: Obj, phase: Obj, *, proration: str | None = None) -> None:
    """Bring the subscription in line with a phase."""
    subscription = tx.need("subscription", schedule["subscription"])
    wanted = _differences(tx, subscription, phase)
    params: Obj = {"items": wanted} if wanted else {}
    if phase["billing_cycle_anchor"] == "phase_start":
        params["billing_cycle_anchor"] = {"type": "now"}
    for name in ("collection_method", "default_payment_method", "description"):
        if phase[name] and phase[name] != subscription[name]:
            params[name] = phase[name]
    days = (phase["invoice_settings"] or {}).get("days_until_due")
    if days and subscription["days_until_due"] != days:
        params["days_until_due"] = days
    if phase["metadata"]:
        params["metadata"] = phase["metadata"]
    params |= _money(tx, subscription, phase)
    if params:
        behavior = proration or phase["proration_behavior"]
        changes.change(tx, subscription["id"], {"proration_behavior": behavior, **params}, by_schedule=True)


def _money(tx: Transaction, subscription: Obj, phase: Obj) -> Obj:
    """Taxes, discounts, trial and one-offs of a phase, as far as the subscription hasn't got them."""
    params: Obj = {}
    if phase["default_tax_rates"] != (subscription["default_tax_rates"] or []):
        params["default_tax_rates"] = phase["default_tax_rates"]
    if phase["automatic_tax"]["enabled"] != subscription["automatic_tax"]["enabled"]:
        params["automatic_tax"] = {"enabled": phase["automatic_tax"]["enabled"]}
    if phase.get("_sets_discounts") and not _same_discounts(tx, phase["discounts"], subscription["discounts"]):
        params["discounts"] = _given(phase["discounts"]) or ""
    if phase["trial_end"] and phase["trial_end"] > tx.now and phase["trial_end"] != subscription["trial_end"]:
        params["trial_end"] = phase["trial_end"]
    if phase["add_invoice_items"] and not phase.get("_extras_billed"):
        params["add_invoice_items"] = [row["_given"] for row in phase["add_invoice_items"]]
        phase["_extras_billed"] = True
    return params


def _given(rows: list[Obj]) -> list[Obj]:
    """Discounts of a phase as parameters."""
    return [{key: value for key, value in row.items() if value} for row in rows]


def _same_discounts(tx: Transaction, wanted: list[Obj], held: list[str]) -> bool:
    """Whether a subscription has a phase's discounts already: a schedule sent again redeems nothing a second time."""
    rows = [tx.need("discount", identity) for identity in held]
    return len(wanted) == len(rows) and all(_is(entry, row) for entry, row in zip(wanted, rows, strict=True))


def _is(entry: Obj, row: Obj) -> bool:
    if entry["discount"]:
        return bool(entry["discount"] == row["id"])
    if entry["promotion_code"]:
        return bool(entry["promotion_code"] == row["promotion_code"])
    return bool(entry["coupon"] == row["source"]["coupon"])


def _differences(tx: Transaction, subscription: Obj, phase: Obj) -> list[Obj]:
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
        changed = _item_change(tx, row, entry)
        found += [{"id": row["id"], **changed}] if changed else []
    for entry in fresh:
        settings = {"price": entry["price"], "quantity": entry["quantity"], "tax_rates": entry["tax_rates"] or ""}
        if entry.get("_sets_discounts"):
            settings["discounts"] = _given(entry["discounts"]) or ""
        # A price that takes another's place keeps the item, so that its unused time is credited on the same item.
        found.append({"id": present.pop(0)["id"], **settings} if present else settings)
    return [*found, *({"id": row["id"], "deleted": True} for row in present)]


def _item_change(tx: Transaction, row: Obj, entry: Obj) -> Obj:
    """What a phase says differently of an item that stays."""
    changed: Obj = {"quantity": entry["quantity"]} if row["quantity"] != entry["quantity"] else {}
    if (row["tax_rates"] or []) != entry["tax_rates"]:
        changed["tax_rates"] = entry["tax_rates"] or ""
    if entry.get("_sets_discounts") and not _same_discounts(tx, entry["discounts"], row["discounts"]):
        changed["discounts"] = _given(entry["discounts"]) or ""
    return changed


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
        "items": [_new_item(row) for row in phase["items"]],
        "metadata": phase["metadata"],
        "off_session": True,
        "payment_behavior": "allow_incomplete",
        "default_tax_rates": phase["default_tax_rates"],
        "discounts": _given(phase["discounts"]),
        "add_invoice_items": [row["_given"] for row in phase["add_invoice_items"]],
    }
    phase["_extras_billed"] = True
    if phase["automatic_tax"]["enabled"]:
        from_phase["automatic_tax"] = {"enabled": True}
    if phase["trial_end"]:
        from_phase["trial_end"] = phase["trial_end"]
    for name in ("collection_method", "default_payment_method", "description"):
        if phase[name]:
            from_phase[name] = phase[name]
    subscription = subscriptions.new(tx, from_phase)
    row = tx.edit("subscription", subscription["id"])
    row["schedule"] = schedule["id"]
    return row


def _new_item(row: Obj) -> Obj:
    item = {"price": row["price"], "quantity": row["quantity"], "tax_rates": row["tax_rates"]}
    return {**item, "discounts": _given(row["discounts"])} if row["discounts"] else item
