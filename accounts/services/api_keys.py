"""API keys: made and shown once, rotated with an overlap, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import VENDOR_SCOPES, ApiKey, ApiKeyKind, Organization, Scope
from accounts.origin import Origin
from accounts.queries import api_keys as read
from accounts.queries import policies
from accounts.rules import keys
from accounts.services import journal

# last_used_at is for people; a row write on every call would cost more than the call.
USED_EVERY = timedelta(minutes=1)
# A second click, or the page asked for again, comes within this time.
SHOWN_AGAIN = timedelta(minutes=5)


class TooManyKeys(ValidationError):
    """The organization has as many live keys as the policy allows."""


class KeyEnded(ValidationError):
    """The key was revoked or has ended; it can't be rotated."""


class MadeAlready(ValidationError):
    """The nonce has made its key too long ago to show its text again."""


def create(
    *,
    organization: Organization | None,
    name: str,
    scopes: Sequence[str],
    origin: Origin,
    at: datetime,
    nonce: str = "",
    external_id: str | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its full text, which nobody can ask for again.

    Without an organization it is a vendor key. The same `nonce` (random, one a form) for the same key finds what it made:
    of two clicks the browser shows the second's answer, and that holds the text too. Raises ValidationError for an empty name
    or an unknown or missing scope, TooManyKeys and MadeAlready. The organization's key of this `external_id`, if there is one,
    is found instead of made, and its text is empty.
    """
    _check(name, scopes, is_vendor=organization is None)
    wanted = _wanted(organization, origin, nonce, name.strip(), ",".join(sorted(set(scopes))))
    with transaction.atomic():
        if organization is not None:
            Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if known := _known(wanted, organization, at, external_id):
            return known
        if organization is not None:
            _check_room(organization, at)
        facts = _Facts(name=name.strip(), scopes=scopes, external_id=external_id)
        key, text = _new(organization, wanted, facts, origin=origin, at=at)
        _tell("accounts.api_key.created", key, origin, at)
    return key, text


def rotate(*, key: ApiKey, origin: Origin, at: datetime, nonce: str = "") -> tuple[ApiKey, str]:
    """Make the key's successor, with the same name and scopes; the old one works on for the policy's overlap.

    `nonce` as for `create`. Raises KeyEnded for a key that is no longer in force or is already being replaced.
    """
    wanted = _wanted(key.organization, origin, nonce, f"rotation:{key.pk}")
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        if known := _known(wanted, key.organization, at):
            return known
        if old.revoked_at or old.expires_at:
            raise KeyEnded(_("This key is already being replaced or no longer works. Create a new one instead."))
        old.expires_at = at + timedelta(seconds=policies.value("accounts.api_key_overlap_seconds", at=at))
        # The vendor's own id stays with what is in force.
        facts = _Facts(name=old.name, scopes=old.scopes, external_id=old.external_id)
        old.external_id = None
        old.save(update_fields=["expires_at", "external_id"])
        successor, text = _new(old.organization, wanted, facts, origin=origin, at=at, replaces=old)
        _tell("accounts.api_key.rotated", successor, origin, at, replaced=old.prefix, works_until=old.expires_at)
    return successor, text


def revoke(*, key: ApiKey, origin: Origin, at: datetime) -> bool:
    """End a key now. False if it had been revoked before."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
            return False
        _tell("accounts.api_key.revoked", key, origin, at)
    return True


def touch(key: ApiKey, now: datetime) -> None:
    """Note that the key was used, at most once a minute."""
    if key.last_used_at is None or now - key.last_used_at >= USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def _check(name: str, scopes: Sequence[str], *, is_vendor: bool) -> None:
    if not name.strip():
        raise ValidationError({"name": _("Give the key a name that says what uses it.")})
    allowed = set(Scope.values) - (set() if is_vendor else VENDOR_SCOPES)
    if not scopes or not set(scopes) <= allowed:
        raise ValidationError({"scopes": _("Choose at least one of the listed scopes.")})


def _wanted(organization: Organization | None, origin: Origin, nonce: str, *facts: str) -> tuple[keys.Parts, str]:
    """The key to be: that of the nonce, for this person and organization alone; without a nonce a random one."""
    if not nonce:
        return keys.new_key()
    who = (str(organization.pk if organization else ""), str(origin.actor.pk if origin.actor else ""))
    return keys.key_of(settings.SECRET_KEY, nonce, *who, *facts)


def _known(
    wanted: tuple[keys.Parts, str], organization: Organization | None, at: datetime, external_id: str | None = None
) -> tuple[ApiKey, str] | None:
    """What the same nonce made before, with its text; else the key of this external id, without. The caller holds a lock."""
    mine = ApiKey.objects.filter(organization=organization).select_related("replaces")
    made = mine.filter(prefix=wanted[0].prefix).first()
    if made is not None and at - made.created_at <= SHOWN_AGAIN:
        return made, wanted[1]
    named = mine.filter(external_id=external_id).first() if external_id else None
    if named is not None:
        return named, ""
    if made is not None:
        raise MadeAlready(_("This form has made its key already, and a key is shown only once. Open the page afresh."))
    return None


def _check_room(organization: Organization, at: datetime) -> None:
    """The caller holds the organization's lock."""
    most = policies.value("accounts.api_keys_live", at=at)
    if read.live(organization, at).count() >= most:
        raise TooManyKeys(
            _("There are %(most)s keys in force, which is the most. Revoke one that is not used.") % {"most": most}
        )


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What a key and its successor have in common."""

    name: str
    scopes: Sequence[str]
    external_id: str | None


def _new(
    organization: Organization | None,
    wanted: tuple[keys.Parts, str],
    facts: _Facts,
    *,
    origin: Origin,
    at: datetime,
    replaces: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    parts, text = wanted
    key = ApiKey.objects.create(
        kind=ApiKeyKind.ORGANIZATION if organization else ApiKeyKind.VENDOR,
        organization=organization,
        name=facts.name,
        prefix=parts.prefix,
        secret_hash=keys.digest(parts.secret),
        scopes=sorted(set(facts.scopes)),
        external_id=facts.external_id,
        created_by=origin.actor,
        created_at=at,
        replaces=replaces,
    )
    return key, text


def _tell(kind: str, key: ApiKey, origin: Origin, at: datetime, **data: object) -> None:
    journal.append(
        kind=kind,
        organization=key.organization,
        at=at,
        origin=origin,
        data={"key": key.pk, "name": key.name, "prefix": key.prefix, "scopes": key.scopes, **data},
    )
