"""People and organizations that the vendor's product brings along: made if they are not there yet, found if they are.

The caller speaks for the vendor, who vouches for the addresses (as in accounts.services.entries). Nobody gets a password: who
comes to the store proves the address first. Two calls at once make one row: the unique ids decide, and the later finds it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Membership, Organization, Role, User
from accounts.origin import Origin
from accounts.services import memberships, organizations


class Taken(ValidationError):
    """The external id, or the address, belongs to somebody else."""


class Closed(Exception):
    """The organization of this external id was closed; its id is not given again."""


@dataclass(frozen=True, kw_only=True)
class Person:
    email: str
    name: str = ""
    external_id: str = ""
    locale: str = ""


def organization(
    *, external_id: str, details: organizations.Details, owner: Person, origin: Origin, at: datetime
) -> tuple[Organization, bool]:
    """The organization of this external id, or a new one owned by `owner`, and whether it is new. One found stays as it is.

    Without an external id it is always new. Raises Closed, Taken, and ValidationError with a field's name.
    """
    known = _known(external_id)
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            user = person(owner)
            made, _membership = organizations.create(
                owner=user, details=details, origin=origin, at=at, external_id=external_id or None
            )
    except ValidationError as error:
        known = _known(external_id) if "external_id" in getattr(error, "error_dict", {}) else None
        if known is None:
            raise
        return known, False
    return made, True


def member(organization: Organization, *, wanted: Person, role: Role, origin: Origin, at: datetime) -> tuple[Membership, bool]:
    """The person as a member, joined with `role` if they were none, and whether they are new. Raises Taken."""
    with transaction.atomic():
        user = person(wanted)
        # Of two calls at once the second waits here, and finds the member whom the first has made.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        rows = Membership.objects.live().filter(organization=organization, user=user)
        known = rows.select_related("user", "organization").first()
        if known is not None:
            return known, False
        return memberships.join(organization=organization, user=user, role=role, origin=origin, at=at), True


def person(wanted: Person) -> User:
    """The user of this external id, else of this address, else a new one. Raises Taken.

    Somebody found by address gets the external id, if they have none yet; nothing else of them changes.
    """
    email = wanted.email.strip().lower()
    found = _of(email, wanted.external_id)
    if found is None:
        try:
            with transaction.atomic():
                names = {"name": wanted.name.strip(), "locale": wanted.locale, "external_id": wanted.external_id or None}
                return User.objects.create_user(email, **names)
        except IntegrityError:
            found = _of(email, wanted.external_id)
            if found is None:
                raise
    return _identified(found, wanted.external_id)


def _of(email: str, external_id: str) -> User | None:
    rows = User.objects.filter(Q(email=email) | (Q(external_id=external_id) if external_id else Q(pk=None)))
    by_id = {row.external_id: row for row in rows}
    return by_id.get(external_id) if external_id in by_id else next(iter(by_id.values()), None)


def _identified(user: User, external_id: str) -> User:
    if not external_id or user.external_id == external_id:
        return user
    if user.external_id or user.is_staff:
        raise Taken({"email": _("This address belongs to somebody with another external id.")})
    if not User.objects.filter(pk=user.pk, external_id=None).update(external_id=external_id):
        user.refresh_from_db(fields=["external_id"])
        return _identified(user, external_id)
    user.external_id = external_id
    return user


def _known(external_id: str) -> Organization | None:
    found = Organization.objects.filter(external_id=external_id).first() if external_id else None
    if found is not None and found.closed_at is not None:
        raise Closed
    return found
