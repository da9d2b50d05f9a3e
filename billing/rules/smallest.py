"""The least that a card can be charged: what is below it goes on the customer's balance, and comes with the next invoice.

Source: Stripe, "Minimum and maximum charge amounts"; minor units.
"""

from typing import Final

# Where it is not that of most.
CHARGE: Final = {
    "gbp": 30,
    "bgn": 100,
    **dict.fromkeys(("aed", "myr", "pln", "ron"), 200),
    "dkk": 250,
    **dict.fromkeys(("nok", "sek"), 300),
    "hkd": 400,
    **dict.fromkeys(("mxn", "thb"), 1000),
    "czk": 1500,
    "huf": 17500,
}
MOST: Final = 50


def carried_minor(due_minor: int, currency: str) -> int:
    """How much of a charge is carried to the next invoice: all of it, or nothing."""
    return due_minor if 0 < due_minor < CHARGE.get(currency.lower(), MOST) else 0
