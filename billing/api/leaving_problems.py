"""What refusals to end, pause or change what is not paid for are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rest_framework import status

from billing.api import overdue
from billing.rules import terms
from billing.rules.pauses import Refusal
from billing.services.changes import committed, paying_first, scheduled
from billing.services.leaving import endings, pauses
from config import words
from config.problems import Problem


def _owners_only(error: Any) -> Problem:
    detail = _("What is paid for is ended at once by an owner, or with a vendor-wide key. Or end it with the period.")
    return Problem("owners-only", detail, status_code=status.HTTP_403_FORBIDDEN)


def _bank_at_work(error: endings.BankAtWork) -> Problem:
    day = error.invoice.debit_arrives_on
    detail = _("The payment of invoice %(number)s is on its way from the bank: end it after that, or with its period.")
    said = detail % {"number": error.invoice}
    return Problem("debit-on-its-way", said, arrives_on=day.isoformat() if day else None)


def _ends_at_once(error: Any) -> Problem:
    detail = _("A payment is missing, so there is no period to end with: preview an ending, and end it now.")
    return Problem("ends-at-once", detail)


def _not_pausable(error: pauses.Refused) -> Problem:
    said = {
        Refusal.NOT_MONTHLY: _("Only what is paid monthly can be paused."),
        Refusal.NO_CARD: _("A subscription goes on by itself after a pause: add a card first."),
        Refusal.TOO_SOON: _("It was paused lately: `next_at` says when the next pause can begin."),
        Refusal.TOO_LONG: _("A pause is up to %(months)s months. Send fewer.") % {"months": error.most_months},
        Refusal.UNBILLED: _("Seats that were added are billed first, which takes a day at most. Pause it after that."),
        Refusal.IN_TRIAL: _("A trial costs nothing, so there is nothing to pause."),
    }
    detail = said.get(error.why) or _("This cannot be paused here. Ask a person.")
    next_at = error.next_at.isoformat() if error.next_at else None
    return Problem("not-pausable", detail, reason=str(error.why), next_at=next_at)


def _pay_first(error: paying_first.PayFirst) -> Problem:
    detail = _("A payment is missing: pay it first, then this can be changed. Ending the subscription stays possible.")
    invoices = overdue.of_rows(error.invoices)
    more: dict[str, Any] = {"amount_minor": error.amount_minor if invoices else None, "invoices": invoices}
    if not invoices:
        return Problem("pay-first", detail, invoice=None, payment_url=None, currency=None, **more)
    first, currency = error.invoices[0], error.invoices[0].currency
    said = ngettext(
        "Invoice %(number)s of %(amount)s is overdue: pay it first, then this can be changed. "
        "Ending the subscription stays possible.",
        "%(count)s invoices are overdue, %(amount)s in all: pay them first, then this can be changed. "
        "Ending the subscription stays possible.",
        len(invoices),
    )
    values = {"number": first, "count": len(invoices), "amount": words.money(error.amount_minor, currency)}
    more |= {"invoice": first.stripe_id, "payment_url": invoices[0]["payment_url"], "currency": currency}
    return Problem("pay-first", said % values, **more)


def _committed(error: committed.Committed) -> Problem:
    detail = _("It is agreed to last until %(day)s: cancel it for then, which `ends_at` says. Or talk to a person.")
    said = detail % {"day": terms.last_on(error.until).isoformat()}
    until, opens_at, ends_at = (at.isoformat() for at in (error.until, error.opens_at, error.ends_at))
    return Problem("committed", said, until=until, opens_at=opens_at, ends_at=ends_at)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (endings.OwnersOnly, _owners_only),
    (endings.BankAtWork, _bank_at_work),
    (scheduled.EndsAtOnce, _ends_at_once),
    (committed.Committed, _committed),
    (paying_first.PayFirst, _pay_first),
    (pauses.Refused, _not_pausable),
)
