"""Who has a second factor, and whether this session has proven one."""

import time
from collections.abc import Sequence
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.models import User

MFA = "mfa"
# A recovery code stands in for one of these; alone it is no second factor.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def kinds_of(user: User) -> set[str]:
    """The kinds of second factor a person has set up: "totp", "webauthn". One query."""
    return set(Authenticator.objects.filter(user=user, type__in=FACTORS).values_list("type", flat=True))


def has_any(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def is_proven(request: HttpRequest, user: User) -> bool:
    """Whether a second factor, a passkey or a recovery code was given in this session. No query beyond the session's own."""
    return any(record.get("method") == MFA for record in records(request, user))


def is_fresh(request: HttpRequest, user: User, seconds: int) -> bool:
    """As `is_proven`, in the last `seconds` of wall time."""
    since = time.time() - seconds
    return any(record.get("method") == MFA and record.get("at", 0) >= since for record in records(request, user))


def records(request: HttpRequest, user: User) -> Sequence[dict[str, Any]]:
    """What was proven in this session, in order: {"method", "at" (seconds since 1970), ...}."""
    found: list[dict[str, Any]] = get_authentication_records(request, user)
    return found


def records_of(session: Any) -> Sequence[dict[str, Any]]:
    """As `records`, of a session whose person is not looked up."""
    found = session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    return found if isinstance(found, list) else []
