"""Subscription items by themselves: each verb is the subscription's update in other words."""

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import changes
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj

PASSED_ON = ("payment_behavior", "proration_behavior", "proration_date", "off_session")


def _owner(call: Call) -> Obj:
    slot = call.tx.get("_slot", call.ids["id"])
    if slot is None:
        raise errors.missing("subscription_item", call.ids["id"], "item")
    return call.tx.need("subscription", slot["subscription"])


def _item(subscription: Obj, identity: str) -> Obj:
    rows: list[Obj] = subscription["items"]["data"]
    found = next((row for row in rows if row["id"] == identity), None)
    if found is None:
        raise errors.missing("subscription_item", identity, "item")
    return found


def _split(params: Obj) -> tuple[Obj, Obj]:
    outer = {name: params[name] for name in PASSED_ON if name in params}
    return outer, {name: value for name, value in params.items() if name not in outer and name != "subscription"}


def create(call: Call) -> Obj:
    outer, entry = _split(call.params)
    subscription = call.tx.need("subscription", call.params["subscription"], "subscription")
    known = {row["id"] for row in subscription["items"]["data"]}
    after = changes.change(call.tx, subscription["id"], {**outer, "items": [entry]})
    rows: list[Obj] = after["items"]["data"]
    return next((row for row in rows if row["id"] not in known), rows[-1])


def retrieve(call: Call) -> Obj:
    return _item(_owner(call), call.ids["id"])


def update(call: Call) -> Obj:
    outer, entry = _split(call.params)
    after = changes.change(call.tx, _owner(call)["id"], {**outer, "items": [{"id": call.ids["id"], **entry}]})
    return _item(after, call.ids["id"])


def delete(call: Call) -> Obj:
    outer, _ = _split(call.params)
    changes.change(call.tx, _owner(call)["id"], {**outer, "items": [{"id": call.ids["id"], "deleted": True}]})
    return {"id": call.ids["id"], "object": "subscription_item", "deleted": True}


def list_all(call: Call) -> Page:
    rows = call.tx.need("subscription", call.params["subscription"], "subscription")["items"]["data"]
    return paging.cut(call.tx, rows, "line_item", call.params, call.url, test=bool)
