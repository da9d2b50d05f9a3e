"""The admin of billing: one module a subject."""

from billing.admin import (
    addons,
    bundles,
    catalog,
    credit_notes,
    differences,
    entitlements,
    giving_back,
    money,
    pilots,
    promotions,
    renewals,
    seats,
    stripe,
    subscriptions,
    tax,
    trials,
)

__all__ = [
    "addons",
    "bundles",
    "catalog",
    "credit_notes",
    "differences",
    "entitlements",
    "giving_back",
    "money",
    "pilots",
    "promotions",
    "renewals",
    "seats",
    "stripe",
    "subscriptions",
    "tax",
    "trials",
]
