"""Ending at once: who may, what is given back, and what becomes of invoices that are open.

Source: issue "one timeline" (cancelling), docs/decisions/ending-now.md.
"""

from dataclasses import dataclass
from enum import StrEnum


class OpenInvoices(StrEnum):
    """What becomes of what was billed and not paid."""

    NONE = "none"
    VOID = "void"
    WRITTEN_OFF = "uncollectible"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`status` in Stripe's words. `owes`: an invoice is open; `is_overdue`: one was tried in vain, or its day has passed."""

    status: str
    is_in_trial: bool = False
    owes: bool = False
    is_overdue: bool = False

    @property
    def is_behind(self) -> bool:
        return self.status in ("past_due", "unpaid") or self.is_overdue


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How it ends: whether Stripe gives unused time back, and what becomes of open invoices."""

    gives_back: bool
    invoices: OpenInvoices


def may_anybody(facts: Facts) -> bool:
    """Whether everybody who may cancel may end it at once; else that is for owners.

    What is behind with a payment is ended to stop it being tried, and what is paused has no period to end with.
    """
    return facts.is_behind or facts.status == "paused"


def terms(facts: Facts, *, gives_back: bool, voids: bool) -> Terms:
    """By the two settings: whether unused time goes back, and whether open invoices are voided or written off.

    Nothing is given back of what was not paid for: not in a trial, not while an invoice is open, not in a pause.
    """
    paid = facts.status == "active" and not facts.is_in_trial and not facts.owes and not facts.is_overdue
    outcome = OpenInvoices.VOID if voids else OpenInvoices.WRITTEN_OFF
    return Terms(
        gives_back=paid and gives_back,
        invoices=outcome if facts.owes or facts.is_behind else OpenInvoices.NONE,
    )
