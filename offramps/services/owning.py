"""Whose account a customer is. A new owner ends the one before; nothing is overwritten."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from offramps.models import AccountOwnership, OwnerKind, OwnerStyle, Pool, Rep


def set_owner(
    organization: Organization,
    *,
    kind: OwnerKind,
    style: OwnerStyle,
    rep: Rep | None,
    pool: Pool | None,
    reason: str,
    at: datetime,
    origin: Origin,
) -> AccountOwnership:
    """Give the account, as `kind`, to a rep (or a pool, for the kind of that name). Raises ValidationError."""
    if kind == OwnerKind.POOL and (pool is None or rep is not None):
        raise ValidationError({"pool": _("Choose the pool, and no rep.")})
    if kind != OwnerKind.POOL and (rep is None or pool is not None):
        raise ValidationError({"rep": _("Choose the rep, and no pool.")})
    if rep is not None and rep.left_on is not None:
        raise ValidationError({"rep": _("%(name)s does not work here any more.") % {"name": rep}})
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    try:
        with transaction.atomic(durable=True):
            AccountOwnership.objects.filter(organization=organization, kind=kind, ends_at=None).update(ends_at=at)
            made = AccountOwnership.objects.create(
                organization=organization,
                kind=kind,
                style=style,
                rep=rep,
                pool=pool,
                reason=reason.strip()[:300],
                set_by=origin.actor,
                starts_at=at,
            )
            _tell("offramps.owner.set", made, at, origin)
    except IntegrityError as error:
        raise ValidationError(_("Somebody else set an owner this moment: reload.")) from error
    return made


def end(ownership: AccountOwnership, *, at: datetime, origin: Origin) -> bool:
    """Nobody has the account in that kind any more. False: it was over already."""
    with transaction.atomic():
        ended = AccountOwnership.objects.filter(pk=ownership.pk, ends_at=None).update(ends_at=at)
        if ended:
            _tell("offramps.owner.ended", ownership, at, origin)
    return bool(ended)


def _tell(kind: str, row: AccountOwnership, at: datetime, origin: Origin) -> None:
    data = {"owner": str(row.rep or row.pool), "owner_kind": row.kind, "reason": row.reason}
    journal.append(kind=kind, organization=row.organization, at=at, origin=origin, data=data)
