"""The vendor's own people: the first administrator, and who belongs to which group."""

from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.origin import Origin
from accounts.services import journal


class AlreadyThere(Exception):
    """There is an administrator already; further ones are made by them, in the admin."""


def create_first_admin(*, email: str, password: str, at: datetime) -> User:
    """Make the first administrator, with a confirmed address; an existing account of that address is raised to it.

    Raises AlreadyThere, and ValidationError for a password that the store would refuse from anybody else.
    """
    with transaction.atomic():
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            raise AlreadyThere
        user = User.objects.filter(email=email.strip().lower()).first() or User.objects.create_user(email)
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
        journal.append(kind="accounts.admin.created", organization=None, at=at, data={"user": user.pk})
    return user


def set_access(
    *, user: User, is_active: bool, is_staff: bool, is_superuser: bool, groups: Iterable[Group], origin: Origin, at: datetime
) -> None:
    """Decide whether somebody may sign in, is staff, and in which groups.

    Raises ValidationError when the last administrator would be locked out, or groups are given to somebody who is not staff.
    """
    groups = list(groups)
    if (groups or is_superuser) and not is_staff:
        raise ValidationError({"is_staff": _("Only staff can be in groups or administrate.")})
    with transaction.atomic():
        admins = list(User.objects.filter(is_superuser=True, is_active=True).select_for_update().order_by("pk"))
        stays = is_active and is_superuser
        if not stays and [admin.pk for admin in admins] == [user.pk]:
            raise ValidationError({"is_superuser": _("This is the last administrator. Make another one first.")})
        user.is_active, user.is_staff, user.is_superuser = is_active, is_staff, is_superuser
        user.save(update_fields=["is_active", "is_staff", "is_superuser"])
        user.groups.set(groups)
        facts = {"is_active": is_active, "is_staff": is_staff, "is_superuser": is_superuser}
        journal.append(
            kind="accounts.access.set",
            organization=None,
            at=at,
            origin=origin,
            data={"user": user.pk, "groups": sorted(group.name for group in groups), **facts},
        )
