"""The lane of what falls due on store time: ends of trials, pilots, discounts and quotes, renewals, missing payments."""

from datetime import datetime
from typing import Final, Protocol

from accounts.queries import rows
from billing.services.agreeing import terms_sweep
from billing.services.books import first_payments, sent_invoices
from billing.services.leaving import pause_notices
from billing.services.offering import discount_notices
from billing.services.quoting import quote_sweep
from billing.services.recovery import dunning_turns
from billing.services.renewing import price_moves, renewal_notices, sunset_sweep
from billing.services.selling import card_notices
from billing.services.trying import pilot_notices, trial_notices
from config import clock, pulse


class Kind(Protocol):
    """A module that announces one kind of thing. DUE is SQL that says at %(at)s whether `drain` has something to do."""

    DUE: str

    def drain(self, now: datetime) -> pulse.Drained: ...
    def next_due_at(self) -> datetime | None: ...


LANES: Final[tuple[Kind, ...]] = (
    *(trial_notices, pilot_notices, discount_notices, first_payments, pause_notices),
    *(terms_sweep, renewal_notices, price_moves, sunset_sweep, card_notices, sent_invoices, dunning_turns, quote_sweep),
)
# All are asked at once, twice a second: two queries or more of each would keep a processor at a twentieth for nothing.
DUE: Final = f"SELECT {', '.join(lane.DUE for lane in LANES)}"


def drain(now: datetime) -> pulse.Drained:
    """The lane. Each kind that has something to do takes as many as are due at once."""
    (found,) = rows.fetch(DUE, {"at": clock.now()})
    due = [lane for lane, is_due in zip(LANES, found, strict=True) if is_due]
    return pulse.Drained(handled=sum(lane.drain(now).handled for lane in due))


def next_due_at() -> datetime | None:
    """When the next of them falls due, in store time."""
    return min((at for lane in LANES if (at := lane.next_due_at()) is not None), default=None)
