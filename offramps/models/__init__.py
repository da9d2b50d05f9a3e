"""When a human is worth it: the rows of hand-raises."""

from offramps.models.hand_raise import HandRaise, HandRaiseReason, HandRaiseState

__all__ = ["HandRaise", "HandRaiseReason", "HandRaiseState"]
