"""An e-mail backend that keeps mails for the mailbox page instead of sending them."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from config.mailbox import store


class MailboxBackend(BaseEmailBackend):
    """settings.EMAIL_BACKEND of the demo."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            store.keep(message.message().as_bytes(linesep="\r\n"))
        return len(email_messages)
