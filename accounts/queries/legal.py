"""The legal texts this store ships, by date, and what an organization has accepted of them.

A text is templates/legal/<kind>/<effective date>.<language>.md with the brand's names filled in. Its version is the SHA-256 of
the result in all languages: a changed word or a changed company name is another version, which has to be accepted anew.
"""

import functools
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, engines

from accounts.models import Acceptance, LegalDocument, Organization

FOLDER = Path(settings.ROOT) / "templates" / "legal"


class Missing(LookupError):
    """No text of this kind is in force at that time."""


@dataclass(frozen=True)
class Document:
    """One dated version; `text` is language code to Markdown."""

    kind: str
    effective_on: date
    sha256: str
    text: dict[str, str]

    @property
    def title(self) -> str:
        return str(LegalDocument.Kind(self.kind).label)

    def in_language(self, language: str) -> str:
        return self.text.get(language.split("-", maxsplit=1)[0]) or self.text[settings.LANGUAGE_CODE]


@functools.cache
def documents() -> tuple[Document, ...]:
    """Every version shipped, the newest first. Raises ValueError for one that lacks the store's first language."""
    found = [_read(kind, day) for kind in LegalDocument.Kind.values for day in _dates(kind)]
    return tuple(sorted(found, key=lambda document: document.effective_on, reverse=True))


def current(kind: str, at: datetime) -> Document:
    """The version in force at `at`. Raises Missing."""
    for document in documents():
        if document.kind == kind and document.effective_on <= at.date():
            return document
    raise Missing(f"No {kind} is in force on {at.date()}: add {FOLDER / kind}/<date>.en.md")


def all_current(at: datetime) -> list[Document]:
    """What a buyer accepts at `at`: terms, privacy notice and data processing agreement."""
    return [current(kind, at) for kind in LegalDocument.Kind.values]


def outstanding(organization: Organization, at: datetime) -> list[Document]:
    """The versions in force that nobody of the organization has accepted yet. One query."""
    rows = Acceptance.objects.filter(organization=organization)
    accepted = set(rows.values_list("document__kind", "document__sha256"))
    return [document for document in all_current(at) if (document.kind, document.sha256) not in accepted]


def _dates(kind: str) -> list[date]:
    return sorted({date.fromisoformat(path.name.split(".")[0]) for path in (FOLDER / kind).glob("*.md")})


def _read(kind: str, day: date) -> Document:
    text = {}
    for path in sorted((FOLDER / kind).glob(f"{day}.*.md")):
        template: Any = engines["django"].from_string(path.read_text(encoding="utf-8"))
        text[path.name.split(".")[1]] = str(template.template.render(Context({"brand": settings.BRAND}, autoescape=False)))
    if settings.LANGUAGE_CODE not in text:
        raise ValueError(f"{FOLDER / kind}/{day}.{settings.LANGUAGE_CODE}.md is missing: every version needs it.")
    digest = hashlib.sha256(json.dumps([kind, str(day), text], sort_keys=True).encode()).hexdigest()
    return Document(kind, day, digest, text)
