"""The admin of the off-ramps: hand-raises, leads and their clock, the roster, rules, and what somebody should look at today."""

from offramps.admin import hand_raises, leads, owners, roster, rules

__all__ = ["hand_raises", "leads", "owners", "roster", "rules"]
