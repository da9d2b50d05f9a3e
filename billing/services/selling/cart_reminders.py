"""A reminder of a cart, for whoever asks: once, a day after its last change. Offramps sends it: an open case stops it."""

from datetime import datetime, timedelta

from accounts.models import User
from accounts.queries import policies
from billing.models import Cart, CartReminder, CartReminderState


def wait(at: datetime) -> timedelta:
    """How long after a cart's last change the reminder comes."""
    return timedelta(hours=policies.value("billing.cart_reminder_hours", at))


def is_wanted(cart: Cart, user: User) -> bool:
    """Whether this person waits for one. No query where the cart was read with its reminder."""
    held: CartReminder | None = getattr(cart, "reminder", None)
    return held is not None and held.user_id == user.pk and held.state == CartReminderState.WANTED


def want(*, cart: Cart, user: User, is_wanted: bool, at: datetime) -> None:
    """Agree to be reminded of an open cart, or take that back. One that was sent stays sent: there is no second."""
    rows = CartReminder.objects.filter(cart=cart)
    if not is_wanted:
        rows.filter(user=user, state=CartReminderState.WANTED).delete()
        return
    due_at = max(cart.updated_at, at) + wait(at)
    made, is_new = CartReminder.objects.get_or_create(cart=cart, defaults={"user": user, "wanted_at": at, "due_at": due_at})
    if not is_new and made.state == CartReminderState.WANTED:
        rows.update(user=user, wanted_at=at, due_at=due_at)
