"""A quote as a PDF: A4, one page for most, in the active language. The same quote is the same bytes.

reportlab places the text; the typeface is Roboto, whose figures are all equally wide, so that amounts stand in columns.
"""

import html
import importlib.resources
import io
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.lib import colors, enums, pagesizes, styles, units
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.platypus import BaseDocTemplate, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table, TableStyle

from billing.queries.quote_words import Document, Sum
from config import brand

WIDTH, HEIGHT = pagesizes.A4
MARGIN: Final = 20 * units.mm
TOP: Final = 26 * units.mm
FOOT: Final = 26 * units.mm
INSIDE: Final = WIDTH - 2 * MARGIN
INK, SOFT, LINE, WASH = (colors.HexColor(code) for code in ("#141816", "#555c58", "#d9dedb", "#f4f7f5"))
FONT, BOLD = "Roboto", "Roboto-Medium"
# Number, price of one, amount; the rest is for what it is.
COLUMNS: Final = (INSIDE - 80 * units.mm, 20 * units.mm, 27 * units.mm, 33 * units.mm)
PLAIN: Final = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]


def render(document: Document, *, link: str = "", state: str = "") -> bytes:
    """The file. `link`: where it is accepted; `state`: printed beside the title of one that is not open."""
    _fonts()
    pages = _build(document, link, state, total=0)[1]
    return _build(document, link, state, total=pages)[0]


@cache
def _fonts() -> None:
    found = importlib.resources.files("font_roboto") / "files"
    for name, file in ((FONT, "Roboto-Regular.ttf"), (BOLD, "Roboto-Medium.ttf")):
        pdfmetrics.registerFont(ttfonts.TTFont(name, io.BytesIO((found / file).read_bytes())))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)


def _build(document: Document, link: str, state: str, *, total: int) -> tuple[bytes, int]:
    out = io.BytesIO()
    made = BaseDocTemplate(
        out,
        pagesize=pagesizes.A4,
        title=f"{document.title} · {document.subject}",
        author=settings.BRAND["legal_name"],
        subject=document.subject,
        creator=settings.BRAND["name"],
        lang=translation.get_language() or "en",
        invariant=1,
        initialFontName=FONT,
    )
    frame = Frame(MARGIN, FOOT, INSIDE, HEIGHT - TOP - FOOT, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    made.addPageTemplates(PageTemplate(frames=[frame], onPage=_furniture(document, total)))
    made.build(_story(document, link, state))
    return out.getvalue(), int(made.page)


def _furniture(document: Document, total: int) -> Callable[[Any, Any], None]:
    """What each page has: the vendor's name above, its address and the page's number below."""

    def draw(canvas: Any, made: Any) -> None:
        accent = colors.HexColor(brand.accent_hex(0.49))
        canvas.setFillColor(accent)
        canvas.rect(0, HEIGHT - 2.2 * units.mm, WIDTH, 2.2 * units.mm, stroke=0, fill=1)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 13)
        canvas.drawString(MARGIN, HEIGHT - 17 * units.mm, settings.BRAND["name"])
        canvas.setFont(FONT, 8)
        canvas.setFillColor(SOFT)
        if made.page > 1:
            canvas.drawRightString(WIDTH - MARGIN, HEIGHT - 17 * units.mm, document.title)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, FOOT - 6 * units.mm, WIDTH - MARGIN, FOOT - 6 * units.mm)
        canvas.drawString(MARGIN, FOOT - 10.5 * units.mm, " · ".join(document.sender))
        page = _("Page %(page)s of %(pages)s") % {"page": made.page, "pages": total or made.page}
        canvas.drawRightString(WIDTH - MARGIN, FOOT - 10.5 * units.mm, page)

    return draw


def _style(name: str = FONT, size: float = 9.5, **more: Any) -> Any:
    leading = more.pop("leading", size * 1.42)
    return styles.ParagraphStyle(name, fontName=name, fontSize=size, leading=leading, textColor=more.pop("ink", INK), **more)


def _p(text: str, style: Any) -> Any:
    return Paragraph(html.escape(text), style)


def _story(document: Document, link: str, state: str) -> list[Any]:
    story: list[Any] = [
        _p(document.title, _style(BOLD, 22, leading=26)),
        *([_p(state, _style(BOLD, 9.5, ink=colors.HexColor(brand.accent_hex(0.49))))] if state else []),
        Spacer(1, 5 * units.mm),
        _heads(document),
        Spacer(1, 7 * units.mm),
        _p(document.subject, _style(BOLD, 13, leading=17)),
    ]
    if document.note:
        story += [Spacer(1, 1.5 * units.mm), _p(document.note, _style(ink=SOFT))]
    story += [Spacer(1, 5 * units.mm), _lines(document), _sums(document.sums), Spacer(1, 5 * units.mm), _due(document)]
    for title, said, size in ((_("What changes"), document.after, 9.5), (_("Terms"), document.terms, 8.5)):
        points = [_p(line, _style(size=size, ink=SOFT, leftIndent=10, bulletIndent=0, spaceAfter=2)) for line in said]
        heading = _p(title, _style(BOLD, 10.5, spaceAfter=3))
        marked = [Paragraph(point.text, point.style, bulletText="\u2013") for point in points]
        story += [Spacer(1, 4.5 * units.mm), KeepTogether([heading, *marked])]
    if link:
        story += [Spacer(1, 6 * units.mm), _accept(link)]
    return story


def _heads(document: Document) -> Any:
    """To whom, on the left; number, days and references on the right."""
    name, *rest = document.recipient
    to = [_p(name, _style(BOLD, 10.5)), *(_p(line, _style()) for line in rest)]
    facts = [[_p(label, _style(size=8.5, ink=SOFT)), _p(value, _style(size=9.5))] for label, value in document.facts]
    table = Table(facts, colWidths=(32 * units.mm, 53 * units.mm), style=TableStyle([*PLAIN, *_pad(0.5)])) if facts else ""
    return Table([[to, table]], colWidths=(INSIDE - 85 * units.mm, 85 * units.mm), style=TableStyle(PLAIN))


def _pad(size: float) -> list[tuple[Any, ...]]:
    return [("TOPPADDING", (0, 0), (-1, -1), size * units.mm), ("BOTTOMPADDING", (0, 0), (-1, -1), size * units.mm)]


def _right(name: str = FONT, size: float = 9.5, **more: Any) -> Any:
    return _style(name, size, alignment=enums.TA_RIGHT, **more)


def _lines(document: Document) -> Any:
    """The lines; the heading is said again on each page."""
    what, *numbers = document.columns
    rows: list[list[Any]] = [[_p(what, _style(size=8, ink=SOFT)), *(_p(name, _right(size=8, ink=SOFT)) for name in numbers)]]
    for row in document.rows:
        label = [_p(row.label, _style(BOLD)), *([_p(row.note, _style(size=8.5, ink=SOFT))] if row.note else [])]
        rows.append([label, _p(row.quantity, _right()), _p(row.unit, _right()), _p(row.amount, _right())])
    rules = [("LINEBELOW", (0, 0), (-1, 0), 0.8, INK), ("LINEBELOW", (0, 1), (-1, -1), 0.5, LINE)]
    return Table(rows, colWidths=COLUMNS, repeatRows=1, style=TableStyle([*PLAIN, *_pad(1.5), *rules]))


def _sums(sums: Sequence[Sum]) -> Any:
    rows = []
    for one in sums:
        strong: dict[str, Any] = {"name": BOLD, "size": 11} if one.is_total else {"ink": SOFT}
        rows.append([_p(one.label, _style(**strong)), _p(one.amount, _right(**strong))])
    made = Table(rows, colWidths=(47 * units.mm, 33 * units.mm), hAlign="RIGHT", style=TableStyle([*PLAIN, *_pad(1.1)]))
    return KeepTogether([Spacer(1, 2 * units.mm), made])


def _due(document: Document) -> Any:
    """What is charged, when: the one thing that is looked for."""
    inside: list[Any] = [_p(document.due_title, _style(BOLD, 14, leading=19))]
    if document.due_note:
        inside.append(_p(document.due_note, _style(size=9, ink=SOFT, spaceBefore=2)))
    if document.due_rows:
        rows = [[_p(one.label, _style(size=9, ink=SOFT)), _p(one.amount, _right(size=9))] for one in document.due_rows[:-1]]
        last = document.due_rows[-1]
        rows.append([_p(last.label, _style(BOLD, 9)), _p(last.amount, _right(BOLD, 9))])
        style = TableStyle([*PLAIN, *_pad(0.7), ("LINEABOVE", (0, -1), (-1, -1), 0.5, LINE)])
        inside += [Spacer(1, 3 * units.mm), Table(rows, colWidths=(INSIDE - 44 * units.mm, 30 * units.mm), style=style)]
    accent = colors.HexColor(brand.accent_hex(0.49))
    box = [
        ("BACKGROUND", (0, 0), (-1, -1), WASH),
        ("LINEBEFORE", (0, 0), (0, -1), 2, accent),
        *(("LEFTPADDING", (0, 0), (-1, -1), 7 * units.mm), ("RIGHTPADDING", (0, 0), (-1, -1), 7 * units.mm)),
        *_pad(3.8),
    ]
    return Table([[inside]], colWidths=(INSIDE,), style=TableStyle(box))


def _accept(link: str) -> Any:
    """Where it is accepted, to be clicked or typed."""
    accent = brand.accent_hex(0.49)
    label = html.escape(_("Accept this quote"))
    said = f'<b><link href="{html.escape(link)}" color="{accent}">{label}</link></b><br/>{html.escape(link)}'
    return KeepTogether([Paragraph(said, _style(size=8.5, ink=SOFT))])
