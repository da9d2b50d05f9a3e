"""What refusals to end, pause or change what is not paid for are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import status

from billing.services import endings, paying_first, scheduled
from config.problems import Problem


def _owners_only(error: Any) -> Problem:
    detail = _("What is paid for is ended at once by an owner, or with a vendor-wide key. Or end it with the period.")
    return Problem("owners-only", detail, status_code=status.HTTP_403_FORBIDDEN)


def _ends_at_once(error: Any) -> Problem:
    detail = _("A payment is missing, so there is no period to end with: preview an ending, and end it now.")
    return Problem("ends-at-once", detail)


def _pay_first(error: paying_first.PayFirst) -> Problem:
    detail = _("A payment is missing: pay it first, then this can be changed. Ending the subscription stays possible.")
    if error.invoice is None:
        return Problem("pay-first", detail, invoice=None, payment_url=None)
    url = settings.STORE_URL + reverse("storefront:invoice_hosted", args=[error.invoice.stripe_id])
    said = _("Invoice %(number)s is overdue: pay it first, then this can be changed. Ending the subscription stays possible.")
    return Problem("pay-first", said % {"number": error.invoice}, invoice=error.invoice.stripe_id, payment_url=url)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (endings.OwnersOnly, _owners_only),
    (scheduled.EndsAtOnce, _ends_at_once),
    (paying_first.PayFirst, _pay_first),
)
