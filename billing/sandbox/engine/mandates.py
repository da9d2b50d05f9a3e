"""Mandates: what a customer allowed to be debited by (docs.stripe.com/api/mandates)."""

from billing.sandbox import ids
from billing.sandbox.calls import Call
from billing.sandbox.engine import bank_accounts
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def ensure(tx: Transaction, method: Obj) -> str:
    """The mandate of a bank account, given now if there is none yet; its id."""
    known = method.get("_mandate")
    if known:
        return str(known)
    kind = method["type"]
    mandate = tx.new(
        "mandate",
        payment_method=method["id"],
        status="active",
        type="multi_use",
        multi_use={"amount": None, "currency": None},
        single_use=None,
    )
    mandate["customer_acceptance"] = {
        "accepted_at": tx.now,
        "offline": None,
        "online": {"ip_address": "127.0.0.1", "user_agent": "sandbox"},
        "type": "online",
    }
    mandate["payment_method_details"] = {"type": kind, kind: _details(tx, mandate["id"], kind)}
    tx.add(mandate)
    tx.edit("payment_method", method["id"])["_mandate"] = mandate["id"]
    return str(mandate["id"])


def _details(tx: Transaction, identity: str, kind: str) -> Obj:
    if kind == bank_accounts.SEPA:
        return {"reference": ids.token(16).upper(), "url": f"{tx.account.base_url}/mandates/{identity}"}
    return {"collection_method": None}


def revoke(tx: Transaction, method: Obj) -> None:
    """The bank ended it: whoever disputes a debit allows no more of them."""
    if method.get("_mandate"):
        tx.edit("mandate", method["_mandate"])["status"] = "inactive"


def retrieve(call: Call) -> Obj:
    return call.tx.need("mandate", call.ids["mandate"], "mandate")
