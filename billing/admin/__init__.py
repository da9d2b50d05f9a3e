"""The admin of billing: one module a subject."""

from billing.admin import catalog, differences, money, promotions, seats, stripe, subscriptions

__all__ = ["catalog", "differences", "money", "promotions", "seats", "stripe", "subscriptions"]
