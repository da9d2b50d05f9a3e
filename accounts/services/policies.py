"""Putting a number of the business in force: checked against its definition, dated, with a reason, never changed afterwards."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Policy, Segment
from accounts.origin import Origin
from accounts.queries import policies as read
from accounts.rules import policy as rule
from accounts.services import journal


def put(
    *, name: str, value: rule.Value, reason: str, effective_at: datetime, origin: Origin, at: datetime, segment: str = ""
) -> Policy:
    """Make `value` hold from `effective_at` on, for everybody or for one segment. Takes hold in every process in seconds.

    Raises ValidationError naming the field: an unknown policy or segment, a value out of bounds, no reason, a date in the past
    (what was decided under the old number stays explained by it), or a second value for the same instant.
    """
    try:
        checked = read.definition(name).check(value)
    except read.UnknownPolicy:
        raise ValidationError({"name": _("Choose one of the registered policies.")}) from None
    except rule.Unfit as error:
        raise ValidationError({"value": str(error)}) from None
    if not reason.strip():
        raise ValidationError({"reason": _("Say why, for whoever reads this in a year.")})
    if segment and segment not in Segment.values:
        raise ValidationError({"segment": _("Choose one of the segments, or none for everybody.")})
    if effective_at < at:
        raise ValidationError({"effective_at": _("The past can't be changed. Choose now or later.")})
    try:
        with transaction.atomic():
            return _write(name, checked, reason.strip(), effective_at, segment=segment, origin=origin, at=at)
    except IntegrityError:
        raise ValidationError({"effective_at": _("Another value is set for this very moment. Choose another.")}) from None


def _write(
    name: str, value: rule.Value, reason: str, effective_at: datetime, *, segment: str, origin: Origin, at: datetime
) -> Policy:
    before = read.value(name, at=effective_at, segment=segment or None)
    row = Policy.objects.create(
        name=name,
        segment=segment,
        value=value,
        reason=reason,
        set_by=origin.actor,
        effective_at=effective_at,
        created_at=at,
    )
    journal.append(
        kind="accounts.policy.set",
        organization=None,
        at=at,
        origin=origin,
        data={"policy": row.pk, "name": name, "segment": segment, "from": before, "to": value, "effective_at": effective_at},
    )
    transaction.on_commit(read.forget)
    return row
