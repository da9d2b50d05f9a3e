"""Coming back: a cart with what one had, at what it is sold for now, and the seats back to those who had them.

The organization, its people and their ids are as they were; a second trial is none. Buying is an ordinary purchase.
"""

from datetime import datetime

from django.db import transaction

from accounts.origin import Origin
from accounts.services import journal
from billing.models import Cart, Subscription
from billing.queries import bundles, returning
from billing.services import people
from billing.services.selling import carts


class NothingToReturnTo(carts.CartError):
    """It goes on, nothing was had, or nothing like it is on sale: buy from the prices."""


@transaction.atomic
def fill(row: Subscription, *, origin: Origin, at: datetime) -> Cart:
    """A cart with what the ended subscription had. Raises NothingToReturnTo, and what carts.start raises."""
    again = returning.again(row)
    if again is None or bundles.in_the_way(row.organization, line_id=row.line_id, parts=()) is not None:
        raise NothingToReturnTo("There is nothing to come back to: choose from the prices.")
    wanted = carts.Wanted(plan=again.plan.path, seats=again.seats, interval=again.interval, currency=again.currency)
    cart = carts.start(wanted=wanted, organization=row.organization, at=at, origin=origin)
    if again.addons:
        cart = carts.choose_addons(cart=cart, wanted=again.addons, at=at, origin=origin)
    cart.back_from = row
    cart.save(update_fields=["back_from"])
    return cart


def seat(cart: Cart, row: Subscription, *, origin: Origin, at: datetime) -> int:
    """Once it is bought: the seats back to those who had them, as far as they go. How many people got one."""
    if cart.back_from is None or cart.back_from.line_id != row.line_id:
        return 0
    had = returning.had(cart.back_from)
    given = people.assign_where_possible(subscription=row, membership_ids=list(had.people) if had else [], origin=origin, at=at)
    journal.append(
        kind="billing.subscription.came_back",
        organization=row.organization,
        at=at,
        origin=origin,
        data={"subscription": row.pk, "before": cart.back_from_id, "seats_given": given},
    )
    return given
