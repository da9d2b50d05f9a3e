"""Where allauth's second factors ask the house: secrets at rest, codes that count once, and names."""

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import second_factors as read
from accounts.services import second_factors


class Adapter(DefaultMFAAdapter):
    """The store's name stands in authenticator apps and passkey dialogs; secrets are kept encrypted."""

    def encrypt(self, text: str) -> str:
        return second_factors.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_factors.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002 - allauth's name
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey") if count == 0 else _("Passkey %(number)s") % {"number": count + 1}

    def _get_site_name(self) -> str:
        return str(settings.BRAND["name"])


class OncePerStep:
    """A form's code of an authenticator app is taken once, whatever the cache remembers."""

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc] # the form that this is mixed into has it
        authenticator: Authenticator = self.authenticator  # type: ignore[attr-defined] # set by the line above
        if authenticator.type == Authenticator.Type.TOTP and not second_factors.use_totp_code(authenticator, code):
            raise Adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(OncePerStep, forms.AuthenticateForm):
    """The second step of signing in."""

    @cached_property
    def kinds(self) -> set[str]:
        """What the person has, so that the page asks for that: "totp", "webauthn"."""
        return read.kinds_of(self.user)


class ReauthenticateForm(OncePerStep, forms.ReauthenticateForm):
    """Once more, before a change."""
