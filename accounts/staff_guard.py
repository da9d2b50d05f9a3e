"""Staff prove a second factor in each session before any page that knows them (settings.STAFF_SECOND_FACTOR)."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import second_factors


def way_to_proof(request: HttpRequest, way_back: str) -> str:
    """Where a staff member has to go first: setting a second factor up, or giving it once more. Empty: nowhere.

    A trusted browser spares customers the code, not staff: they are asked once a session. Costs a query only where it asks.
    """
    user: Any = request.user
    if not settings.STAFF_SECOND_FACTOR or not isinstance(user, User) or not user.is_staff:
        return ""
    if second_factors.is_proven(request, user):
        return ""
    return _to_factor(request, user, way_back)


def way_to_fresh_proof(request: HttpRequest, way_back: str) -> str:
    """As `way_to_proof`, before what touches a customer: the second factor must have been given in the last minutes."""
    user: Any = request.user
    if not settings.STAFF_SECOND_FACTOR or second_factors.is_fresh(request, user, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT):
        return ""
    return _to_factor(request, user, way_back)


def _to_factor(request: HttpRequest, user: User, way_back: str) -> str:
    kinds = second_factors.kinds_of(user)
    if not kinds:
        messages.warning(request, _("You work here, so you need a second factor. Set one up, then go on."))
        return reverse("mfa_index")
    page = "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
    return f"{reverse(page)}?{urlencode({'next': way_back})}"
