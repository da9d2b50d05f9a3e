"""What refusals to owe more are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _

from billing.services.changes import seats
from config.problems import Problem


def _beyond_credit(error: seats.BeyondCredit) -> Problem:
    detail = _("More would be open than may be: pay what is open first, wait until the bank has paid, or have it paid by card.")
    return Problem("beyond-credit", detail, limit_us_cents=error.credit.limit, open_us_cents=error.credit.used)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = ((seats.BeyondCredit, _beyond_credit),)
