"""Customers' tax ids: taken as typed, checked later.

The check's result is the account's setting `tax_id_result`, unless the number asks for one, as Stripe's test values do:
000000000 is verified, 111111111 is not, 222222222 stays pending.
"""

import re

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

# Types that don't begin with their country's code; those of the EU have it in their value.
COUNTRIES = {"eu_vat": None, "eu_oss_vat": None}
# Only these are looked up with the authorities (docs.stripe.com/billing/customer/tax-ids#validation); others stay unavailable.
CHECKED = {"eu_vat", "gb_vat", "au_abn"}
MOST = 5
# What Stripe holds against the form at once: letters of the country, then what its numbers look like.
FORMS = {
    "eu_vat": r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[0-9A-Z+*]{2,12}",
    "gb_vat": r"(GB)?([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})",
    "us_ein": r"[0-9]{2}-?[0-9]{7}",
    "au_abn": r"[0-9]{11}",
}


def add(tx: Transaction, customer: str, kind: str, value: str) -> Obj:
    """Store a tax id; its check comes later, by the clock."""
    squeezed = re.sub(r"[\s.]", "", value).upper()
    if kind in FORMS and not re.fullmatch(FORMS[kind], squeezed):
        raise errors.invalid(f"Invalid value for {kind}.", "value", "tax_id_invalid")
    if len(tx.find("tax_id", "customer", customer)) >= MOST:
        raise errors.invalid(f"A customer can have at most {MOST} tax ids.", "value")
    checked = kind in CHECKED
    row = tx.new(
        "tax_id",
        customer=customer,
        type=kind,
        value=value,
        country=COUNTRIES.get(kind, kind[:2].upper()) or squeezed[:2].replace("EL", "GR").replace("XI", "GB"),
        owner={"account": None, "application": None, "customer": customer, "customer_account": None, "type": "customer"},
        verification={"status": "pending" if checked else "unavailable", "verified_address": None, "verified_name": None},
        _clock=tx.need("customer", customer).get("test_clock"),
    )
    if checked and "222222222" not in value:
        row["_check_at"] = tx.now + int(tx.account.settings["tax_id_seconds"])
    return tx.add(row)


def check(tx: Transaction, identity: str) -> None:
    """The result of a check has come."""
    row = tx.edit("tax_id", identity)
    status = tx.account.settings["tax_id_result"]
    if "111111111" in row["value"]:
        status = "unverified"
    elif "000000000" in row["value"]:
        status = "verified"
    name = (tx.get("customer", row["customer"]) or {}).get("name") if status == "verified" else None
    row["verification"] = {"status": status, "verified_address": None, "verified_name": name}


def create(call: Call) -> Obj:
    call.tx.live_customer(call.ids["customer"])
    return add(call.tx, call.ids["customer"], call.params["type"], call.params["value"])


def retrieve(call: Call) -> Obj:
    return call.tx.need("tax_id", call.ids["id"])


def list_all(call: Call) -> Page:
    return paging.listing(call.tx, "tax_id", call.params, call.url, where={"customer": call.ids["customer"]})


def delete(call: Call) -> Obj:
    return call.tx.remove("tax_id", call.ids["id"])
