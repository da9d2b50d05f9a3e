"""When a human is worth it: hand-raises, the leads they become, who answers them, and the clock that holds them to it."""

from offramps.models.countdown import CallSlot, Countdown, CountdownState, Miss, Offer, OfferOutcome, SlotState
from offramps.models.hand_raise import HandRaise, HandRaiseReason, HandRaiseState
from offramps.models.lead import Lead, LeadNote, LeadState, LeadTrigger, NextStep
from offramps.models.ownership import AccountOwnership, OwnerKind, OwnerStyle
from offramps.models.roster import (
    Leave,
    LeaveKind,
    Pool,
    PoolMember,
    Presence,
    PresenceCause,
    Rep,
    RosterVersion,
    Skill,
    WorkingHours,
)

__all__ = [
    "AccountOwnership",
    "CallSlot",
    "Countdown",
    "CountdownState",
    "HandRaise",
    "HandRaiseReason",
    "HandRaiseState",
    "Lead",
    "LeadNote",
    "LeadState",
    "LeadTrigger",
    "Leave",
    "LeaveKind",
    "Miss",
    "NextStep",
    "Offer",
    "OfferOutcome",
    "OwnerKind",
    "OwnerStyle",
    "Pool",
    "PoolMember",
    "Presence",
    "PresenceCause",
    "Rep",
    "RosterVersion",
    "Skill",
    "SlotState",
    "WorkingHours",
]
