"""The admin of billing: one module a subject."""

from billing.admin import catalog

__all__ = ["catalog"]
