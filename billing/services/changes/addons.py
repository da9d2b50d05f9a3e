"""An add-on for a subscription there is: what it would cost, having exactly that, and giving it back with the period.

The machine is that of more seats (changes.seats): a preview, a token, one change. In a trial it is free, both ways.
"""

from datetime import datetime

from accounts.origin import Origin
from billing.models import AddonKind, AddonPrice, ScheduledState, SeatChange, Subscription, SubscriptionAddon
from billing.queries import pilots
from billing.services.changes import paying_first, seats
from billing.services.changes.change_prices import Wanted


class NotOffered(seats.SeatsError):
    """No such add-on is sold for this plan, interval and currency."""


class OutOfRange(seats.SeatsError):
    """A fixed add-on is sold `minimum` to `maximum` times."""

    def __init__(self, minimum: int, maximum: int) -> None:
        super().__init__(f"{minimum} to {maximum} of it can be had.")
        self.minimum, self.maximum = minimum, maximum


class NotHeld(seats.SeatsError):
    """The subscription does not have the add-on."""


class LeavesThen(seats.SeatsError):
    """It is to be given back with the period: take that back first."""


def offer(row: Subscription, *, code: str, number: int | None, at: datetime, nonce: str = "") -> seats.Offer:
    """What having an add-on costs at the instant `at`, with its token. One Stripe call; nothing is written.

    `number` is how many shall be had (of one that follows the seats it is not asked; in a trial 0 gives it back). Raises the
    SeatsErrors, and the gateway's errors when Stripe does not answer.
    """
    price = price_for(row, code)
    wanted = Wanted(seats=row.quantity, addon_price=price, number=_number(price, number))
    check(row, wanted, at)
    return seats.sign(row, wanted, at=at, nonce=nonce)


def confirm(row: Subscription, *, token: str, origin: Origin, at: datetime, external_id: str | None = None) -> SeatChange:
    """Have the add-on a token stands for: see billing.services.changes.seats.confirm."""
    return seats.confirm(row, token=token, origin=origin, at=at, external_id=external_id, check=check)


def price_for(row: Subscription, code: str) -> AddonPrice:
    """The price at which the subscription would have it: that at which it has it, else the one on sale. Raises NotOffered.

    One that is sold by the month alone is had by the month, beside a plan by the year too.
    """
    held = SubscriptionAddon.objects.filter(subscription=row, addon__code=code, addon__line=row.line_id, ended_at=None)
    mine = held.select_related("price__addon__line").first()
    if mine is not None:
        return mine.price
    on_sale = AddonPrice.objects.filter(addon__line=row.line_id, addon__code=code, addon__withdrawn_at=None, retired_at=None)
    sold = {one.interval: one for one in on_sale.filter(currency=row.currency).select_related("addon__line")}
    # In a trial the first period has not begun: it begins with one invoice, for one interval.
    found = sold.get(row.price.interval) or (None if row.is_in_trial else sold.get("month"))
    if found is None or row.plan.code not in found.addon.plans:
        raise NotOffered(f"There is no add-on {code!r} for this plan: see the catalog.")
    return found


def check(row: Subscription, wanted: Wanted, at: datetime) -> None:
    """Whether the add-on can be had now. Raises the SeatsError that says why not."""
    if wanted.addon_price is None:
        raise seats.Stale
    addon, number = wanted.addon_price.addon, wanted.number
    if row.status == "paused":
        raise seats.Paused("The trial is over: add a card first, and it goes on.")
    if paying_first.settled_status(row) not in ("active", "trialing"):
        raise seats.NotLive("The subscription is not active.")
    if pilots.running(row) is not None:
        raise seats.InPilot("A pilot has no add-ons: begin the plan first.")
    held = SubscriptionAddon.objects.filter(subscription=row, addon=addon, ended_at=None).first()
    if number == 0:
        _check_none(row, held)
    elif number is not None and not addon.quantity_min <= number <= addon.quantity_max:
        raise OutOfRange(addon.quantity_min, addon.quantity_max)
    elif held is not None and (number is None or number == held.quantity):
        raise seats.NothingChanges("It is had already.")
    elif held is not None and held.quantity is not None and (number or 0) < held.quantity and not row.is_in_trial:
        raise OutOfRange(held.quantity + 1, addon.quantity_max)
    if row.scheduled.filter(addon=addon, state=ScheduledState.PENDING).exists():
        raise LeavesThen("It is to be given back with the period; take that back first.")
    seats.refuse_while_waiting(row)
    seats.check_rate(row, at)


def _check_none(row: Subscription, held: SubscriptionAddon | None) -> None:
    """Nothing paid is given back before its time: see billing.services.changes.scheduled.change_addon."""
    if held is None:
        raise NotHeld("It is not had.")
    if not row.is_in_trial:
        raise OutOfRange(held.addon.quantity_min, held.addon.quantity_max)


def _number(price: AddonPrice, asked: int | None) -> int | None:
    if asked == 0:
        return 0
    return None if price.addon.kind == AddonKind.PER_SEAT else (asked or price.addon.quantity_min)
