"""The admin of billing: one module a subject."""

from billing.admin import (
    catalog,
    credit_notes,
    differences,
    giving_back,
    money,
    promotions,
    seats,
    stripe,
    subscriptions,
    trials,
)

__all__ = [
    "catalog",
    "credit_notes",
    "differences",
    "giving_back",
    "money",
    "promotions",
    "seats",
    "stripe",
    "subscriptions",
    "trials",
]
