"""Events: made from the work of one transaction, with what was different before."""

from typing import Any

import stripe

from billing.sandbox import objects
from billing.sandbox.rendering import render
from billing.sandbox.state import Obj
from billing.sandbox.transactions import EVENT_NAMES, WITHOUT_UPDATED, Transaction

VERSION = stripe.api_version
ABSENT = object()


def of(tx: Transaction, endpoints: list[Obj], request: Obj | None) -> list[Obj]:
    """All events of a transaction that is about to be committed, in order."""
    updated = []
    for (kind, identity), before in tx.baselines.items():
        after = tx.get(kind, identity)
        if after is None or kind in WITHOUT_UPDATED:
            continue
        old, new = render(tx, before), render(tx, after)
        if old != new:
            updated.append((f"{EVENT_NAMES.get(kind, kind)}.updated", new, difference(old, new)))
    raised = [(name, render(tx, row), previous) for name, row, previous in tx.events]
    known = set(EVENT_NAMES.values())
    return [
        _event(tx, (name, row, previous), endpoints, request)
        for name, row, previous in [*raised, *updated]
        if name.rpartition(".")[2] != "updated" or name.rpartition(".")[0] in known
    ]


def difference(old: Obj, new: Obj) -> Obj:
    """`previous_attributes`: the former values of what changed; hashes shrink to their changed keys."""
    changed: Obj = {}
    for key, value in old.items():
        now = new.get(key, ABSENT)
        if value == now:
            continue
        if isinstance(value, dict) and isinstance(now, dict) and "object" not in value:
            changed[key] = difference(value, now)
        else:
            changed[key] = value
    changed.update({key: None for key in new if key not in old})
    return changed


def subscribes(endpoint: Obj, name: str) -> bool:
    wanted = endpoint["enabled_events"]
    return "*" in wanted or name in wanted


def _event(tx: Transaction, told: tuple[str, Obj, Any], endpoints: list[Obj], request: Obj | None) -> Obj:
    name, row, previous = told
    data: Obj = {"object": row}
    if name.endswith(".updated"):
        data["previous_attributes"] = previous or {}
    # On a test clock too, an event is dated by the account's time: a reader that pages by time must meet it.
    created = tx.account.time() if tx.on_test_clock else tx.now
    return objects.new(
        "event",
        created,
        type=name,
        api_version=VERSION,
        data=data,
        pending_webhooks=sum(subscribes(endpoint, name) for endpoint in endpoints),
        request=request or {"id": None, "idempotency_key": None},
    )
