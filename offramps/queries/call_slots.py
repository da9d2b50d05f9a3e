"""A dated call by the signed link in its mail. A link is of one call, and works until it begins or is over."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.urls import reverse

from accounts.services import links
from offramps.models import CallSlot, SlotState


def url(slot: CallSlot) -> str:
    """Where the customer moves or cancels the call: whoever has this may do so. Absolute."""
    return f"{settings.STORE_URL}{reverse('storefront:call', args=[token(slot)])}"


def token(slot: CallSlot) -> str:
    return links.token(links.CALL, slot.pk)


def of_token(text: str) -> CallSlot | None:
    """The call that a link is of, whatever became of it; None for what this store never gave out. One query."""
    ids = links.read(links.CALL, text)
    return _rows().filter(pk=ids[0]).first() if ids and len(ids) == 1 else None


def held_of(countdown_id: int) -> CallSlot | None:
    """The call that is held for a countdown now. One query."""
    return _rows().filter(countdown=countdown_id, state=SlotState.HELD).first()


def is_ahead(slot: CallSlot, at: datetime) -> bool:
    """Whether it can still be moved or cancelled."""
    return slot.state == SlotState.HELD and slot.countdown.contacted_at is None and at < slot.starts_at


def _rows() -> "models.QuerySet[CallSlot]":
    return CallSlot.objects.select_related("countdown__lead__organization", "rep__user")
