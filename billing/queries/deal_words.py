"""What was agreed with a quote beside the catalog, in the reader's words. No query."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Quote, TermsKind
from billing.queries import terms_words
from config import words

Data = Mapping[str, Any]


def facts(quote: Quote) -> Iterable[tuple[str, str]]:
    """Who of us answers for it, and which version it is."""
    if quote.rep is not None:
        yield _("Your contact"), quote.rep.name or quote.rep.email
        yield _("Version"), words.number(quote.document["deal"]["version"])


def begins(deal: Data) -> str:
    """When it begins, if not at once."""
    if not deal.get("begins_on"):
        return ""
    return _("It begins when it is accepted, from %(day)s on.") % {"day": words.full_day(date.fromisoformat(deal["begins_on"]))}


def after(data: Data, full: str) -> Iterable[str]:
    """Each thing that was agreed, and for how long; `full` is what a period comes to without a discount."""
    deal = data.get("deal")
    if not deal:
        return
    for one in deal["agreed"]:
        yield _AGREED[TermsKind(one["kind"])](one, _months(deal["months"]), full)
    if not any(one["kind"] == TermsKind.TERM for one in deal["agreed"]):
        yield _("It renews by itself, and can be ended with any period.")
    else:
        yield _("It renews by itself. After %(months)s prices and terms are those of the price list again.") % {
            "months": _months(deal["months"])
        }


def _months(months: int) -> str:
    return ngettext("%(count)s month", "%(count)s months", months) % {"count": words.number(months)}


def _discount(one: Data, months: str, full: str) -> str:
    values = {"share": words.percent(one["percent_bps"]), "months": months, "full": full}
    return _("%(share)s off for %(months)s, on seats added meanwhile too; then %(full)s a period.") % values


def _price_hold(one: Data, months: str, full: str) -> str:
    return _("The price of a seat stays the same for %(months)s, whatever is sold at another price.") % {"months": months}


def _term(one: Data, months: str, full: str) -> str:
    values = {"months": months, "seats": words.seats(one["seats"]), "plan": one.get("plan_name", "")}
    return _("%(seats)s of %(plan)s are committed for %(months)s. More can be added and given back at any time.") % values


def _plain(one: Data, months: str, full: str) -> str:
    kind = one["kind"]
    said = {name: value for name, value in one.items() if name != "kind"}
    return _("%(what)s, for %(months)s.") % {"what": terms_words.gives(kind, said), "months": months}


_AGREED = {
    TermsKind.DISCOUNT: _discount,
    TermsKind.PRICE_HOLD: _price_hold,
    TermsKind.TERM: _term,
    TermsKind.PAYMENT_TERMS: _plain,
    TermsKind.CREDIT_LIMIT: _plain,
    TermsKind.SEAT_CEILING: _plain,
    TermsKind.FEATURE: _plain,
}
