"""How a subscription is collected, and so which word tells of it: a card is charged, an account debited, an invoice sent."""

from enum import StrEnum

from billing.rules import debits


class How(StrEnum):
    CARD = "card"
    DEBIT = "debit"
    INVOICE = "invoice"


def how(*, is_invoiced: bool, method_kind: str) -> How:
    """`method_kind` is what is on file ("": nothing is yet, so a card will be)."""
    if is_invoiced:
        return How.INVOICE
    return How.DEBIT if method_kind in debits.DEBITS else How.CARD
