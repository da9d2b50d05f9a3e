"""E-mail addresses out of what people paste or upload: one a line, in a row, with names, or a spreadsheet's CSV."""

import csv
import io
import re

# One address and nothing else; Django's validator has the last word, this only takes text apart.
NAMED = re.compile(r"(?:\"[^\"]*\"|[^,;<>\"])*<([^<>\s]+@[^<>\s]+)>")
SEPARATORS = re.compile(r"[,;\s]+")


def split(text: str) -> list[str]:
    """The addresses in `text` in order, lower case, repeats kept; what is no address comes back as it stands.

    Understands "Ada Example <ada@acme.example>", lists by comma, semicolon, space or line, and CSV rows (the first cell with an
    "@" counts; a header row without one is left out).
    """
    found: list[str] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines()):
        found += _addresses(line.strip(), first=number == 0)
    return found


def _addresses(line: str, *, first: bool) -> list[str]:
    if not line:
        return []
    if NAMED.search(line):
        # A name before its address goes; what stands between named ones is read like any other list.
        line = NAMED.sub(r" \1 ", line)
    if '"' in line:
        line = " ".join(next(csv.reader(io.StringIO(line.replace(";", ","))), []))
    words = [word for word in SEPARATORS.split(line) if word]
    addresses = [word.strip("'\"()").lower() for word in words if "@" in word]
    if addresses:
        return addresses
    return [] if first and _is_header(line) else [line[:120]]


def _is_header(line: str) -> bool:
    return bool(re.search(r"\b(e-?mail|mail|address|adresse|name|role|rolle)\b", line.lower()))
