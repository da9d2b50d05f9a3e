"""What refusals to end, pause or change what is not paid for are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import status

from billing.services import endings, scheduled
from config.problems import Problem


def _owners_only(error: Any) -> Problem:
    detail = _("What is paid for is ended at once by an owner, or with a vendor-wide key. Or end it with the period.")
    return Problem("owners-only", detail, status_code=status.HTTP_403_FORBIDDEN)


def _ends_at_once(error: Any) -> Problem:
    detail = _("A payment is missing, so there is no period to end with: preview an ending, and end it now.")
    return Problem("ends-at-once", detail)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (endings.OwnersOnly, _owners_only),
    (scheduled.EndsAtOnce, _ends_at_once),
)
