"""What refusals to have another plan are called in the API."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import status

from billing.services.changes import plan_changes, seats
from config.problems import Problem


def _not_offered(error: Any) -> Problem:
    detail = _("This plan is not sold as a change of the one that is had. Ask a person; the catalog says what is sold.")
    return _wrong("plan-not-offered", detail)


def _goes_down(error: Any) -> Problem:
    detail = _(
        "A smaller plan, or months instead of a year, begins with the next period: schedule it as a change of kind plan."
    )
    return _wrong("plan-begins-later", detail)


def _not_with_seats(error: plan_changes.NotWithSeats) -> Problem:
    plan = error.plan
    detail = _("The plan is sold with %(least)s to %(most)s seats, and there would be %(seats)s. Change their number first.")
    said = detail % {"least": plan.seats_min, "most": plan.seats_max, "seats": error.number}
    return _wrong("plan-not-with-seats", said, minimum=plan.seats_min, maximum=plan.seats_max)


def _conflicts(error: seats.Conflicts) -> Problem:
    detail = _("A scheduled change is in the way: take it back first. The plan is sold with %(least)s to %(most)s seats.")
    said = detail % {"least": error.minimum, "most": error.maximum}
    return Problem("conflicts", said, change=error.change.public_id, minimum=error.minimum, maximum=error.maximum)


def _years_conflict(error: plan_changes.YearsConflict) -> Problem:
    detail = _("A change waits for the month's end: take it back first, or schedule the year for the month's end.")
    return Problem("conflicts", detail, change=error.change.public_id, minimum=error.minimum, maximum=error.maximum)


def _wrong(code: str, detail: str, **more: Any) -> Problem:
    errors = [{"pointer": "#/plan", "detail": detail, "code": code}]
    return Problem(code, detail, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY, errors=errors, **more)


MAKERS: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (plan_changes.NotOffered, _not_offered),
    (plan_changes.GoesDown, _goes_down),
    (plan_changes.NotWithSeats, _not_with_seats),
    (plan_changes.YearsConflict, _years_conflict),
    (seats.Conflicts, _conflicts),
)
