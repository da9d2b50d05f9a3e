"""The little Markdown of legal texts, as data: headings, paragraphs, lists, bold and links. No HTML comes out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SPANS = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|\[(?P<label>[^\]]+)\]\((?P<href>https?://[^)\s]+|mailto:[^)\s]+|/[^)\s]*)\)")


@dataclass(frozen=True)
class Span:
    """A run of text, bold or a link or neither."""

    text: str
    bold: bool = False
    href: str = ""


@dataclass(frozen=True)
class Block:
    """`kind` is heading, paragraph or list; a list has one line of spans an item, the others have one line."""

    kind: str
    lines: tuple[tuple[Span, ...], ...]


def parse(text: str) -> list[Block]:
    """The blocks of a text; blocks are parted by blank lines, `## ` starts a heading and `- ` an item."""
    return [_block(part) for part in re.split(r"\n[ \t]*\n", text.strip()) if part.strip()]


def _block(part: str) -> Block:
    lines = [line.strip() for line in part.strip().splitlines()]
    if lines[0].startswith("#"):
        return Block("heading", (_spans(lines[0].lstrip("# ")),))
    if lines[0].startswith("- "):
        items = [item.strip() for item in re.split(r"(?:^|\n)- ", "\n".join(lines)) if item.strip()]
        return Block("list", tuple(_spans(" ".join(item.split())) for item in items))
    return Block("paragraph", (_spans(" ".join(lines)),))


def _spans(line: str) -> tuple[Span, ...]:
    return tuple(span for span in _parts(line) if span.text)


def _parts(line: str) -> Iterator[Span]:
    end = 0
    for found in SPANS.finditer(line):
        yield Span(line[end : found.start()])
        yield Span(found["bold"], bold=True) if found["bold"] else Span(found["label"], href=found["href"])
        end = found.end()
    yield Span(line[end:])
