"""The admin of billing: one module a subject."""

from billing.admin import catalog, money, seats, stripe, subscriptions

__all__ = ["catalog", "money", "seats", "stripe", "subscriptions"]
