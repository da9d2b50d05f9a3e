"""Webhooks in words: why an address is refused, and why one got no answer."""

from django.utils.translation import gettext as _

from accounts.rules.webhook_targets import LONGEST, Refusal
from accounts.webhook_calls import Failure


def refusal(why: Refusal) -> str:
    """What is wrong with an address, and what would be right."""
    said = {
        Refusal.MALFORMED: _("Write a whole address, for example https://app.example/webhooks."),
        Refusal.TOO_LONG: _("Addresses have %(longest)s characters at most.") % {"longest": LONGEST},
        Refusal.NOT_HTTPS: _("Write an address that begins with https://. Webhooks are sent encrypted."),
        Refusal.CREDENTIALS: _("Leave the user name and password out. The signature proves that we are the sender."),
        Refusal.PORT: _("Use the usual port, 443, or 8443."),
        Refusal.UNKNOWN_NAME: _("No server has this name. Look for a slip, or wait until the name is known everywhere."),
        Refusal.PRIVATE: _("This leads to a private or reserved network, where nothing is sent. Use a public address."),
    }
    return said[why]


def failure(code: str, status: int | None = None) -> str:
    """How a try ended that brought no success: the status, or why there is none."""
    if status is not None:
        return _("Answered %(status)s") % {"status": status}
    said = {
        Failure.REFUSED: _("The name leads to a network where nothing is sent"),
        Failure.NAME: _("No server has this name"),
        Failure.CONNECT: _("The server takes no connection"),
        Failure.TLS: _("The certificate is not accepted"),
        Failure.TIMEOUT: _("No answer in time"),
        Failure.BROKEN: _("The connection broke"),
        Failure.UNREADABLE: _("The secret can't be read; rotate it"),
    }
    return said.get(Failure(code), code) if code in set(Failure) else code
