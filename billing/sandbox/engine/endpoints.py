"""Webhook endpoints, and events as the API lists them."""

import fnmatch

from billing.sandbox import errors, ids, paging
from billing.sandbox.calls import Call
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj


def create(call: Call) -> Obj:
    params = call.params
    _check(params)
    row = call.tx.new(
        "webhook_endpoint",
        enabled_events=params["enabled_events"],
        status="enabled",
        url=params["url"],
        api_version=params.get("api_version"),
        _secret=f"whsec_{ids.token(32)}",
    )
    assign(row, params, "description")
    call.tx.add(row)
    # The secret is shown this once.
    return {**row, "secret": row["_secret"]}


def _check(params: Obj) -> None:
    if "url" in params and not str(params["url"]).startswith(("http://", "https://")):
        raise errors.invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")


def retrieve(call: Call) -> Obj:
    return call.tx.need("webhook_endpoint", call.ids["id"])


def update(call: Call) -> Obj:
    _check(call.params)
    row = call.tx.edit("webhook_endpoint", call.ids["id"])
    assign(row, call.params, "description")
    for name in ("enabled_events", "url"):
        if name in call.params:
            row[name] = call.params[name]
    if "disabled" in call.params:
        row["status"] = "disabled" if call.params["disabled"] else "enabled"
    return row


def delete(call: Call) -> Obj:
    return call.tx.remove("webhook_endpoint", call.ids["id"])


def list_all(call: Call) -> Page:
    return paging.listing(call.tx, "webhook_endpoint", call.params, call.url, where={})


def retrieve_event(call: Call) -> Obj:
    return call.tx.need("event", call.ids["id"])


def list_events(call: Call) -> Page:
    """Newest first; `type` may end in a star."""
    params = call.params
    wanted = params.get("types") or ([params["type"]] if params.get("type") else None)

    def keep(row: Obj) -> bool:
        return wanted is None or any(fnmatch.fnmatchcase(row["type"], pattern) for pattern in wanted)

    return paging.listing(call.tx, "event", params, call.url, where={"created": params.get("created")}, keep=keep)
