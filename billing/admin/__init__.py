"""The admin of billing: one module a subject."""

from billing.admin import catalog, differences, money, seats, stripe, subscriptions

__all__ = ["catalog", "differences", "money", "seats", "stripe", "subscriptions"]
