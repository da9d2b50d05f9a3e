"""Refunds of charges, whole or in part."""

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    charge = _charge(call)
    tx.follow(charge["customer"])
    charge = tx.edit("charge", charge["id"])
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = int(params.get("amount") or left)
    if charge["refunded"] or left == 0:
        raise errors.invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount > left:
        raise errors.invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", "amount")
    refund = tx.new(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        status="succeeded",
        metadata={},
        reason=params.get("reason"),
        destination_details={
            "type": "card",
            "card": {"reference": None, "reference_status": "pending", "reference_type": None, "type": "refund"},
        },
    )
    assign(refund, params)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    tx.add(refund)
    tx.emit("charge.refunded", charge)
    return refund


def _charge(call: Call) -> Obj:
    tx, params = call.tx, call.params
    if params.get("charge"):
        charge = tx.need("charge", params["charge"], "charge")
    elif params.get("payment_intent"):
        intent = tx.need("payment_intent", params["payment_intent"], "payment_intent")
        if intent["latest_charge"] is None:
            raise errors.invalid("This PaymentIntent does not have a successful charge to refund.", "payment_intent")
        charge = tx.need("charge", intent["latest_charge"])
    else:
        raise errors.invalid("One of the following params should be provided for this request: payment_intent or charge.")
    if not charge["paid"]:
        raise errors.invalid(f"Charge {charge['id']} was not paid and can't be refunded.", "charge")
    return charge


def retrieve(call: Call) -> Obj:
    return call.tx.need("refund", call.ids["id"])


def update(call: Call) -> Obj:
    refund = call.tx.edit("refund", call.ids["id"])
    assign(refund, call.params)
    return refund


def list_all(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("charge", "created", "payment_intent")}
    return paging.listing(call.tx, "refund", call.params, call.url, where=where)
