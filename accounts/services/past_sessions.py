"""Sessions that are over: their rows go, and with them the address and the browser that were kept to show them."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef


def forget(now: datetime) -> int:
    """Delete what has run out at wall time `now`. Returns how many sessions a person was shown as having. Repeatable."""
    with transaction.atomic():
        Session.objects.filter(expire_date__lte=now).delete()
        alive = Session.objects.filter(session_key=OuterRef("session_key"))
        return int(UserSession.objects.filter(~Exists(alive)).delete()[0])
