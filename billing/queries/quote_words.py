"""A quote in the reader's words: what its page, its PDF and its approver's page show alike. No query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.queries import places
from billing.models import Invoice, Quote, QuoteKind, QuoteState
from billing.queries import catalog, collecting_words, deal_words, payers, promotion_words
from billing.queries import tax as tax_queries
from billing.queries.quotes import Outcome
from billing.rules import collecting
from billing.rules.collecting import How
from config import words

Data = Mapping[str, Any]
YEARLY: Final = "year"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line: what it is, how many at which price, what they come to."""

    label: str
    note: str
    quantity: str
    unit: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Sum:
    label: str
    amount: str
    is_total: bool = False


@dataclass(frozen=True, kw_only=True)
class Document:
    """A quote as it reads. `sender` and `recipient` are lines of an address; `facts` label and value."""

    title: str
    subject: str
    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    note: str
    columns: tuple[str, str, str, str]
    rows: tuple[Row, ...]
    sums: tuple[Sum, ...]
    due_title: str
    due_note: str
    due_rows: tuple[Sum, ...]
    after: tuple[str, ...]
    terms: tuple[str, ...]
    invoice: Invoice | None = None
    """What came of it, once accepted."""


def of(quote: Quote, live: Data | None = None, outcome: Outcome | None = None) -> Document:
    """The quote as it was issued; with `live` (quoting.terms) its amounts due are of today, with `outcome` what came of it."""
    data = quote.document
    due = live if live is not None else data
    return Document(
        title=_("Quote %(number)s") % {"number": quote.number} if quote.number else _("Draft of a quote"),
        subject=subject(quote),
        sender=sender(),
        recipient=tuple(_recipient(quote)),
        facts=tuple(_facts(quote)),
        note=quote.note,
        columns=(_("What"), _("Quantity"), _("Each"), _yearly(data, _("A year"), _("A month"))),
        rows=tuple(_rows(data)),
        sums=tuple(_sums(data)),
        due_title=_came_title(quote, outcome) if outcome else _due_title(quote, due),
        due_note=_came_note(quote, outcome) if outcome else _due_note(quote, due),
        due_rows=() if outcome else tuple(_due_rows(quote, due)),
        invoice=outcome.invoice if outcome else None,
        after=tuple(_after(quote, data)),
        terms=tuple(_terms(quote)),
    )


def subject(quote: Quote) -> str:
    """What it is about, in one line: "Team for 13 seats, paid monthly"."""
    data = quote.document
    values = {"plan": data["plan"], "seats": words.seats(data["seats"])}
    if quote.kind == QuoteKind.PURCHASE:
        return _yearly(data, _("%(plan)s for %(seats)s, paid yearly"), _("%(plan)s for %(seats)s, paid monthly")) % values
    before, what = data["before"], data["what"]
    if what["kind"] == "seats":
        more = data["seats"] - before["seats"]
        said = ngettext("%(more)s more seat of %(plan)s", "%(more)s more seats of %(plan)s", more)
        return said % (values | {"more": words.number(more)})
    if what["kind"] == "addon":
        return _("%(addon)s with %(plan)s") % (values | {"addon": catalog.text(what["name"])})
    if what["kind"] == "year":
        return _("A year of %(plan)s for %(seats)s instead of months") % values
    return _("%(plan)s instead of %(before)s, for %(seats)s") % (values | {"before": before["plan"]})


def sender() -> tuple[str, ...]:
    """The vendor, as its invoices name it."""
    brand = settings.BRAND
    return (brand["legal_name"], *(part.strip() for part in brand["address"].split(",")), brand["support_email"])


def state_tone(state: str) -> str:
    """A badge's tone for a state."""
    tones = {QuoteState.OPEN: "accent", QuoteState.ACCEPTED: "good", QuoteState.LAPSED: "warn", QuoteState.OVERTAKEN: "warn"}
    return tones.get(QuoteState(state), "neutral")


def _recipient(quote: Quote) -> Iterable[str]:
    party = quote.document["party"]
    yield party["name"]
    if quote.addressed_to:
        yield _("Attention of %(name)s") % {"name": quote.addressed_to}
    yield from party["lines"]
    yield dict(places.countries()).get(party["country"], party["country"])


def _facts(quote: Quote) -> Iterable[tuple[str, str]]:
    if quote.issued_at:
        yield _("Date"), words.full_day(quote.issued_at)
    if quote.valid_on:
        yield _("Valid through"), words.full_day(quote.valid_on)
    if quote.purchase_order:
        yield _("Purchase order"), quote.purchase_order
    for number in quote.document["party"]["tax_ids"]:
        yield _("Your tax ID"), number
    yield from deal_words.facts(quote)
    if quote.actor is not None:
        yield _("Asked for by"), quote.actor.name or quote.actor.email


def _rows(data: Data) -> Iterable[Row]:
    currency = data["currency"]
    for line in data["lines"]:
        label = catalog.text(line["name"]) if line["what"] == "addon" else line["name"]
        yield Row(
            label=label,
            note=_tier(line) if line["what"] == "tier" else _per(line, data),
            quantity=words.number(line["quantity"]),
            unit=words.money(line["unit_minor"], currency),
            amount=words.money(line["amount_minor"], currency),
        )


def _tier(line: Data) -> str:
    values = {"first": words.number(line["first"]), "last": words.number(line["first"] + line["quantity"] - 1)}
    return _("Seats %(first)s to %(last)s") % values if line["quantity"] > 1 else _("Seat %(first)s") % values


def _per(line: Data, data: Data) -> str:
    if line["what"] == "plan":
        return _yearly(data, _("A seat and year"), _("A seat and month"))
    return _("Add-on")


def _sums(data: Data) -> Iterable[Sum]:
    currency, off = data["currency"], data["off"]
    before = sum(line["amount_minor"] for line in data["lines"])
    if off or data["taxes"]:
        yield Sum(label=_("Subtotal"), amount=words.money(before, currency))
    if off:
        yield Sum(label=_discount(off), amount=words.money(-off["minor"], currency))
    yield from _taxes(data["taxes"], currency)
    label = _yearly(data, _("Total a year"), _("Total a month"))
    if data["is_tax_open"]:
        label = _yearly(data, _("Total a year, without tax"), _("Total a month, without tax"))
    yield Sum(label=label, amount=words.money(data["total_minor"], currency), is_total=True)


def _discount(off: Data) -> str:
    return promotion_words.name(off["name"], off["code"]) or _("Discount")


def _taxes(taxes: Iterable[Data], currency: str) -> Iterable[Sum]:
    for line in tax_queries.of_plain(taxes):
        yield Sum(label=tax_queries.label(line), amount=words.money(line.amount_minor, currency))


def _due_title(quote: Quote, data: Data) -> str:
    amount = _due_minor(quote, data)
    values = {"amount": words.money(amount, data["currency"])}
    if quote.kind == QuoteKind.PURCHASE:
        return _("%(amount)s on acceptance") % values
    values["day"] = words.full_day(_due_on(data["due"]))
    if before := data["due"].get("before"):
        return _("%(amount)s if accepted on %(day)s before %(time)s") % (values | {"time": words.clock_time(_at(before))})
    return _("%(amount)s if accepted on %(day)s") % values


def how(quote: Quote) -> How:
    """How a change is collected, as its subscription is; a purchase by the way that is chosen, so by card. No query."""
    row = quote.subscription
    if row is None:
        return How.CARD
    row.organization = quote.organization
    return collecting.how(is_invoiced=row.is_invoiced, method_kind=payers.kind(row))


def _came_title(quote: Quote, outcome: Outcome) -> str:
    values = {"amount": words.money(outcome.amount_minor, quote.currency)}
    if outcome.invoice is None or not outcome.invoice.number:
        return _("%(amount)s when it was accepted") % values
    return _("%(amount)s on invoice %(number)s") % (values | {"number": outcome.invoice.number})


def _came_note(quote: Quote, outcome: Outcome) -> str:
    values = {"day": words.full_day(outcome.accepted_at), "name": quote.decision.name if quote.decision else ""}
    return (_("Accepted by %(name)s on %(day)s.") if values["name"] else _("Accepted on %(day)s.")) % values


def _due_on(due: Data) -> date:
    """The customer's own day, whoever reads it where; of one that was made before days were kept: the reader's."""
    return date.fromisoformat(due["on"]) if "on" in due else timezone.localdate(_at(due["at"]))


def _due_minor(quote: Quote, data: Data) -> int:
    due = data["due"]
    return int(due["total_minor"] if quote.kind == QuoteKind.PURCHASE else due["due_minor"])


def _due_note(quote: Quote, data: Data) -> str:
    if quote.kind == QuoteKind.PURCHASE:
        return _yearly(
            data,
            _("The first year is due then, and each year after it."),
            _("The first month is due then, and each month after it."),
        )
    due = data["due"]
    if due["is_anew"]:
        return _(
            "A whole year, less what is left of the month that runs: a little more after this day, until that month is "
            "over. What it is then is shown before anybody accepts."
        )
    ends = {"day": words.full_day(_at(due["period_ends_at"]))}
    return (
        _(
            "For the days left until %(day)s, the day of acceptance included: the same all day, less each day, and from "
            "then on for the days left of the next period. What it is on another day is shown before anybody accepts."
        )
        % ends
    )


def _due_rows(quote: Quote, data: Data) -> Iterable[Sum]:
    """What the amount of a change is made of; of a purchase it is the total above."""
    if quote.kind == QuoteKind.PURCHASE:
        return
    due, currency = data["due"], data["currency"]
    charged = _("A year at the new price") if due["is_anew"] else _("The new price, for the days that are left")
    yield Sum(label=charged, amount=words.money(due["charged_minor"], currency))
    if due["credited_minor"]:
        yield Sum(label=collecting_words.before_label(how(quote)), amount=words.money(due["credited_minor"], currency))
    if due["off_minor"]:
        yield Sum(label=_("Discount"), amount=words.money(-due["off_minor"], currency))
    yield from _taxes(due["taxes"], currency)
    if due["balance_minor"] > 0:
        yield Sum(label=_("From your credit"), amount=words.money(-due["balance_minor"], currency))
    elif due["balance_minor"] < 0:
        yield Sum(label=_("Still owed from before"), amount=words.money(-due["balance_minor"], currency))
    if carried := due.get("carried_minor", 0):
        yield Sum(label=_("Carried to your next invoice"), amount=words.money(-carried, currency))
    yield Sum(label=collecting_words.then_label(how(quote)), amount=words.money(due["due_minor"], currency), is_total=True)


def _after(quote: Quote, data: Data) -> Iterable[str]:
    """What is different once it is accepted."""
    currency = data["currency"]
    total = words.money(data["total_minor"], currency)
    values = {"total": total, "plan": data["plan"], "seats": words.seats(data["seats"])}
    if quote.kind == QuoteKind.PURCHASE:
        later = deal_words.begins(data.get("deal", {}))
        at_once, plain = _("%(plan)s with %(seats)s begins at once."), _("%(plan)s with %(seats)s.")
        yield f"{plain % values} {later}" if later else at_once % values
    else:
        before = data["before"]
        had = {"before_seats": words.seats(before["seats"]), "before_plan": before["plan"]}
        yield _("%(plan)s with %(seats)s at once, instead of %(before_plan)s with %(before_seats)s.") % (values | had)
        was = words.money(before["total_minor"], currency)
        unit = _yearly(before, _("%(was)s a year"), _("%(was)s a month")) % {"was": was}
        yield _yearly(
            data,
            _("%(total)s a year from then on, instead of %(was)s."),
            _("%(total)s a month from then on, instead of %(was)s."),
        ) % (values | {"was": unit})
    for item in data.get("beside", ()):
        beside = {"addon": catalog.text(item["name"]), "amount": words.money(item["amount_minor"], currency)}
        yield _("%(addon)s besides, for %(amount)s a month before tax.") % beside
    if coming := data.get("coming"):
        then = {"day": words.full_day(_at(coming["at"])), "seats": words.seats(coming["seats"])}
        then["total"] = words.money(coming["total_minor"], currency)
        yield _("From %(day)s %(seats)s for %(total)s, by what waits for that day already.") % then
    yield from _discount_ends(data)
    yield from deal_words.after(data, words.money(data["full_minor"], currency))
    if quote.rep_id is not None:
        return
    if quote.kind == QuoteKind.PURCHASE:
        yield _("It renews by itself, and can be ended with any period.")
    else:
        yield _("People, their seats and everything they made stay as they are.")


def _discount_ends(data: Data) -> Iterable[str]:
    off, full = data["off"], words.money(data["full_minor"], data["currency"])
    if not off:
        return
    if off["is_once"]:
        yield _yearly(
            data,
            _("The discount is for the first year: %(full)s a year after it."),
            _("The discount is for the first month: %(full)s a month after it."),
        ) % {"full": full}
    elif off["ends_at"]:
        values = {"full": full, "day": words.full_day(_at(off["ends_at"]))}
        yield (
            _yearly(
                data,
                _("From %(day)s, without the discount: %(full)s a year."),
                _("From %(day)s, without the discount: %(full)s a month."),
            )
            % values
        )


def _terms(quote: Quote) -> Iterable[str]:
    if quote.valid_on:
        yield _("The prices above are held through %(day)s, whatever is sold at another price meanwhile.") % {
            "day": words.full_day(quote.valid_on)
        }
    if wording := quote.document.get("deal", {}).get("wording"):
        yield wording
    if quote.document["is_tax_open"]:
        yield _("Tax is worked out when it is billed, as your country asks for it, and comes on top.")
    if quote.kind == QuoteKind.CHANGE:
        yield _("It holds for what you have today. If seats or plan are changed meanwhile, it is made anew.")
    yield _("Accepted by its link. Our terms of service apply; they are accepted with it.")


def _at(text: str) -> datetime:
    found = parse_datetime(text)
    assert found is not None
    return timezone.localtime(found)


def _yearly(data: Data, year: str, month: str) -> str:
    return year if data["interval"] == YEARLY else month


def listed(quotes: Sequence[Quote]) -> list[dict[str, Any]]:
    """Rows of a list: what, how much, until when."""
    return [
        {
            "quote": quote,
            "subject": subject(quote),
            "tone": state_tone(quote.state),
            "period": _yearly(quote.document, _("a year"), _("a month")),
        }
        for quote in quotes
    ]
