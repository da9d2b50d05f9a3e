"""The admin of billing: one module a subject."""

from billing.admin import (
    addons,
    catalog,
    credit_notes,
    differences,
    giving_back,
    money,
    pilots,
    promotions,
    seats,
    stripe,
    subscriptions,
    tax,
    trials,
)

__all__ = [
    "addons",
    "catalog",
    "credit_notes",
    "differences",
    "giving_back",
    "money",
    "pilots",
    "promotions",
    "seats",
    "stripe",
    "subscriptions",
    "tax",
    "trials",
]
