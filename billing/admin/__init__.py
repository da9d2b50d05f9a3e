"""The admin of billing: one module a subject."""

from billing.admin import catalog, money, stripe, subscriptions

__all__ = ["catalog", "money", "stripe", "subscriptions"]
