"""What refusals to give money back, and to replace an invoice, are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import status

from billing.rules import giving_back as rule
from billing.services.refunds import giving_back, replacing
from config.problems import Problem


def _nothing_left(error: Any) -> Problem:
    detail = _("Nothing of this invoice can go back this way: it is not paid, or all of it has gone back.")
    return Problem("nothing-left", detail)


def _too_much(error: giving_back.TooMuch) -> Problem:
    detail = _("At most %(left)s can go back this way, in minor units. Send that much, or less.") % {"left": error.left_minor}
    return _wrong("too-much", "/amount_minor", detail, left_minor=error.left_minor)


def _bad_split(error: Any) -> Problem:
    return _wrong("bad-split", "/credit_minor", _("Only a refund is split, and less than the whole of it goes to the balance."))


def _beyond_limit(error: giving_back.BeyondLimit) -> Problem:
    detail = _("That is beyond what keys may give back. Staff can do it, or raise the limit in the admin.")
    limits = {"at_once_us_cents": error.verdict.at_once, "left_us_cents": error.verdict.left}
    return Problem("beyond-limit", detail, status_code=status.HTTP_403_FORBIDDEN, **limits)


def _changed(error: Any) -> Problem:
    detail = _("The note would come to another sum than you expect. Nothing was given; look at a new preview.")
    wrong = {"pointer": "#/expected_total_minor", "detail": detail, "code": "amount-differs"}
    return Problem("amount-differs", detail, errors=[wrong])


def _no_rate(error: rule.NoRate) -> Problem:
    detail = _("No rate of this currency is known, by which limits are counted. Staff add it (billing.usd_rates).")
    return Problem("no-rate", detail)


def _wrong(code: str, pointer: str, detail: str, **more: Any) -> Problem:
    errors = [{"pointer": f"#{pointer}", "detail": detail, "code": code}]
    return Problem(code, detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY, errors=errors, **more)


def _says_already(error: Any) -> Problem:
    return Problem("nothing-changes", _("That is what it says already."))


def _not_replaceable(error: Any) -> Problem:
    detail = _(
        "This invoice can't be replaced here: it is void, was refunded or replaced already, or was paid in part or from "
        "credit. Write to us what it should say: we give it back and invoice it anew."
    )
    return Problem("invoice-not-replaceable", detail, reason="not_as_sent")


def _paid(error: Any) -> Problem:
    detail = _("It is paid, so one of us replaces it: write to us what it should say.")
    return Problem("invoice-not-replaceable", detail, reason="paid")


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (giving_back.NothingLeft, _nothing_left),
    (giving_back.TooMuch, _too_much),
    (giving_back.BadSplit, _bad_split),
    (giving_back.BeyondLimit, _beyond_limit),
    (giving_back.Changed, _changed),
    (rule.NoRate, _no_rate),
    (replacing.NothingChanged, _says_already),
    (replacing.NotReplaceable, _not_replaceable),
    (replacing.OthersOnly, _paid),
)
