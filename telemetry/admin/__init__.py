"""Telemetry in the admin."""

from telemetry.admin import visits

__all__ = ["visits"]
