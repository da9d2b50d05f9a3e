"""The gateway's calls about bank debits: what was allowed of an account."""

from typing import Any

from billing import gateway
from billing.rules import debits


def mandate_of(customer: str, payment_method: str) -> Any:
    """The mandate of a customer's bank account: of the page that saved it, else of its newest debit. None: there is none.

    Two calls, three where a purchase brought the account.
    """
    found = _of_setup(customer, payment_method) or _of_charge(customer, payment_method)
    if not found:
        return None
    return gateway.call("mandates.retrieve", lambda c, o: c.v1.mandates.retrieve(found, None, o))


def _of_setup(customer: str, payment_method: str) -> str:
    params: Any = {"customer": customer, "payment_method": payment_method, "limit": 1}
    page = gateway.call("setup_intents.list", lambda c, o: c.v1.setup_intents.list(params, o))
    return next((_id(intent.mandate) for intent in page.data if intent.mandate), "")


def _of_charge(customer: str, payment_method: str) -> str:
    params: Any = {"customer": customer, "limit": 20}
    page = gateway.call("charges.list", lambda c, o: c.v1.charges.list(params, o))
    for charge in page.data:
        details = charge.payment_method_details
        if charge.payment_method == payment_method and details is not None and details.type in debits.DEBITS:
            return _id(getattr(getattr(details, details.type), "mandate", None))
    return ""


def _id(reference: object) -> str:
    return reference if isinstance(reference, str) else str(getattr(reference, "id", "") or "")
