"""Second factors: a time-based code counts once, their secrets rest encrypted, and staff can take all of somebody's away."""

import base64
import secrets
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.origin import Origin
from accounts.services import journal, outbox, sealing

LAST_STEP = "last_step"
PURPOSE = b"storefront second factors"


def use_totp_code(authenticator: Authenticator, code: str) -> bool:
    """Note the time step that a valid code belongs to; False if that step or a later one was used before (RFC 6238, 5.2).

    allauth keeps used codes in the cache for one step only, while a code is good for as long as the tolerance reaches; and a
    cache may be emptied. The row keeps the step for good.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        step = _step(decrypt(row.data["secret"]), code)
        if step is None or step <= row.data.get(LAST_STEP, -1):
            return False
        row.data[LAST_STEP] = step
        row.save(update_fields=["data"])
    return True


def reset(*, user: User, reason: str, origin: Origin, at: datetime) -> int:
    """Take all second factors and recovery codes from somebody who has lost them; they hear of it by mail. Returns how many.

    Raises ValidationError without a reason, and for somebody who would do it to themselves.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say how you made sure who is asking.")})
    if origin.actor == user:
        raise ValidationError({"user": _("Change your own second factors on your account's pages.")})
    with transaction.atomic():
        count = int(Authenticator.objects.filter(user=user).delete()[0])
        if count:
            entry = journal.append(
                kind="accounts.second_factors.reset",
                organization=None,
                at=at,
                origin=origin,
                data={"user": user.pk, "count": count, "reason": reason.strip()},
            )
            outbox.write(
                kind="accounts/second_factor_removed",
                subject_row=f"journal:{entry.pk}",
                to=user,
                organization=None,
                context={},
                at=at,
            )
    return count


def encrypt(text: str) -> str:
    return sealing.seal(text, PURPOSE)


def decrypt(text: str) -> str:
    """The secret; one that matches nothing, if SECRET_KEY has changed and the old one is not among its fallbacks."""
    try:
        return sealing.unseal(text, PURPOSE)
    except sealing.Unreadable:
        # Never an empty one: codes of an empty secret can be worked out by anybody.
        return base64.b32encode(secrets.token_bytes(20)).decode()


def _step(secret: str, code: str) -> int | None:
    """The latest step within the tolerance that the code belongs to."""
    said = code.replace(" ", "").strip()
    matching = [
        step
        for step in totp.yield_hotp_counters_from_time()
        if secrets.compare_digest(totp.format_hotp_value(totp.hotp_value(secret, step)), said)
    ]
    return max(matching, default=None)
