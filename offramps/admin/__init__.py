"""The admin of the off-ramps: hand-raises, and what somebody should look at today."""

from offramps.admin import hand_raises

__all__ = ["hand_raises"]
