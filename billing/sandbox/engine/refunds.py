"""Refunds of charges, whole or in part."""

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    charge = _charge(call)
    tx.follow(charge["customer"])
    made = refund(tx, charge["id"], int(params["amount"]) if params.get("amount") else None, reason=params.get("reason"))
    assign(made, params)
    return made


def refund(tx: Transaction, identity: str, wanted: int | None, *, reason: str | None = None) -> Obj:
    """Give back an amount of a charge, or what is left of it."""
    charge = tx.edit("charge", identity)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if wanted is None else wanted
    if charge["disputed"]:
        raise errors.invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if charge["refunded"] or left == 0:
        raise errors.invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount > left:
        raise errors.invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", "amount")
    if amount < 1:
        raise errors.invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    made = tx.new(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        status="succeeded",
        metadata={},
        reason=reason,
        destination_details=_destination(charge),
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    tx.add(made)
    tx.emit("charge.refunded", charge)
    return made


def _destination(charge: Obj) -> Obj | None:
    """Where the money goes: of a bank account Stripe says it once the bank has answered, which nobody here does."""
    if (charge["payment_method_details"] or {"type": "card"})["type"] != "card":
        return None
    return {
        "type": "card",
        "card": {"reference": None, "reference_status": "pending", "reference_type": None, "type": "refund"},
    }


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
