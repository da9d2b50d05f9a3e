"""Who is at the sales floor: whether somebody is a rep, and whether they run the floor. Asked once a request."""

from functools import cached_property
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, OuterRef

from offramps.models import Rep
from offramps.queries import deals

RUNS_THE_FLOOR = ("offramps", "change_pool")


class Access:
    """`rep`: who sits at the desk; `is_manager`: who sees the board. Neither: no page of the floor is there.

    A query each, when first asked; customers cost none.
    """

    def __init__(self, user: Any) -> None:
        self._user = user if user.is_authenticated and user.is_staff else None

    @cached_property
    def rep(self) -> Rep | None:
        if self._user is None:
            return None
        return Rep.objects.filter(user=self._user, left_on=None).select_related("user").first()

    @cached_property
    def is_manager(self) -> bool:
        if self._user is None or not self._user.is_active:
            return False
        return self._user.is_superuser or any(self._groups.values())

    @cached_property
    def _groups(self) -> dict[str, bool]:
        """The person's groups, and whether each runs the floor."""
        app, codename = RUNS_THE_FLOOR
        runs = Permission.objects.filter(content_type__app_label=app, codename=codename, group=OuterRef("pk"))
        return dict(Group.objects.filter(user=self._user).annotate(runs=Exists(runs)).values_list("name", "runs"))

    @cached_property
    def is_decider(self) -> bool:
        """Whether some deal is theirs to allow: managers, finance, revenue operations, administrators."""
        if self._user is None or not self._user.is_active:
            return False
        return self._user.is_superuser or bool(deals.DECIDING.intersection(self._groups))

    @property
    def sees_deals(self) -> bool:
        """Whether each deal may be opened, not only one's own."""
        return self.is_manager or self.is_decider

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of the pages that are offered."""
        desk = ("offramps:desk",) if self.rep is not None else ()
        board = ("offramps:board",) if self.is_manager else ()
        credit = ("offramps:credit",) if desk or board else ()
        return (*desk, *board, *(("offramps:approvals",) if self.is_decider else ()), *credit)


def of(request: Any) -> Access:
    known: Access | None = getattr(request, "_desk_access", None)
    if known is None:
        known = request._desk_access = Access(request.user)  # noqa: SLF001 - kept on the request it is of
    return known
