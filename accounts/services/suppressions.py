"""Addresses that are not written to: put on the list by bounces, complaints and refusals, taken off by proof or by staff."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Suppression, SuppressionReason
from accounts.origin import Origin
from accounts.services import journal

LONGEST_DETAIL = 300


def suppress(*, address: str, reason: SuppressionReason, detail: str, at: datetime) -> bool:
    """Stop writing to an address; False if it is stopped already, the first reason stays. `at` is wall time."""
    row = Suppression(
        address=address.strip().lower(), reason=reason, detail=" ".join(detail.split())[:LONGEST_DETAIL], since=at
    )
    with transaction.atomic():
        if Suppression.objects.live().filter(address=row.address).exists():
            return False
        Suppression.objects.bulk_create([row], ignore_conflicts=True)
        # Not the address: the journal outlives what may be known of a person.
        journal.append(kind="accounts.mail.suppressed", organization=None, at=at, data={"reason": reason.value})
    return True


def lift_by_proof(*, address: str, at: datetime) -> bool:
    """Write again to an address whose reader has just shown that mails arrive; False if nothing stood in the way.

    Only the reader of the mailbox can have followed the link or typed the code, so a complaint ends with it, too.
    """
    rows = Suppression.objects.live().filter(address=address.strip().lower())
    return bool(rows.update(lifted_at=at, lifted_why="its reader confirmed the address"))


def lift(*, suppression: Suppression, reason: str, origin: Origin, at: datetime) -> bool:
    """Write again to an address, for staff; False if that is so already. Raises ValidationError without a reason."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why mails will arrive now.")})
    with transaction.atomic():
        rows = Suppression.objects.live().filter(pk=suppression.pk)
        if not rows.update(lifted_at=at, lifted_why=" ".join(reason.split())[:120]):
            return False
        journal.append(
            kind="accounts.mail.suppression_lifted",
            organization=None,
            at=at,
            origin=origin,
            data={"suppression": suppression.pk, "reason": reason.strip()},
        )
    return True
