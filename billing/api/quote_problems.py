"""What refusals of quotes are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import status

from billing.services.quoting import quotes, terms
from config.problems import Problem


def _not_quotable(error: Any) -> Problem:
    detail = _("Trials cost nothing, pilots have one fixed price, and what is sold no more has none. Quote something else.")
    return Problem("not-quotable", detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY)


def _closed(error: quotes.NotOpen) -> Problem:
    return Problem("quote-closed", _("The quote was accepted, or has lapsed: make a new one."), state=error.quote.state)


def _too_many(error: quotes.TooMany) -> Problem:
    detail = _("%(most)s quotes were issued within 24 hours. Issue the next one tomorrow.") % {"most": error.most}
    return Problem("too-many-quotes", detail, status_code=status.HTTP_429_TOO_MANY_REQUESTS)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (terms.NotQuotable, _not_quotable),
    (quotes.NotOpen, _closed),
    (quotes.TooMany, _too_many),
)
