"""Who is at the sales floor: whether somebody is a rep, and whether they run the floor. Asked once a request."""

from functools import cached_property
from typing import Any

from django.contrib.auth.models import Permission

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
        app, codename = RUNS_THE_FLOOR
        theirs = Permission.objects.filter(content_type__app_label=app, codename=codename, group__user=self._user)
        return self._user.is_superuser or theirs.exists()

    @cached_property
    def is_decider(self) -> bool:
        """Whether some deal is theirs to allow: managers, finance, revenue operations, administrators."""
        return self._user is not None and self._user.is_active and deals.decider(self._user).is_one

    @property
    def sees_deals(self) -> bool:
        """Whether each deal may be opened, not only one's own."""
        return self.is_manager or self.is_decider

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of the pages that are offered."""
        desk = ("offramps:desk",) if self.rep is not None else ()
        board = ("offramps:board",) if self.is_manager else ()
        return (*desk, *board, *(("offramps:approvals",) if self.is_decider else ()))


def of(request: Any) -> Access:
    known: Access | None = getattr(request, "_desk_access", None)
    if known is None:
        known = request._desk_access = Access(request.user)  # noqa: SLF001 - kept on the request it is of
    return known
