"""What pays, as pages show it: of a customer, and of a subscription that something else pays."""

from typing import Any, Final

from billing.models import Customer, Subscription
from billing.rules import debits

# What a customer's row says of what pays.
FIELDS: Final = (
    *("payment_method_id", "method_kind", "bank_name", "bank_last4"),
    *("card_brand", "card_last4", "card_exp_month", "card_exp_year"),
)


def copy(row: Customer, method: object, method_id: str) -> None:
    """Keep what a page shows of what pays; `method` is an expanded payment method, an id, or None. Does not save."""
    was, row.payment_method_id = row.payment_method_id, method_id
    kind = getattr(method, "type", None)
    if kind is not None or row.payment_method_id != was:
        row.method_kind = str(kind or "")
        bank = getattr(method, kind, None) if kind in debits.DEBITS else None
        row.bank_last4 = str(getattr(bank, "last4", "") or "")
        # Of an IBAN Stripe knows the bank's code alone, which nobody knows their bank by.
        row.bank_name = str(getattr(bank, "bank_name", "") or "")
    card = getattr(method, "card", None)
    if card is not None:
        row.card_brand, row.card_last4 = card.brand, card.last4
        row.card_exp_month, row.card_exp_year = card.exp_month, card.exp_year
    elif not row.payment_method_id or kind is not None:
        row.card_brand = row.card_last4 = ""
        row.card_exp_month = row.card_exp_year = None


def own(row: Subscription, method: object, method_id: str) -> dict[str, Any]:
    """What pays a subscription by itself, for `Subscription.own_method`: {} where the customer's does.

    One that came as a mere id is known from before, or by the customer.
    """
    if getattr(method, "type", None) is None:
        return row.own_method if method_id and row.own_method.get("payment_method_id") == method_id else {}
    probe = Customer()
    copy(probe, method, method_id)
    return {name: getattr(probe, name) for name in FIELDS}
