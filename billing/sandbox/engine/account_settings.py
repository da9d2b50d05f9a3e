"""The account itself, its tax settings and its customer portal: as much as a set-up looks at."""

from billing.sandbox import objects, paging
from billing.sandbox.calls import Call
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj, copy


def retrieve(call: Call) -> Obj:
    """The account behind the key."""
    account = call.tx.account
    row = objects.new("account", call.tx.now, id=f"acct_{account.name[:16]}", country=account.settings["country"])
    row.update(type="standard", charges_enabled=True, payouts_enabled=True, details_submitted=True, default_currency="usd")
    row["settings"] = {
        **(row["settings"] or {}),
        "dashboard": {"display_name": account.settings["name"], "timezone": "Etc/UTC"},
    }
    return row


def retrieve_tax(call: Call) -> Obj:
    """Stripe Tax as a new account has it: not set up."""
    row: Obj = copy(objects.new("tax.settings", call.tx.now, id=None))
    row.pop("id")
    row["status"] = "pending"
    row["status_details"] = {"active": None, "pending": {"missing_fields": ["head_office"]}}
    return row


def list_portals(call: Call) -> Page:
    wanted = {"active": call.params.get("active"), "is_default": call.params.get("is_default")}
    return paging.listing(call.tx, "billing_portal.configuration", call.params, call.url, where=wanted)


def update_portal(call: Call) -> Obj:
    """Switch features on and off; what is not named stays."""
    row = call.tx.edit("billing_portal.configuration", call.ids["configuration"])
    for name, change in (call.params.get("features") or {}).items():
        row["features"][name] = {**(row["features"].get(name) or {}), **change}
    for name in ("login_page", "business_profile"):
        if name in call.params:
            row[name] = {**(row[name] or {}), **call.params[name]}
    if "active" in call.params:
        row["active"] = call.params["active"]
    return row
