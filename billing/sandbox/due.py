"""When something happens by itself: the earliest instant an object has in store, kept in a queue a clock."""

import heapq
from dataclasses import dataclass
from itertools import count

from billing.sandbox.state import Changes, Obj

INCOMPLETE_SECONDS = 23 * 3600
TRIAL_NOTICE_SECONDS = 3 * 86400
# A setting of the account's dashboard at Stripe.
DUE_NOTICE_SECONDS = 7 * 86400
LIVE = {"trialing", "active", "past_due", "unpaid"}

# What comes first when several things are due at one instant. Above all a schedule's new phase precedes the renewal it changes.
ORDER = (
    "pending_update_expires",
    "tax_id_checked",
    "dispute_runs_out",
    "bank_answers",
    "discounts_end",
    "customer_discount_ends",
    "checkout_expires",
    "incomplete_expires",
    "trial_notice",
    "subscription_cancels",
    "phase_changes",
    "trial_ends",
    "subscription_renews",
    "invoice_finalizes",
    "payment_retries",
    "invoice_will_be_due",
    "invoice_overdue",
    "resumption_expires",
)
RANK = {kind: rank for rank, kind in enumerate(ORDER)}


@dataclass(frozen=True, order=True)
class Due:
    """One thing to come."""

    at: int
    rank: int
    what: str


def _due(at: int, what: str) -> Due:
    return Due(at, RANK[what], what)


def of(row: Obj) -> Due | None:
    """The next thing that happens to this object by itself."""
    found = FINDERS.get(row.get("object", ""), lambda _: [])(row)
    return min(found, default=None)


def _subscription(row: Obj) -> list[Due]:
    found = []
    if row["pending_update"]:
        found.append(_due(row["pending_update"]["expires_at"], "pending_update_expires"))
    if row["status"] == "incomplete":
        found.append(_due(row["created"] + INCOMPLETE_SECONDS, "incomplete_expires"))
    if row["status"] == "paused" and row.get("_resumption"):
        found.append(_due(row["_resumption"]["expires_at"], "resumption_expires"))
    if row["status"] in LIVE and row.get("_discount_ends"):
        found.append(_due(row["_discount_ends"], "discounts_end"))
    if row["status"] not in LIVE:
        return found
    if row["cancel_at"]:
        found.append(_due(row["cancel_at"], "subscription_cancels"))
    ends = min(item["current_period_end"] for item in row["items"]["data"])
    if row["status"] == "trialing":
        if not row.get("_trial_noticed"):
            found.append(_due(max(row["trial_end"] - TRIAL_NOTICE_SECONDS, row["trial_start"]), "trial_notice"))
        return [*found, _due(row["trial_end"], "trial_ends")]
    return [*found, _due(ends, "subscription_renews")]


def _schedule(row: Obj) -> list[Due]:
    if row["status"] == "not_started":
        return [_due(row["phases"][0]["start_date"], "phase_changes")]
    if row["status"] == "active" and row["current_phase"]:
        return [_due(row["current_phase"]["end_date"], "phase_changes")]
    return []


def _invoice(row: Obj) -> list[Due]:
    if row["status"] == "draft" and row["automatically_finalizes_at"]:
        return [_due(row["automatically_finalizes_at"], "invoice_finalizes")]
    if row["status"] == "open" and row["next_payment_attempt"]:
        return [_due(row["next_payment_attempt"], "payment_retries")]
    if row["status"] == "open" and row["due_date"] and not row.get("_overdue"):
        noticed = [] if row.get("_due_noticed") else [_due(row["due_date"] - DUE_NOTICE_SECONDS, "invoice_will_be_due")]
        return [*noticed, _due(row["due_date"], "invoice_overdue")]
    return []


def _customer(row: Obj) -> list[Due]:
    return [_due(row["_discount_ends"], "customer_discount_ends")] if row.get("_discount_ends") else []


def _session(row: Obj) -> list[Due]:
    return [_due(row["expires_at"], "checkout_expires")] if row["status"] == "open" else []


def _tax_id(row: Obj) -> list[Due]:
    pending = row["verification"] and row["verification"]["status"] == "pending"
    return [_due(row["_check_at"], "tax_id_checked")] if pending and row.get("_check_at") else []


def _dispute(row: Obj) -> list[Due]:
    is_open = row["status"] in {"needs_response", "warning_needs_response"}
    return [_due(row["evidence_details"]["due_by"], "dispute_runs_out")] if is_open else []


def _payment_intent(row: Obj) -> list[Due]:
    return [_due(row["_settles_at"], "bank_answers")] if row["status"] == "processing" and row.get("_settles_at") else []


FINDERS = {
    "payment_intent": _payment_intent,
    "dispute": _dispute,
    "customer": _customer,
    "subscription": _subscription,
    "subscription_schedule": _schedule,
    "invoice": _invoice,
    "checkout.session": _session,
    "tax_id": _tax_id,
}


class Queue:
    """The due things of one account, earliest first, one heap a clock (None: the account's own)."""

    def __init__(self) -> None:
        self.heaps: dict[str | None, list[tuple[Due, int, str, str]]] = {}
        self.present: dict[tuple[str, str], tuple[Due, int, str | None]] = {}
        self.numbers = count()

    def note(self, changes: Changes) -> None:
        """Take in what a commit changed."""
        for kind in FINDERS.keys() & changes.keys():
            for identity, row in changes[kind].items():
                found = of(row) if row else None
                before = self.present.get((kind, identity))
                if found is None:
                    self.present.pop((kind, identity), None)
                    continue
                clock = (row or {}).get("test_clock") or (row or {}).get("_clock")
                if before is None or (before[0], before[2]) != (found, clock):
                    number = next(self.numbers)
                    self.present[(kind, identity)] = (found, number, clock)
                    heapq.heappush(self.heaps.setdefault(clock, []), (found, number, kind, identity))

    def next(self, clock: str | None) -> tuple[Due, str, str] | None:
        """The earliest due thing of a clock: (due, type, id)."""
        heap = self.heaps.get(clock, [])
        while heap:
            found, number, kind, identity = heap[0]
            if self.present.get((kind, identity)) == (found, number, clock):
                return found, kind, identity
            heapq.heappop(heap)
        return None
