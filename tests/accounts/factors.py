"""People with second factors, for tests: an authenticator app whose codes the test can work out."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.urls import reverse

from tests import factories

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = factories.PASSWORD


def with_app(user):
    """Give a person an authenticator app and recovery codes; returns the codes."""
    totp.TOTP.activate(user, SECRET)
    return RecoveryCodes.activate(user).get_unused_codes()


def code(steps=0):
    """The app's code of now, or of so many half minutes later."""
    return totp.format_hotp_value(totp.hotp_value(SECRET, int(time.time()) // 30 + steps))


def person(**kwargs):
    return factories.UserFactory(**{"email": "ada@acme.example", "password": PASSWORD} | kwargs)


def sign_in(client, user):
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def reauthenticate(client):
    return client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def is_in(client, user):
    return client.session.get("_auth_user_id") == str(user.pk)
