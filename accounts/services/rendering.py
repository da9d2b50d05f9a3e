"""An outgoing mail row as a message: subject, text and HTML in its language and its organization's time zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from email.utils import format_datetime, parseaddr
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template import Context, engines
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from accounts.models import OutgoingMail
from accounts.rules import mail_topics
from accounts.services import links

SECRET = "secret"  # noqa: S105 - a key's name
# What the frame of every mail is drawn with: a mail's own context may have none of these names.
OF_THE_FRAME = frozenset({"brand", "store_url", "recipient", "recipient_name", "language", "stop_url"})
# JSON knows no dates: {"$at": "2027-03-01T10:00:00+00:00"} and {"$on": "2027-03-01"} stand for them in a mail's context.
AT, ON = "$at", "$on"


@dataclass(frozen=True, kw_only=True)
class File:
    """What goes along with a mail; `kind` is its media type. settings.MAIL_FILES says who makes the files of a kind of mail."""

    name: str
    content: str
    kind: str


def pack(value: Any) -> Any:
    """A context as JSON values. Raises TypeError for what a mail cannot carry: floats, models, naive instants."""
    if isinstance(value, datetime):
        if timezone.is_naive(value):
            raise TypeError(f"{value!r} has no time zone: mails take aware instants.")
        return {AT: value.isoformat()}
    if isinstance(value, date):
        return {ON: value.isoformat()}
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item) for item in value]
    if value is None or isinstance(value, str | int | bool):
        # str() also settles a lazy translation's or a TextChoices' type.
        return str(value) if isinstance(value, str) else value
    raise TypeError(
        f"{type(value).__name__} {value!r} cannot go into a mail: pass text, whole numbers, dates, lists and mappings."
    )


def unpack(value: Any) -> Any:
    """The inverse of `pack`."""
    if isinstance(value, dict):
        if set(value) == {AT}:
            return datetime.fromisoformat(value[AT])
        if set(value) == {ON}:
            return date.fromisoformat(value[ON])
        return {key: unpack(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unpack(item) for item in value]
    return value


def without_secret(context: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in context.items() if key != SECRET}


def message(mail: OutgoingMail, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """Render a row. Raises TemplateDoesNotExist or a template's own error."""
    with translation.override(mail.locale), timezone.override(_zone(mail)):
        context = _context(mail)
        subject = " ".join(_render(mail, "subject.txt", context, escape=False).split())
        text = _tidy(_render(mail, "txt", context, escape=False))
        html = _render(mail, "html", context | {"subject": subject}, escape=True)
        files = _files(mail, context)
    built = EmailMultiAlternatives(subject, text, None, [mail.recipient], connection=connection, headers=_headers(mail))
    built.attach_alternative(html, "text/html")
    for file in files:
        built.attach(file.name, file.content, file.kind)
    return built


def stop_url(mail: OutgoingMail) -> str:
    """The address at which this mail's topic is stopped; empty for a mail that always goes out.

    It names the mail, not the person: addresses in logs say nothing of anybody.
    """
    if mail.pk is None or mail_topics.topic_of(mail.kind) is None:
        return ""
    return f"{settings.STORE_URL}{reverse('storefront:mail_stop', args=[links.token(links.MAIL_STOP, mail.pk)])}"


def _context(mail: OutgoingMail) -> dict[str, Any]:
    context = unpack(mail.context)
    return {
        "brand": settings.BRAND,
        "store_url": settings.STORE_URL,
        "recipient": mail.recipient,
        "recipient_name": mail.user.get_short_name() if mail.user and mail.user.name else "",
        "organization": mail.organization,
        "language": mail.locale,
        "stop_url": stop_url(mail),
        **context.pop(SECRET, {}),
        **context,
    }


def _render(mail: OutgoingMail, part: str, context: dict[str, Any], *, escape: bool) -> str:
    # The engine's own template: its context says whether to escape, which a plain text must not be.
    template: Any = engines["django"].get_template(f"emails/{mail.kind}.{part}")
    return str(template.template.render(Context(context, autoescape=escape)))


def _files(mail: OutgoingMail, context: dict[str, Any]) -> list[File]:
    made_by = settings.MAIL_FILES.get(mail.kind)
    return list(import_string(made_by)(context)) if made_by else []


def _tidy(text: str) -> str:
    """Template tags leave blank lines behind; a reader sees one at most."""
    return re.sub(r"\n[ \t]*(?:\n[ \t]*)+", "\n\n", text).strip() + "\n"


def _zone(mail: OutgoingMail) -> tzinfo:
    """Where the reader is: as the mail's `reader_zone` says it, else the organization's."""
    theirs = mail.organization.time_zone if mail.organization else settings.TIME_ZONE
    try:
        return ZoneInfo(mail.context.get("reader_zone") or theirs)
    except (ZoneInfoNotFoundError, ValueError):
        return timezone.get_default_timezone()


def _headers(mail: OutgoingMail) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    stop = stop_url(mail)
    # One click in the mail program, without a page (RFC 8058).
    unsubscribing = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if stop else {}
    return {
        **unsubscribing,
        # When it was written, in store time, as every date in it.
        "Date": format_datetime(mail.created_at),
        # The same for every attempt at this row, so that a mail sent twice after a crash is known as one.
        "Message-ID": f"<mail.{mail.id}.{mail.created_at:%Y%m%d%H%M%S}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
