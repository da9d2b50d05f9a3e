"""The gateway's calls for what goes back: credit notes, refunds behind them, and customers' balances."""

from typing import Any

from billing import gateway
from billing.gateway import BalanceTransaction, Charge, CreditNote, InvoiceLine, Params

MOST = 100


def invoice_lines(invoice: str) -> list[InvoiceLine]:
    """All of them, a page at a time, with their taxes and discounts."""
    found: list[InvoiceLine] = []
    while True:
        params: Any = {"limit": MOST, **({"starting_after": found[-1].id} if found else {})}
        page = _invoice_lines(invoice, params)
        found += page.data
        if not (page.has_more and page.data):
            return found


def _invoice_lines(invoice: str, params: Any) -> Any:
    return gateway.call("invoices.lines", lambda c, o: c.v1.invoices.line_items.list(invoice, params, o))


def preview_credit_note(params: Params) -> CreditNote:
    """What a note would be; nothing is made. Raises Refused where the sums do not fit."""
    full: Any = dict(params)
    return gateway.call("credit_notes.preview", lambda c, o: c.v1.credit_notes.preview(full, o))


def create_credit_note(params: Params, *, key: str) -> CreditNote:
    full: Any = dict(params)
    return gateway.call("credit_notes.create", lambda c, o: c.v1.credit_notes.create(full, o), key=key)


def credit_note(stripe_id: str) -> CreditNote:
    return gateway.call("credit_notes.retrieve", lambda c, o: c.v1.credit_notes.retrieve(stripe_id, {}, o))


def credit_notes(invoice: str) -> list[CreditNote]:
    """An invoice's, newest first."""
    params: Any = {"invoice": invoice, "limit": MOST}
    return list(gateway.call("credit_notes.list", lambda c, o: c.v1.credit_notes.list(params, o)).data)


def refunded(charge: str) -> tuple[Charge, list[str]]:
    """A charge, and the invoices that it paid."""
    found = gateway.call("charges.retrieve", lambda c, o: c.v1.charges.retrieve(charge, {}, o))
    intent = found.payment_intent
    params: Any = {"payment": {"type": "payment_intent", "payment_intent": intent}, "limit": MOST}
    if not intent:
        return found, []
    paid = gateway.call("invoice_payments.list", lambda c, o: c.v1.invoice_payments.list(params, o)).data
    return found, [one.invoice if isinstance(one.invoice, str) else str(one.invoice.id) for one in paid]


def credit(customer: str, params: Params, *, key: str) -> BalanceTransaction:
    """Move a customer's balance: a negative amount is in the customer's favour."""
    full: Any = dict(params)
    name = "customers.balance"
    return gateway.call(name, lambda c, o: c.v1.customers.balance_transactions.create(customer, full, o), key=key)


def balance_transactions(customer: str) -> list[BalanceTransaction]:
    """The last hundred, newest first."""
    params: Any = {"limit": MOST}
    name = "customers.balance.list"
    return list(gateway.call(name, lambda c, o: c.v1.customers.balance_transactions.list(customer, params, o)).data)
