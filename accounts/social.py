"""Signing in with Google or Microsoft: whose word counts for an address, and whose does not.

A person who comes back is known by the provider's own id, never by an address. An address alone opens an existing account only
if Google says that it is verified and the store's own account of that address is verified too, and never a staff account.
Microsoft's address is what a tenant's administrator typed, so it proves nothing: a new account confirms it by a code, and an
existing one is connected by its owner after signing in (docs/decisions/second-factors.md).
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import adapter
from accounts.models import User

GOOGLE = "google"


class Adapter(DefaultSocialAccountAdapter):
    error_messages = DefaultSocialAccountAdapter.error_messages | {
        "email_taken": _("There is an account with this address. Sign in to it, then connect %s under Connections."),
    }

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        if login.account.provider != GOOGLE:
            return False
        ours = EmailAddress.objects.filter(email__iexact=email, verified=True, user__is_staff=False, user__is_active=True)
        return bool(ours.exists())

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """The person that would be made, with their name in our one field."""
        user: User = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        user.name = (data.get("name") or " ".join(part for part in parts if part)).strip()[:120]
        user.email = user.email.lower()
        user.locale = adapter.current_language()
        return user
