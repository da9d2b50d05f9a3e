"""Reading a parsed TOML table with care: each problem is noted with line, key and remedy; none stops the reading."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from billing.rules import toml_lines

_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,38}")
_MAX_MINOR: Final = 99_999_999  # Stripe's largest unit amount: eight digits


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in the file: where, what, and what to do about it."""

    line: int
    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line}: {self.key}" if self.key else f"line {self.line}"
        return f"{where}: {self.message} {self.remedy}"


@dataclass
class Notes:
    """The problems found so far, and where each key stands."""

    lines: Mapping[toml_lines.Path, int]
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: toml_lines.Path, message: str, remedy: str) -> None:
        known = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in self.lines), ())
        self.problems.append(Problem(self.lines.get(known, 1), ".".join(path), message, remedy))


@dataclass(frozen=True)
class Table:
    """One TOML table and the way to it. A getter returns a stand-in for what is wrong or missing, and notes it."""

    notes: Notes
    path: toml_lines.Path
    values: Mapping[str, Any]

    def problem(self, key: str, message: str, remedy: str) -> None:
        self.notes.add((*self.path, key) if key else self.path, message, remedy)

    def only(self, known: Collection[str]) -> None:
        """Note every key that is not known, with the one that was perhaps meant."""
        for key in self.values:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                remedy = f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(sorted(known))}."
                self.problem(key, "is not known.", remedy)

    def has(self, key: str) -> bool:
        return key in self.values

    def missing(self, key: str, example: str) -> None:
        self.problem(key, "is missing.", f"Add, for example, {key} = {example}")

    def table(self, key: str, example: str = "{ ... }") -> "Table":
        value = self.values.get(key)
        path = (*self.path, key)
        if isinstance(value, dict):
            return Table(self.notes, path, value)
        if value is None:
            self.missing(key, example)
        else:
            self.problem(key, f"is {_kind(value)}, not a table.", f"Write {key} = {example}")
        # What is missing as a whole is said once, not again for each key in it.
        return Table(Notes({}), path, {})

    def tables(self, key: str, example: str) -> "dict[str, Table]":
        """The tables in a table, by code; each code must be a plain one."""
        outer = self.table(key, example)
        for code in outer.values:
            if not _CODE.fullmatch(code):
                outer.problem(code, "is no code.", "Use small letters, digits, - and _, at most 39, a letter first.")
        return {code: outer.table(code) for code in outer.values}

    def integer(self, key: str, example: int, *, least: int, most: int = _MAX_MINOR) -> int:
        value = self.values.get(key)
        if value is None:
            self.missing(key, str(example))
            return max(example, least)
        return self.checked_integer(key, value, example, least=least, most=most)

    def checked_integer(self, key: str, value: Any, example: int, *, least: int, most: int = _MAX_MINOR) -> int:
        if type(value) is not int:
            self.problem(key, f"is {_kind(value)}, not a whole number.", f"Write a whole number, for example {example}.")
        elif not least <= value <= most:
            self.problem(key, f"is {value}, outside {least} to {most}.", f"Give a number from {least} to {most}.")
        else:
            return value
        return max(example, least)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.problem(key, f"is {_kind(value)}, not true or false.", f"Write {key} = true or {key} = false.")
            return default
        return value

    def word(self, key: str, example: str, *, choices: Sequence[str] | None = None, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if value is None:
            self.missing(key, f'"{example}"')
        elif not isinstance(value, str) or not value.strip():
            self.problem(key, f"is {_kind(value)}, not a text.", f'Write a text, for example "{example}".')
        elif choices is not None and value not in choices:
            self.problem(key, f"is {value!r}.", f"Choose one of: {', '.join(choices)}.")
        else:
            return value
        return example

    def words(self, key: str, example: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(key, "is not a list of texts.", f"Write {key} = {example}")
            return ()
        if len(set(value)) < len(value):
            self.problem(key, "names something twice.", "Name each once.")
        return tuple(dict.fromkeys(value))

    def text(self, key: str, languages: Sequence[str]) -> dict[str, str]:
        """A text for people: one string for all languages, or one for each."""
        value = self.values.get(key)
        example = "{ " + ", ".join(f'{language} = "..."' for language in languages) + " }"
        if isinstance(value, str) and value.strip():
            return dict.fromkeys(languages, value)
        if value is None:
            self.missing(key, example)
        elif not isinstance(value, dict):
            self.problem(key, f"is {_kind(value)}, not a text.", f"Write {key} = {example}")
        else:
            inner = self.table(key)
            inner.only(languages)
            return {language: inner.word(language, "...") for language in languages}
        return dict.fromkeys(languages, "")


def _kind(value: Any) -> str:
    if isinstance(value, str) and not value.strip():
        return "empty"
    names = {bool: "true or false", int: "a number", float: "a decimal number", str: "a text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
