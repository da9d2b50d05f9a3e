"""Deals in words, for staff: what is not the catalog's, who may allow it, and how the budget stands. No query."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import TermsKind
from billing.queries import catalog, terms_words
from config import words
from offramps.models import DealVersion
from offramps.rules.deals import Finding, Part, Verdict

KINDS: Mapping[Part, tuple[TermsKind, str]] = {
    Part.DISCOUNT: (TermsKind.DISCOUNT, "percent_bps"),
    Part.PAYMENT_TERMS: (TermsKind.PAYMENT_TERMS, "net_days"),
    Part.SEAT_CEILING: (TermsKind.SEAT_CEILING, "seats"),
}


def finding(one: Finding) -> str:
    """What it is: "10% off", "A term of 24 months"."""
    if one.part in KINDS:
        kind, name = KINDS[one.part]
        return terms_words.gives(kind, {name: one.value})
    if one.part == Part.TERM:
        text = ngettext("A term of %(count)s month", "A term of %(count)s months", one.value)
        return text % {"count": words.number(one.value)}
    return _("A clause of its own")


def who(group: str) -> str:
    """Who allows it: "you", "a manager", "administrators"."""
    known = {
        "rep": _("within your own band"),
        "manager": _("a manager decides"),
        "finance": _("finance decides"),
        "revenue_operations": _("revenue operations decide"),
    }
    return known.get(group, _("administrators decide"))


def findings(verdict: Verdict) -> list[tuple[str, str]]:
    """Each thing that is not the catalog's, and who may allow it."""
    return [(finding(one), who(one.who)) for one in verdict.findings]


def subject(version: DealVersion) -> str:
    """ "Team for 40 seats, paid yearly, for 24 months"."""
    values = {
        "plan": version.document["plan"],
        "seats": words.seats(version.seats),
        "months": ngettext("%(count)s month", "%(count)s months", version.term_months)
        % {"count": words.number(version.term_months)},
    }
    yearly, monthly = (
        _("%(plan)s for %(seats)s, paid yearly, for %(months)s"),
        _("%(plan)s for %(seats)s, paid monthly, for %(months)s"),
    )
    return (yearly if version.interval == "year" else monthly) % values


def addons(version: DealVersion) -> Iterable[str]:
    """The add-ons of a version, each with how many."""
    for line in version.document["lines"]:
        if line["what"] == "addon":
            yield f"{words.number(line['quantity'])} x {catalog.text(line['name'])}"
