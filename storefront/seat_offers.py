"""What the seats page answers to a number: a price to confirm, a change for later, or why not and what to do instead."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Membership
from billing.queries import seats as queries
from billing.queries import unseated
from billing.queries.overview import Standing
from billing.services import faults
from billing.services.changes import committed, paying_first, seats
from config import words
from storefront import agreement_words, invoice_words, receipts, seat_problems, trial_receipts, window_words

NOW, RENEWAL = "now", "renewal"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One of: a receipt with a token (now), one for later (with people to choose if some lose a seat), a problem, nothing."""

    seats: int
    when: str
    receipt: dict[str, Any] | None = None
    token: str = ""
    confirm_label: str = ""
    later: queries.Later | None = None
    problem: seat_problems.Problem | None = None
    holds_minutes: int = 0
    is_charged_later: bool = False
    chosen: frozenset[int] = field(default_factory=frozenset)
    # Who could get the new seats, and how many of them.
    unseated: list[Membership] = field(default_factory=list)
    room: int = 0
    gained: int = 0


def answer(standing: Standing, *, wanted: int, when: str, at: datetime) -> Answer:
    """Answer a number. Going up now asks Stripe once; everything else is known here."""
    is_trial = standing.trial_ends_at is not None
    if (when == NOW and _can_be_now(standing, wanted)) or (is_trial and wanted != standing.quantity):
        try:
            return of_offer(standing, seats.offer(standing.row, seats=wanted, at=at), at=at)
        except (seats.SeatsError, faults.GatewayError) as error:
            return Answer(seats=wanted, when=NOW, problem=seat_problems.of(standing, error, wanted))
    if wanted == standing.quantity and (when == NOW or is_trial):
        return Answer(seats=wanted, when=NOW)
    return _later(standing, wanted, at)


def _can_be_now(standing: Standing, wanted: int) -> bool:
    """More; in an invoice window no fewer than are paid for; the same, where they could not be charged."""
    window = standing.window
    if wanted > standing.quantity or window is None:
        return wanted > standing.quantity
    return wanted == standing.quantity if window.is_unpaid else standing.row.billed <= wanted < standing.quantity


def of_offer(standing: Standing, offer: seats.Offer, *, at: datetime, stale: bool = False) -> Answer:
    """A price with its token."""
    shown = offer.preview
    if shown.first_charge is not None:
        return _in_trial(standing, offer, at=at, stale=stale)
    due = words.money(shown.due_now_minor, shown.currency)
    gained = words.seats(shown.quantity_after - shown.quantity_before)
    label = _("Pay %(amount)s and add %(seats)s") if shown.due_now_minor else _("Add %(seats)s")
    if shown.quantity_after == shown.quantity_before:
        label = _("Pay %(amount)s")
    if shown.charged_at is not None:
        label = window_words.label(shown)
    elif invoice_words.is_invoiced(shown):
        label = _("Add %(seats)s on invoice")
    return Answer(
        seats=shown.quantity_after,
        when=NOW,
        receipt=receipts.of_preview(shown, standing, stale=stale),
        token=offer.token,
        confirm_label=label % {"amount": due, "seats": gained},
        unseated=unseated.members(standing.row) if shown.quantity_after > shown.quantity_before else [],
        room=standing.free + shown.quantity_after - shown.quantity_before,
        gained=max(shown.quantity_after - shown.quantity_before, 0),
        holds_minutes=_minutes(offer, at),
        is_charged_later=shown.charged_at is not None or shown.payable_at is not None,
    )


def _in_trial(standing: Standing, offer: seats.Offer, *, at: datetime, stale: bool) -> Answer:
    """More or fewer seats, for nothing."""
    shown = offer.preview
    gained = shown.quantity_after - shown.quantity_before
    return Answer(
        seats=shown.quantity_after,
        when=NOW,
        receipt=trial_receipts.of_preview(shown, standing, stale=stale),
        token=offer.token,
        confirm_label=_("Have %(seats)s, free for now") % {"seats": words.seats(shown.quantity_after)},
        unseated=unseated.members(standing.row) if gained > 0 else [],
        room=standing.free + gained,
        gained=max(gained, 0),
        holds_minutes=_minutes(offer, at),
    )


def _minutes(offer: seats.Offer, at: datetime) -> int:
    return max(1, round((offer.expires_at - at) / timedelta(minutes=1)))


def _later(standing: Standing, wanted: int, at: datetime) -> Answer:
    error = _refusal(standing, wanted) or _unpaid(standing, wanted)
    if error is not None:
        return Answer(seats=wanted, when=RENEWAL, problem=seat_problems.of(standing, error, wanted))
    if wanted == standing.coming:
        return Answer(seats=wanted, when=RENEWAL)
    later = queries.later(standing, seats=wanted)
    term = committed.seats_wait(standing.row, then=standing.coming, wanted=wanted) if standing.commitment else None
    if term is not None:
        later = replace(later, at=term.ends_at)
    label = _("Have %(seats)s from %(day)s") % {"seats": words.seats(wanted), "day": words.day(later.at)}
    return Answer(
        seats=wanted,
        when=RENEWAL,
        receipt=receipts.of_later(later, standing) | {"notes": agreement_words.put_off(term)},
        confirm_label=label,
        later=later,
    )


def _unpaid(standing: Standing, wanted: int) -> seats.SeatsError | None:
    """Fewer are refused on the click while a payment is missing, so no price is shown of them. At most one query."""
    if wanted >= standing.coming:
        return None
    try:
        paying_first.check(standing.row)
    except paying_first.PayFirst as error:
        return error
    return None


def _refusal(standing: Standing, wanted: int) -> seats.SeatsError | None:
    plan = standing.row.plan
    if not standing.row.is_live:
        return seats.NotLive()
    if standing.ends_at is not None:
        return seats.EndsSoon()
    if wanted < plan.seats_min:
        return seats.BelowMinimum(plan.seats_min)
    if wanted > max(standing.seats_max, standing.coming):
        return seats.AboveMaximum(standing.seats_max, wanted)
    return None
