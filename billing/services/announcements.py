"""The lane of what falls due on store time: ends of trials, pilots, discounts and quotes, renewals, missing payments."""

from datetime import datetime

from billing.services.agreeing import terms_sweep
from billing.services.books import first_payments, sent_invoices
from billing.services.leaving import pause_notices
from billing.services.offering import discount_notices
from billing.services.quoting import quote_sweep
from billing.services.recovery import dunning_turns
from billing.services.renewing import price_moves, renewal_notices
from billing.services.selling import card_notices
from billing.services.trying import pilot_notices, trial_notices
from config import pulse

LANES = (
    *(trial_notices, pilot_notices, discount_notices, first_payments, pause_notices),
    *(terms_sweep, renewal_notices, price_moves, card_notices, sent_invoices, dunning_turns, quote_sweep),
)


def drain(now: datetime) -> pulse.Drained:
    """The lane. Each kind looks on its own, and takes as many as are due at once."""
    return pulse.Drained(handled=sum(lane.drain(now).handled for lane in LANES))


def next_due_at() -> datetime | None:
    """When the next of them falls due, in store time."""
    return min((at for lane in LANES if (at := lane.next_due_at()) is not None), default=None)
