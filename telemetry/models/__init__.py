"""What customers do in the store."""

from telemetry.models.visit import PageKind, Visit

__all__ = ["PageKind", "Visit"]
