"""An invoice as a PDF: A4, Helvetica, as many pages as its lines need. Enough of the format to be read, filed and printed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.sandbox.pages import invoice_view
from billing.sandbox.pages.words import Say

Obj = dict[str, Any]

WIDTH, HEIGHT, MARGIN = 595, 842, 56
LEADING = 16
# Characters half as wide as a digit in Helvetica: enough to right-align what amounts are made of.
_NARROW = frozenset(" .,:;!'|ijlIt-()/")
COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One line of text: words on the left, a figure on the right, size in points, a rule below."""

    left: str = ""
    right: str = ""
    size: int = 10
    bold: bool = False
    rule: bool = False


def render(say: Say, merchant: str, invoice: Obj) -> bytes:
    """The document's bytes."""
    return pages(say, list(_rows(say, merchant, invoice)))


def pages(say: Say, rows: list[Row]) -> bytes:
    """Rows as a document: as many pages as they need."""
    count = (HEIGHT - 2 * MARGIN) // LEADING - 2
    sheets = [rows[start : start + count] for start in range(0, len(rows), count)]
    contents = [
        _content(page, say("Page {page} of {pages}", page=number, pages=len(sheets))) for number, page in enumerate(sheets, 1)
    ]
    return _document(contents)


def _rows(say: Say, merchant: str, invoice: Obj) -> Iterator[Row]:
    yield Row(say("SANDBOX, no money moves"), size=9)
    yield Row(invoice_view.title(say, invoice), say(invoice_view.STATUS[invoice["status"]]), size=14, bold=True)
    yield Row()
    for label, value in invoice_view.facts(say, merchant, invoice):
        yield from (Row(text) for text in wrapped(f"{label}: {value}"))
    yield Row()
    yield Row(say("Description"), say("Amount"), bold=True, rule=True)
    for line in invoice_view.lines(say, invoice):
        first, *rest = wrapped(line.description) or [""]
        yield Row(first, line.amount)
        yield from (Row(text) for text in rest)
        detail = " · ".join(part for part in (f"{line.quantity} \u00d7 {line.unit}" if line.unit else "", line.period) if part)
        if detail:
            yield Row(detail, size=8)
    yield Row(rule=True)
    rows, due = invoice_view.sums(say, invoice)
    yield from (Row(label, amount) for label, amount in rows)
    yield Row(*due, bold=True)
    account = invoice_view.account(merchant, invoice)
    if account:
        yield Row()
        yield Row(say("Pay by bank transfer"), bold=True)
        yield from (Row(f"{say(label)}: {value}") for label, value in account)
    if invoice["footer"]:
        yield Row()
        yield from (Row(text, size=8) for text in wrapped(invoice["footer"]))


def wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < COLUMNS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _content(rows: list[Row], foot: str) -> bytes:
    parts: list[str] = []
    y = HEIGHT - MARGIN
    for row in rows:
        parts.append(_text(row.left, MARGIN, y, row))
        if row.right:
            parts.append(_text(row.right, WIDTH - MARGIN - _width(row.right, row.size), y, row))
        if row.rule:
            parts.append(f"0.5 w {MARGIN} {y - 5} m {WIDTH - MARGIN} {y - 5} l S")
        y -= LEADING
    parts.append(_text(foot, MARGIN, MARGIN - LEADING, Row(size=8)))
    return "\n".join(part for part in parts if part).encode("cp1252", "replace")


def _text(text: str, x: float, y: int, row: Row) -> str:
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").replace("\u202f", " ").replace("\u00a0", " ")
    return f"BT /{'B' if row.bold else 'R'} {row.size} Tf {x:.1f} {y} Td ({escaped}) Tj ET" if text else ""


def _width(text: str, size: int) -> float:
    return sum(280 if character in _NARROW else 556 for character in text) * size / 1000


def _document(contents: list[bytes]) -> bytes:
    """The objects of the file: catalog, page tree, two fonts, then page and content in turn."""
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(contents)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    for index, content in enumerate(contents):
        box = f"/MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources << /Font << /R 3 0 R /B 4 0 R >> >> /Contents {6 + 2 * index} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
