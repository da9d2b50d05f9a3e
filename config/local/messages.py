"""The words of the store in other languages: collected from code and templates, compiled by Babel, checked for gaps.

Django's own makemessages needs GNU gettext on the machine; Babel comes with the lock. Templates are read through Django's
`templatize`, which turns them into calls of gettext; Python through Babel's own reader.
"""

import ast
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parent.parent.parent
LOCALE: Final = ROOT / "locale"
LANGUAGES: Final = ("de",)
PYTHON: Final = ("accounts", "billing", "config", "offramps", "storefront", "telemetry")
TEMPLATES: Final = ("templates",)
LEFT_OUT: Final = ("/migrations/", "billing/sandbox/", "config/local/")
KEYWORDS: Final = {
    "_": None,
    "_now": None,  # gettext, in a file whose _ is gettext_lazy
    "N_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# What the admin's dress (unfold) says on our pages and ships no German for.
BORROWED: Final = (
    "All applications",
    "Apply Filters",
    "Date from",
    "Date to",
    "Expand row",
    "False",
    "Filters",
    "General",
    "Go back",
    "Loading more results...",
    "More actions",
    "No data",
    "No recent searches",
    "No results found",
    "No results matching your query",
    "Not enough data.",
    "Previous",
    "Recent searches",
    "Record picture",
    "Reset filters",
    "Return to site",
    "Run",
    "Search apps and models...",
    "Select action",
    "Select action to run",
    "Select all rows",
    "Select record",
    "Select value",
    "Submit",
    "This item will be deleted.",
    "This page yielded into no results. Create a new item or reset your filters.",
    "Toggle password visibility",
    "True",
    "Type to search",
    "Welcome back to",
    "You have been successfully logged out from the administration",
)
CALL: Final = re.compile(r"\b(npgettext|ngettext|pgettext|gettext|_)\(")
TWICE: Final = re.compile(r"(.{20,})\s*\1", re.DOTALL)  # a translation that was written into its place more than once
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@dataclass(frozen=True)
class Found:
    """One text in the source; `plural` and `context` are empty where there is none."""

    place: str
    line: int
    text: str
    plural: str = ""
    context: str = ""


def collect() -> list[Found]:
    """Every text marked for translation, in the order of the files."""
    found = [Found("unfold", 0, text) for text in BORROWED]
    for folder in PYTHON:
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if not any(part in f"/{place}" for part in LEFT_OUT):
                found += _of_python(path, place)
    for folder in (*TEMPLATES, *(f"{app}/templates" for app in PYTHON)):
        for path in sorted((ROOT / folder).rglob("*.*")):
            if path.suffix in {".html", ".txt"}:
                found += _of_template(path.read_text(), path.relative_to(ROOT).as_posix())
    return found


def update(language: str) -> tuple[int, int]:
    """Bring the language's .po file in line with the source. Returns how many texts it has, and how many lack a translation.

    Texts that are gone are dropped; a new one starts empty (never guessed from a similar one).
    """
    before = _read(language)
    after = Catalog(locale=language, project="Storefront", version="1", charset="utf-8", fuzzy=False)
    after.header_comment = f"# The words of the store: {language}."
    for one in collect():
        known = before.get(one.text, one.context or None)
        key: str | tuple[str, str] = (one.text, one.plural) if one.plural else one.text
        translated = known.string if known is not None and bool(one.plural) == known.pluralizable else None
        after.add(key, translated, context=one.context or None)
    path = _path(language, "po")
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    pofile.write_po(buffer, after, width=128, sort_output=True, omit_header=False, no_location=True, ignore_obsolete=True)
    # Without the instants of generation: a file that says when it was written changes when nothing else does.
    text = re.sub(
        rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Last-Translator|Language-Team):.*\n',
        b"",
        buffer.getvalue(),
        flags=re.MULTILINE,
    )
    path.write_bytes(text)
    return len(after), sum(not _is_complete(message) for message in after if message.id)


def compile_all() -> list[Path]:
    """Write each language's .mo file, if it is older than its .po file. Returns those written."""
    written = []
    for language in LANGUAGES:
        source, target = _path(language, "po"), _path(language, "mo")
        if source.exists() and (not target.exists() or target.stat().st_mtime < source.stat().st_mtime):
            buffer = io.BytesIO()
            mofile.write_mo(buffer, _read(language))
            # Whole or not at all: test workers start together, and each may be reading it.
            part = target.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(buffer.getvalue())
            part.replace(target)
            written.append(target)
    return written


def problems() -> list[str]:
    """What keeps a language from being complete: texts missing, left empty, said twice, or with other placeholders."""
    said = []
    source = collect()
    for language in LANGUAGES:
        known = _read(language)
        for one in source:
            message = known.get(one.text, one.context or None)
            where = f"{language}: {one.place}:{one.line}: {one.text!r}"
            if message is None:
                said.append(f"{where} is not in the catalogue: run manage.py translations update")
            elif not _is_complete(message):
                said.append(f"{where} has no translation")
            elif not _same_placeholders(message):
                said.append(f"{where} has other placeholders than its translation {message.string!r}")
            elif any(TWICE.search(text) for text in _strings(message)):
                said.append(f"{where} says the same twice in its translation {message.string!r}")
    return said


def _of_python(path: Path, place: str) -> Iterator[Found]:
    for line, texts, _comments, context in extract_from_file("python", str(path), keywords=KEYWORDS):
        one, many = texts if isinstance(texts, tuple) else (texts, "")
        if one:
            yield Found(place, line, one, many or "", context or "")


def _of_template(text: str, place: str) -> Iterator[Found]:
    if "{%" not in text:
        return
    calls = templatize(text, origin=place)
    for match in CALL.finditer(calls):
        arguments = _arguments(calls, match.end())
        line = calls.count("\n", 0, match.start()) + 1
        match match[1], arguments:
            case "npgettext", [context, one, many, *_]:
                yield Found(place, line, one, many, context)
            case "ngettext", [one, many, *_]:
                yield Found(place, line, one, many)
            case "pgettext", [context, one, *_]:
                yield Found(place, line, one, context=context)
            case "gettext" | "_", [one, *_]:
                yield Found(place, line, one)


def _arguments(calls: str, start: int) -> list[str]:
    """The leading string literals of the call whose bracket closes first after `start`."""
    for end in (found.end() for found in re.finditer(r"\)", calls[start : start + 4000])):
        try:
            parsed = ast.parse(f"f({calls[start : start + end]}", mode="eval").body
        except (SyntaxError, ValueError):
            continue
        if isinstance(parsed, ast.Call):
            literals = (argument.value for argument in parsed.args if isinstance(argument, ast.Constant))
            return [value for value in literals if isinstance(value, str)]
    return []


def _is_complete(message: Message) -> bool:
    return all(_strings(message))


def _strings(message: Message) -> list[str]:
    """The translation, in each of its forms."""
    strings = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return [text or "" for text in strings] or [""]


def _same_placeholders(message: Message) -> bool:
    originals = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
    wanted = {placeholder for text in originals for placeholder in PLACEHOLDER.findall(text)}
    used = {placeholder for text in _strings(message) for placeholder in PLACEHOLDER.findall(text)}
    return wanted == used


def _path(language: str, suffix: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"django.{suffix}"


def _read(language: str) -> Catalog:
    path = _path(language, "po")
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)
