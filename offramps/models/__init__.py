"""When a human is worth it: hand-raises, the leads they become, who answers them, and the clock that holds them to it."""

from offramps.models.chat import ChatHook, ChatMessage, ChatMessageState
from offramps.models.countdown import CallSlot, Countdown, CountdownState, Miss, Offer, OfferOutcome, SlotState
from offramps.models.credit import CreditCause, CreditEntry
from offramps.models.deal import BEING_MADE, Deal, DealVersion, VersionState
from offramps.models.hand_raise import HandRaise, HandRaiseReason, HandRaiseState
from offramps.models.lead import Fit, Lead, LeadNote, LeadState, LeadTrigger, NextStep
from offramps.models.ownership import AccountOwnership, OwnerKind, OwnerStyle
from offramps.models.roster import (
    Leave,
    LeaveKind,
    Pool,
    PoolMember,
    Presence,
    PresenceCause,
    Rep,
    RepCalendar,
    RingTest,
    RosterVersion,
    Skill,
    WorkingHours,
)
from offramps.models.trigger_rule import LeadTopic, RuleState, Sweep, TriggerRule, TriggerRuleVersion

__all__ = [
    "BEING_MADE",
    "AccountOwnership",
    "CallSlot",
    "ChatHook",
    "ChatMessage",
    "ChatMessageState",
    "Countdown",
    "CountdownState",
    "CreditCause",
    "CreditEntry",
    "Deal",
    "DealVersion",
    "Fit",
    "HandRaise",
    "HandRaiseReason",
    "HandRaiseState",
    "Lead",
    "LeadNote",
    "LeadState",
    "LeadTopic",
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
    "RepCalendar",
    "RingTest",
    "RosterVersion",
    "RuleState",
    "Skill",
    "SlotState",
    "Sweep",
    "TriggerRule",
    "TriggerRuleVersion",
    "VersionState",
    "WorkingHours",
]
