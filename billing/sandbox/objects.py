"""New objects: every field that the pinned API version declares, then what the caller knows."""

import functools
from typing import Any

from billing.sandbox import contract, ids
from billing.sandbox.state import Obj, copy


@functools.cache
def _skeleton(kind: str) -> Obj:
    fields = contract.skeleton(kind)
    fields.pop("deleted", None)
    return fields


def new(kind: str, now: int, **fields: Any) -> Obj:
    """An object of this type with a fresh id (unless one is given), created at `now`."""
    row: Obj = copy(_skeleton(kind))
    row["object"] = kind
    row["id"] = ids.fresh(kind) if "id" not in fields else fields["id"]
    if "created" in row:
        row["created"] = now
    if "livemode" in row:
        row["livemode"] = False
    row.update(fields)
    return row


def merge_metadata(old: dict[str, str] | None, change: dict[str, str] | str | None) -> dict[str, str]:
    """Stripe's merging: keys are added or replaced, a key set to "" goes, and metadata="" empties the whole."""
    if change is None:
        return dict(old or {})
    if isinstance(change, str):
        return {}
    merged = {**(old or {}), **change}
    return {key: value for key, value in merged.items() if value != ""}


def assign(row: Obj, params: dict[str, Any], *names: str) -> None:
    """Copy the named parameters that were sent; "" unsets a field."""
    for name in names:
        if name in params:
            row[name] = None if params[name] == "" else params[name]
    if "metadata" in params:
        row["metadata"] = merge_metadata(row.get("metadata"), params["metadata"])


def sublist(url: str, data: list[Any], *, total: int | None = None, has_more: bool = False) -> Obj:
    """A list inside an object."""
    return {
        "object": "list",
        "data": data,
        "has_more": has_more,
        "total_count": len(data) if total is None else total,
        "url": url,
    }
