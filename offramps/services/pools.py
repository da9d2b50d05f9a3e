"""Pools: whose leads they take, who takes turns in them, and whether they take any now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.origin import Origin
from accounts.services import journal
from offramps.models import Pool, PoolMember, Rep
from offramps.queries import roster

MOST_WEIGHT = 100


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A pool's name and whose leads it takes: codes of segments and regions, an empty list means all."""

    name: str
    segments: Sequence[str] = ()
    regions: Sequence[str] = ()
    is_fallback: bool = False


def make(*, wanted: Wanted, at: datetime, origin: Origin) -> Pool:
    """Make a pool, of nobody yet. Raises ValidationError."""
    with transaction.atomic(durable=True):
        pool = Pool(created_at=at)
        _save(pool, wanted)
        _tell("offramps.pool.made", pool, at, origin)
    roster.forget()
    return pool


def change(pool: Pool, *, wanted: Wanted, at: datetime, origin: Origin) -> None:
    """Another name, other segments or regions. Leads that it has stay. Raises ValidationError."""
    with transaction.atomic(durable=True):
        current = Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)
        _save(current, wanted)
        _tell("offramps.pool.changed", current, at, origin)
    roster.forget()


def pause(pool: Pool, *, at: datetime, origin: Origin) -> bool:
    """Offer nothing to it for now: what it would take goes to the next. False: it rested already. Raises ValidationError."""
    if pool.is_fallback:
        raise ValidationError(_("This pool catches what fits no other: make another one do that first."))
    return _switch(pool, "offramps.pool.paused", at, at, origin)


def resume(pool: Pool, *, at: datetime, origin: Origin) -> bool:
    """Offer leads to it again. False: they were."""
    return _switch(pool, "offramps.pool.resumed", None, at, origin)


def put(pool: Pool, rep: Rep, *, weight: int, at: datetime, origin: Origin) -> None:
    """The rep takes turns in the pool, with that weight. Raises ValidationError."""
    if not 1 <= weight <= MOST_WEIGHT:
        raise ValidationError({"weight": _("A whole number from 1 to 100.")})
    if rep.left_on is not None:
        raise ValidationError({"rep": _("%(name)s does not work here any more.") % {"name": rep}})
    with transaction.atomic(durable=True):
        PoolMember.objects.update_or_create(pool=pool, rep=rep, defaults={"weight": weight})
        _tell("offramps.pool.member_set", pool, at, origin, rep=rep.public_id, weight=weight)
    roster.forget()


def remove(pool: Pool, rep: Rep, *, at: datetime, origin: Origin) -> bool:
    """No more turns. Cases that the rep has stay. False: the rep was in no such pool."""
    with transaction.atomic(durable=True):
        deleted, _each = PoolMember.objects.filter(pool=pool, rep=rep).delete()
        if deleted:
            _tell("offramps.pool.member_removed", pool, at, origin, rep=rep.public_id)
    roster.forget()
    return bool(deleted)


def _save(pool: Pool, wanted: Wanted) -> None:
    pool.name, pool.is_fallback = wanted.name.strip(), wanted.is_fallback
    pool.segments, pool.regions = list(wanted.segments), list(wanted.regions)
    if not pool.name:
        raise ValidationError({"name": _("Give it a name.")})
    if pool.is_fallback and pool.paused_at is not None:
        raise ValidationError({"is_fallback": _("It rests: have it go on first.")})
    try:
        with transaction.atomic():
            pool.save()
    except IntegrityError as error:
        taken = "name" if Pool.objects.exclude(pk=pool.pk).filter(name=pool.name).exists() else "is_fallback"
        text = _("Another pool has that name.") if taken == "name" else _("Another pool catches the rest already.")
        raise ValidationError({taken: text}) from error


def _switch(pool: Pool, kind: str, paused_at: datetime | None, at: datetime, origin: Origin) -> bool:
    with transaction.atomic(durable=True):
        changed = Pool.objects.filter(pk=pool.pk, paused_at__isnull=paused_at is not None).update(paused_at=paused_at)
        if changed:
            _tell(kind, pool, at, origin)
    roster.forget()
    return bool(changed)


def _tell(kind: str, pool: Pool, at: datetime, origin: Origin, **more: object) -> None:
    journal.append(kind=kind, organization=None, at=at, origin=origin, data={"pool": pool.name, **more})
