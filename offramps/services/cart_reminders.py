"""The one reminder of a cart that somebody asked for: not once it is bought or replaced, nor while a person is on the case."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts.models import Membership
from accounts.rules.permissions import Permission, allows
from accounts.services import outbox
from billing.models import CartReminder, CartReminderState, CartState, Subscription
from billing.services.selling import cart_reminders, carts
from config import clock, pulse
from offramps.models import HandRaise, HandRaiseState

BATCH = 50


def drain(now: datetime) -> pulse.Drained:
    """The lane. Carts live on store time, whatever the wall says."""
    at = clock.now()
    due = CartReminder.objects.filter(state=CartReminderState.WANTED, due_at__lte=at).order_by("due_at", "pk")
    return pulse.Drained(handled=sum(_conclude(pk, at) for pk in list(due.values_list("pk", flat=True)[:BATCH])))


def _conclude(cart_id: int, at: datetime) -> bool:
    """One reminder: sent, put off until a day after the cart's last change, or not needed. False: another worker has it."""
    with transaction.atomic(durable=True):
        rows = CartReminder.objects.select_related("cart__organization", "cart__plan__line", "user")
        held = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=cart_id, state=CartReminderState.WANTED).first()
        if held is None:
            return False
        quiet_since = held.cart.updated_at + cart_reminders.wait(at)
        if quiet_since > at:
            held.due_at = quiet_since
            held.save(update_fields=["due_at"])
            return True
        is_needed = _is_needed(held)
        held.state = CartReminderState.SENT if is_needed else CartReminderState.STOPPED
        held.concluded_at = at
        held.save(update_fields=["state", "concluded_at"])
        if is_needed:
            _write(held, at)
    return True


def _is_needed(held: CartReminder) -> bool:
    cart, organization = held.cart, held.cart.organization
    if cart.state != CartState.OPEN or cart.pilot_id is not None or organization is None or organization.closed_at is not None:
        return False
    member = Membership.objects.live().filter(organization=organization, user=held.user, user__is_active=True).first()
    if member is None or not allows(member.role, Permission.BUY):
        return False
    if Subscription.objects.live().filter(organization=organization, line=cart.plan.line_id).exists():
        return False
    on_it = Q(organization=organization) | Q(cart=cart) | Q(contact_email__iexact=held.user.email)
    return not HandRaise.objects.filter(on_it, state=HandRaiseState.OPEN).exists()


def _write(held: CartReminder, at: datetime) -> None:
    cart = held.cart
    priced = carts.price(cart, at)
    context: dict[str, Any] = {
        "organization": cart.organization.name if cart.organization else "",
        "plan": cart.plan.name,
        "interval": cart.interval,
        "seats": cart.seats,
        "amount_minor": priced.total_minor,
        "currency": priced.currency,
        "is_trial": cart.is_trial,
        "cart_url": settings.STORE_URL + reverse("storefront:cart"),
    }
    outbox.write(
        kind="billing/cart_reminder",
        subject_row=f"cart:{cart.pk}",
        to=held.user,
        organization=cart.organization,
        context=context,
        at=at,
    )
