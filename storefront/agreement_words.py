"""What was agreed with a customer, as its pages show it: what, until when, and what is true then."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.queries import terms_words
from billing.queries.overview import Standing
from billing.queries.standing_facts import Agreed
from billing.services.changes import committed
from config import words


@dataclass(frozen=True, kw_only=True)
class Row:
    text: str
    note: str
    is_coming: bool = False
    is_over: bool = False


def rows(standing: Standing) -> list[Row]:
    """What holds or will, by its end, then what has held. No query."""
    found = sorted(standing.agreed, key=lambda one: (one.state != "approved", one.ends_on))
    return [_row(one) for one in found]


def put_off(term: committed.Term | None) -> list[str]:
    """The note on a receipt of what waits for the end of a committed term; empty: nothing does."""
    if term is None:
        return []
    said = _("You agreed to keep what you have until %(day)s: less is had from the period after that on.")
    return [said % {"day": terms_words.last_day(term.until)}]


def _row(one: Agreed) -> Row:
    if one.state != "approved":
        return Row(text=terms_words.line(one), note=_("The price list's terms hold again."), is_over=True)
    if one.began_at is None:
        note = _("From %(day)s on.") % {"day": words.day(one.starts_on)}
        return Row(text=terms_words.line(one), note=note, is_coming=True)
    return Row(text=terms_words.line(one), note=terms_words.after(one.kind))
