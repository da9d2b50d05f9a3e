"""The admin of the off-ramps: hand-raises, leads and their clock, the roster, rules, deals, and what to look at today."""

from offramps.admin import credit, deals, hand_raises, leads, owners, roster, rules

__all__ = ["credit", "deals", "hand_raises", "leads", "owners", "roster", "rules"]
