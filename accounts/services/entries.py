"""Entries: one-time links by which a user of the vendor's product comes into the store, signed on.

The product vouches for the person with a vendor-wide key, so an entry opens what that person's own sign-in would, and no more:
staff never come in this way, a second factor is still asked for, and what needs a fresh proof (keys, deletion) needs one here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import Entry, Membership, Organization, User
from accounts.origin import Origin
from accounts.queries import policies
from accounts.rules import entries, keys
from accounts.services import journal

KEPT = timedelta(days=30)
"""How long used and expired entries stay, for whoever asks how somebody came in."""


class NotMember(Exception):
    """The person does not belong to the organization (any more)."""


class NotAllowed(Exception):
    """Staff and deactivated people do not come in by the product's word."""


class BadReturn(Exception):
    """The way back is not on the list of the product's addresses (the setting RETURN_ORIGINS)."""


@dataclass(frozen=True)
class Made:
    """The link is shown once: the token is not kept."""

    entry: Entry
    url: str


def make(
    *, user: User, organization: Organization, path: str, return_url: str, origin: Origin, at: datetime, wall: datetime
) -> Made:
    """A link for a live member, good once until `accounts.entry_seconds` from `wall`.

    Raises NotMember, NotAllowed and BadReturn; then nothing is written.
    """
    if return_url and not entries.may_return(return_url, settings.RETURN_ORIGINS):
        raise BadReturn
    if user.is_staff or user.is_superuser or not user.is_active:
        raise NotAllowed
    if not Membership.objects.live().filter(user=user, organization=organization).exists():
        raise NotMember
    token = keys.new_token()
    with transaction.atomic():
        entry = Entry.objects.create(
            user=user,
            organization=organization,
            token_hash=keys.digest(token),
            path=path,
            return_url=return_url,
            made_at=wall,
            expires_at=wall + timedelta(seconds=policies.value("accounts.entry_seconds", at)),
        )
        _tell("accounts.entry.made", entry, origin, at)
    return Made(entry, settings.STORE_URL + reverse("storefront:entry", args=[token]))


def find(token: str, wall: datetime) -> Entry | None:
    """The entry of a link that is still good; looking does not use it up."""
    rows = Entry.objects.select_related("user", "organization")
    return rows.filter(token_hash=keys.digest(token), used_at=None, expires_at__gt=wall).first()


def take(entry: Entry, *, origin: Origin, at: datetime, wall: datetime) -> bool:
    """Use an entry up. False for the second of two clicks, and for whoever may not come in (any more)."""
    is_member = Membership.objects.live().filter(user=entry.user, organization=entry.organization).exists()
    if not is_member or entry.user.is_staff or entry.user.is_superuser or not entry.user.is_active:
        return False
    with transaction.atomic():
        if not Entry.objects.filter(pk=entry.pk, used_at=None, expires_at__gt=wall).update(used_at=wall):
            return False
        _tell("accounts.entry.used", entry, origin, at)
    return True


def forget(wall: datetime) -> int:
    """Delete entries that ended a while ago; how many."""
    return Entry.objects.filter(expires_at__lt=wall - KEPT).delete()[0]


def _tell(kind: str, entry: Entry, origin: Origin, at: datetime) -> None:
    journal.append(
        kind=kind,
        organization=entry.organization,
        at=at,
        origin=origin,
        data={"entry": entry.pk, "user": entry.user_id, "path": entry.path.partition("?")[0]},
    )
