"""A hand-raise as staff read it, in the active language: its codes in words, its cart in one line."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import EmployeeBracket
from config import words

CHANNELS: Final[dict[str, Any]] = {"mail": _("By mail"), "phone": _("By phone"), "video": _("By video call")}
# What a reason may have asked (storefront.forms.talk), as staff call it.
QUESTIONS: Final[dict[str, Any]] = {
    "document": _("Document"),
    "message": _("Message"),
    "needed_by": _("Needed by"),
    "needs": _("Needs"),
    "people": _("People who work there"),
    "seats": _("Seats"),
    "time_zone": _("Time zone"),
}
CHOICES: Final[dict[str, Any]] = {
    "terms": _("Terms of service"),
    "dpa": _("Data processing agreement"),
    "own": _("A contract of ours"),
    "po_number": _("Our purchase order number on the invoice"),
    "vendor_registration": _("You registered as our vendor"),
    "bank_transfer": _("Paying by bank transfer"),
    "quote": _("A quote as PDF"),
}
INTERVALS: Final[dict[str, Any]] = {"month": _("%(amount)s a month"), "year": _("%(amount)s a year")}


def channel(code: str) -> str:
    return str(CHANNELS.get(code, code))


def answers(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each question with its answer; an unknown one under its own name."""
    return [(str(QUESTIONS.get(name, name)), _answer(name, value)) for name, value in given.items()]


def basket(kept: Mapping[str, Any]) -> str:
    """ "Team for 12 seats, $192.00 a month"; empty without a cart."""
    if not kept.get("name"):
        return ""
    what = _now("%(plan)s for %(seats)s") % {"plan": kept["name"], "seats": words.seats(kept["seats"])}
    if kept.get("total_minor") is None or kept.get("interval") not in INTERVALS:
        return what
    return f"{what}, {INTERVALS[kept['interval']] % {'amount': words.money(kept['total_minor'], kept['currency'])}}"


def _answer(name: str, value: Any) -> str:
    if name in ("message", "time_zone"):
        return str(value)
    if name == "people":
        return str(EmployeeBracket(value).label) if value in EmployeeBracket.values else str(value)
    if name == "needed_by":
        return words.day(date.fromisoformat(value))
    if isinstance(value, list):
        return ", ".join(str(CHOICES.get(item, item)) for item in value)
    return words.number(value) if isinstance(value, int) else str(CHOICES.get(value, value))
