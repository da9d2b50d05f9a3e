"""Where each key of a TOML text stands, which tomllib does not say: so that an error can name its line."""

import re
from typing import Final

Path = tuple[str, ...]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRINGS: Final = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


def lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) on which each key, dotted key and table header of a text stands.

    The text must have passed tomllib already; an array of tables counts its entries into the path ("0", "1", ...).
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self.entries: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        prefix: Path = ()
        while self._skip_blank():
            if self.text[self.at] == "[":
                prefix = self._header()
            else:
                self._pair(prefix)
        return self.found

    def _skip_blank(self) -> bool:
        self.at = self._matched(_BLANK).end()
        return self.at < len(self.text)

    def _matched(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"This is no TOML at character {self.at}; parse it with tomllib first.")
        return match

    def _note(self, path: Path, start: int) -> None:
        line = self.text.count("\n", 0, start) + 1
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], line)

    def _header(self) -> Path:
        start, is_array = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        path = self._key()
        self.at += 2 if is_array else 1
        if is_array:
            index = self.entries[path] = self.entries.get(path, -1) + 1
            path = (*path, str(index))
        self._note(path, start)
        return path

    def _key(self) -> Path:
        parts: list[str] = []
        while True:
            self._skip_blank()
            quoted = self.text[self.at] in "\"'"
            token = self._string() if quoted else self._matched(_BARE).group()
            self.at += 0 if quoted else len(token)
            parts.append(token[1:-1] if quoted else token)
            self._skip_blank()
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _string(self) -> str:
        for pattern in _STRINGS:
            match = pattern.match(self.text, self.at)
            if match:
                self.at = match.end()
                return match.group()
        raise ValueError(f"A string begins at character {self.at} and does not end; parse the text with tomllib first.")

    def _pair(self, prefix: Path) -> None:
        start = self.at
        path = (*prefix, *self._key())
        self._note(path, start)
        self.at += 1  # the "="
        self._skip_blank()
        self._value(path)

    def _value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "{":
            self._items("}", path)
        elif opening == "[":
            self._items("]", path)
        else:
            self.at = self._matched(re.compile(r"[^,\]}#\n]*")).end()

    def _items(self, closing: str, path: Path) -> None:
        self.at += 1
        index = 0
        while self._skip_blank() and self.text[self.at] != closing:
            if self.text[self.at] == ",":
                self.at += 1
                index += 1
            elif closing == "}":
                self._pair(path)
            else:
                self._note((*path, str(index)), self.at)
                self._value((*path, str(index)))
        self.at += 1
