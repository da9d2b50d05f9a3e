"""What refusals to pay later, on invoice or by another means, are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _

from billing.services.changes import seats
from billing.services.selling import checkout, collecting, invoiced
from config.problems import Problem


def _beyond_credit(error: seats.BeyondCredit | checkout.BeyondCredit) -> Problem:
    detail = _("More would be open than may be: pay what is open first, wait until the bank has paid, or have it paid by card.")
    beyond, found = error.beyond, error.beyond.credit
    return Problem(
        "beyond-credit",
        detail,
        limit_us_cents=found.limit,
        open_us_cents=found.used,
        limit_minor=found.limit_minor,
        open_minor=found.open_minor,
        order_minor=beyond.order_minor,
        currency=beyond.currency,
        seats_that_fit=beyond.fits or None,
    )


def _not_on_invoice(error: Any) -> Problem:
    detail = _("Who may pay on invoice is agreed with a person; trials and pilots are begun without. Have it paid by card.")
    return Problem("not-on-invoice", detail)


def _details_missing(error: Any) -> Problem:
    detail = _("An invoice is made out to an address: complete the billing details first. `fields` says what is empty.")
    return Problem("billing-details-missing", detail, fields=error.fields)


def _not_now(error: Any) -> Problem:
    detail = _("How it is paid cannot be changed now: a payment is missing, or it is a trial, a pilot, paused or ended.")
    return Problem("collection-fixed", detail)


def _no_method(error: Any) -> Problem:
    detail = _("There is no card and no bank account to charge. Open a card set-up, and send a person who may pay to it.")
    return Problem("no-payment-method", detail)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (seats.BeyondCredit, _beyond_credit),
    (checkout.BeyondCredit, _beyond_credit),
    (invoiced.NotOnInvoice, _not_on_invoice),
    (invoiced.DetailsMissing, _details_missing),
    (collecting.NotAllowed, _not_on_invoice),
    (collecting.NoAddress, _details_missing),
    (collecting.NotPossible, _not_now),
    (collecting.NoCard, _no_method),
)
