"""A credit note as PDF: its lines, discounts and taxes, and which invoice it takes back from."""

from collections.abc import Iterator

from billing.sandbox.http import Response
from billing.sandbox.pages import amounts, pdf, reductions
from billing.sandbox.pages.desk import Obj, Visit
from billing.sandbox.pages.words import Say

EXPANDED = ("customer", "invoice", "discount_amounts.discount.source.coupon", "total_taxes.tax_rate_details.tax_rate")


def document(visit: Visit) -> Response:
    """The document."""
    note = visit.shown("credit_note", *EXPANDED)
    say = visit.say(*(note["customer"].get("preferred_locales") or []))
    headers = {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'inline; filename="{note["number"]}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(200, pdf.pages(say, list(_rows(say, visit.merchant, note))), headers)


def _rows(say: Say, merchant: str, note: Obj) -> Iterator[pdf.Row]:
    def money(amount: int) -> str:
        return amounts.money(amount, note["currency"], say.language)

    yield pdf.Row(say("SANDBOX, no money moves"), size=9)
    yield pdf.Row(
        say("Credit note {number}", number=note["number"]), say("Void") if note["status"] == "void" else "", 14, bold=True
    )
    yield pdf.Row(say("For invoice {number}", number=note["invoice"]["number"]))
    yield pdf.Row(f"{say('From')}: {merchant}")
    yield pdf.Row(f"{say('To')}: {note['invoice']['customer_name'] or note['invoice']['customer_email'] or ''}")
    yield pdf.Row(f"{say('Issued')}: {amounts.day(note['effective_at'] or note['created'], say.language)}", rule=True)
    for line in note["lines"]["data"]:
        yield from (pdf.Row(text) for text in pdf.wrapped(line["description"] or "")[:-1])
        yield pdf.Row((pdf.wrapped(line["description"] or "") or [""])[-1], money(line["amount"]))
    yield pdf.Row(rule=True)
    on_top, within = reductions.taxes(say, note["total_taxes"])
    yield from (
        pdf.Row(words, money(amount)) for words, amount in (*reductions.discounts(say, note["discount_amounts"]), *on_top)
    )
    yield pdf.Row(say("Credited in all"), money(note["total"]), bold=True)
    yield from (pdf.Row(words, money(amount)) for words, amount in within)
    yield from (pdf.Row(text, size=8) for text in pdf.wrapped(note["memo"] or ""))
