"""What refusals about webhook endpoints are called in the API; each says itself, in the caller's language, what to do."""

from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.services import webhook_endpoints
from config.problems import Problem


def _said(code: str) -> Callable[[ValidationError], Problem]:
    return lambda error: Problem(code, " ".join(error.messages))


def too_often() -> Problem:
    return Problem("too-many-sends", _("That was often enough for this hour. Go on in a while."), status_code=429, wait=600)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (webhook_endpoints.TooManyEndpoints, _said("too-many-endpoints")),
    (webhook_endpoints.MadeAlready, _said("secret-shown-already")),
    (webhook_endpoints.BeingRotated, _said("secret-being-rotated")),
    (webhook_endpoints.EndpointDisabled, _said("endpoint-disabled")),
)
