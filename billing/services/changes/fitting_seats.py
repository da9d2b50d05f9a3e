"""How many seats would be within the credit, where as many as were asked for are not."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from billing.models import Subscription
from billing.queries import credit, giving_back
from billing.rules.giving_back import NoRate
from billing.services.books import credit_room
from billing.services.changes import change_prices
from billing.services.changes.change_prices import Wanted

TRIES: Final = 3


def of(beyond: credit.Beyond, row: Subscription, wanted: Wanted, instant: datetime, at: datetime) -> credit.Beyond:
    """`beyond` with the largest number of seats that was found to fit. A few Stripe calls, for a refusal of seats alone.

    The first guess is a share of what was asked for; each is priced by Stripe before it is named, so that it is not refused.
    """
    more = wanted.seats - row.quantity
    if not wanted.is_of_seats or more < 2 or not beyond.credit.left:
        return beyond
    try:
        asked = giving_back.us_cents(beyond.order_minor, beyond.currency, at)
    except NoRate:
        return beyond
    guess = min(more * beyond.credit.left // asked, more - 1)
    for _again in range(TRIES):
        if guess < 1:
            break
        due_minor = change_prices.ask(row, Wanted(seats=row.quantity + guess), instant).due_now_minor
        if credit_room.beyond(row, due_minor, at) is None:
            return replace(beyond, fits=row.quantity + guess)
        guess -= 1
    return beyond
