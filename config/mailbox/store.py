"""Mails as .eml files in the state folder: written by any process of the demo, read by the web server."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as policy
from email.utils import parsedate_to_datetime
from pathlib import Path
from secrets import token_hex

from django.conf import settings

from config import clock

KEPT = 500
NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Mail:
    """One mail as the pages show it; `text` and `html` are empty when the mail has no such part."""

    name: str
    subject: str
    sender: str
    recipient: str
    sent_at: datetime | None
    text: str
    html: str


def folder() -> Path:
    return Path(settings.STATE_FOLDER) / "demo" / "mailbox"  # with the demo's other data: bin/demo --reset starts over


def keep(data: bytes) -> str:
    """Write one mail; it is there whole or not at all. Returns its name. The oldest beyond KEPT are dropped."""
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{clock.wall():%Y%m%dT%H%M%S%f}-{token_hex(4)}"
    draft = place / f"{name}.draft"
    draft.write_bytes(data)
    draft.rename(place / f"{name}.eml")
    for old in _files()[KEPT:]:
        old.unlink(missing_ok=True)
    return name


def newest(limit: int, recipient: str = "") -> list[Mail]:
    """The newest mails, optionally to addresses that contain `recipient`."""
    found: list[Mail] = []
    for mail in _read_all():
        if recipient.lower() in mail.recipient.lower():
            found.append(mail)
            if len(found) == limit:
                break
    return found


def find(name: str) -> Mail | None:
    """The mail of that name; None for a name that no mail has."""
    path = folder() / f"{name}.eml"
    return _read(path) if NAME.fullmatch(name) and path.is_file() else None


def _files() -> list[Path]:
    return sorted(folder().glob("*.eml"), reverse=True)


def _read_all() -> Iterator[Mail]:
    for path in _files():
        try:
            yield _read(path)
        except FileNotFoundError:  # dropped by another process meanwhile
            continue


def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy)
    date = message["Date"]
    return Mail(
        name=path.stem,
        subject=str(message["Subject"] or "").strip(),
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        # "-0000" means UTC of unknown place, and comes without a zone.
        sent_at=parsedate_to_datetime(str(date)).replace(tzinfo=UTC) if date else None,
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
