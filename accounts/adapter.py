"""Where allauth asks the house: what a sign-up is, how its mails go out, and what signing in sets."""

from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User
from accounts.services import outbox, suppressions
from config import clock

# allauth's name of a mail -> ours below templates/emails/, and what of its context goes along: facts, and secrets.
MAILS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "email_confirmation_signup": ("accounts/verification", (), ("code",)),
    "email_confirmation": ("accounts/verification", (), ("code",)),
    "password_reset_key": ("accounts/password_reset", (), ("password_reset_url",)),
    "account_already_exists": ("accounts/account_exists", ("password_reset_url",), ()),
    "unknown_account": ("accounts/account_unknown", ("signup_url",), ()),
    "email_changed": ("accounts/email_changed", ("from_email", "to_email"), ()),
    "email_confirm": ("accounts/email_confirmed", (), ()),
    "email_deleted": ("accounts/email_removed", ("deleted_email",), ()),
    "password_changed": ("accounts/password_changed", (), ()),
    "password_reset": ("accounts/password_changed", (), ()),
    "password_set": ("accounts/password_changed", (), ()),
    "login_code": ("accounts/login_code", (), ("code",)),
    "totp_activated": ("accounts/second_factor_added", (), ()),
    "totp_deactivated": ("accounts/second_factor_removed", (), ()),
    "webauthn_added": ("accounts/second_factor_added", (), ()),
    "webauthn_removed": ("accounts/second_factor_removed", (), ()),
    "recovery_codes_generated": ("accounts/recovery_codes_made", (), ()),
    "account_connected": ("accounts/connection_added", ("provider",), ()),
    "account_disconnected": ("accounts/connection_removed", ("provider",), ()),
}


class AccountAdapter(DefaultAccountAdapter):
    """Sign-ups are open. Mails are rows of the outbox, so that a mail server's bad minute loses no verification code."""

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:  # noqa: FBT001, FBT002 - allauth's
        user.name = form.cleaned_data.get("name", "").strip()
        user.locale = current_language()
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def clean_email(self, email: str) -> str:
        return str(super().clean_email(email)).lower()

    def unstash_verified_email(self, request: HttpRequest) -> str | None:
        """The address that an invitation's link has proven, if it is the one that was typed; any other needs its own proof."""
        proven: str | None = super().unstash_verified_email(request)
        typed = request.POST.get("email", "").strip().lower()
        return proven if proven and proven.lower() == typed else None

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Whoever has typed the code reads the mailbox: mails that bounced there before go out again."""
        confirmed: bool = super().confirm_email(request, email_address)
        if confirmed:
            suppressions.lift_by_proof(address=email_address.email, at=clock.wall())
        return confirmed

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **options)
        if user.locale:
            remember_language(response, user.locale)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        kind, facts, secrets = MAILS[template_prefix.rpartition("/")[2]]
        user = context.get("user")
        known = user if isinstance(user, User) and user.email.lower() == email.lower() else None
        outbox.write(
            kind=kind,
            # Each asking is a mail of its own; how often one may ask is allauth's rate limits' affair.
            subject_row=f"request:{uuid4().hex}",
            to=known or email,
            organization=None,
            context={name: _in_words(context.get(name, "")) for name in facts},
            secret={name: str(context[name]) for name in secrets},
            locale=known.locale if known and known.locale else current_language(),
            at=clock.now(),
        )


def _in_words(fact: Any) -> str:
    """Text as it is; what allauth passes as an object of its own, a provider, by its name."""
    return str(fact if isinstance(fact, str) else getattr(fact, "name", fact))


def remember_language(response: HttpResponse, language: str) -> None:
    """Put the language where LocaleMiddleware looks first."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def current_language() -> str:
    """The language of this request, one that the store speaks."""
    said = (translation.get_language() or settings.LANGUAGE_CODE).split("-")[0]
    return said if said in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
