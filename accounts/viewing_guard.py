"""Staff who look at the store as a customer: the customer's pages with the customer's eyes, and no hands.

The session holds a look's number (`VIEWING`); the row says whether it goes on. On the pages of settings.VIEWING the request is
given the borrowed person, so that views and templates do what they do for the customer. Everything else is refused: every
method but GET and HEAD, every page not named there (sign-in and security, links of mails, the ways to Stripe), and, whatever
a page may be written to do, every statement that is no plain SELECT. The admin stays the staff's own.
"""

import contextlib
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts import access
from accounts.middleware import zone
from accounts.models import User, Viewing, ViewingEnd
from accounts.origin import Source
from accounts.queries import viewing as queries
from accounts.services import viewing
from config import clock

# Where the session keeps the number of the look, and the organization to come back to when it has ended.
VIEWING, CAME_FROM = "viewing", "viewing_of"
SAFE = frozenset({"GET", "HEAD"})
SIGN_OUT = frozenset({"account_logout", "admin:logout"})
OWN = frozenset({"viewing", "viewing_end"})
READS = re.compile(r"\s*(SELECT|WITH|SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\b", re.IGNORECASE)
# What begins so may still lock rows, write in a WITH, or call what leaves a mark. Words in a statement's values are parameters.
MARKS = re.compile(
    r"\bFOR\s+(NO\s+KEY\s+|KEY\s+)?(UPDATE|SHARE)\b|\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s"
    r"|\b(nextval|setval|set_config|pg_notify|pg_(try_)?advisory\w*)\s*\(",
    re.IGNORECASE,
)


class WouldWrite(Exception):
    """A page wanted to change something while one only looks."""


class ViewingGuard:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with contextlib.ExitStack() as held:
            request.viewing_held = held  # type: ignore[attr-defined] # until the view has answered
            return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or name in settings.VIEWING["open"] or name.startswith("v1:"):
            return None
        if name.startswith("admin:") and name not in SIGN_OUT:
            return None
        number = request.session.get(VIEWING)
        if number is None:
            return None
        if name in SIGN_OUT:
            if request.method not in SAFE:
                close(request, ViewingEnd.SIGN_OUT)
            return None
        found = _going_on(request, number)
        return _over(request) if found is None else self._look(request, name, found)

    def _look(self, request: Any, name: str, found: Viewing) -> HttpResponse | None:
        request.viewing = found
        if name in OWN:
            return None
        if request.method not in SAFE or name not in settings.VIEWING["pages"]:
            return _refuse(request)
        _lend_eyes(request, found)
        request.viewing_held.enter_context(connection.execute_wrapper(_only_read))
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return _refuse(request) if isinstance(error, WouldWrite) else None


def open_in(request: Any, found: Viewing) -> None:
    """From now on this session looks through `found`; a look that it had open ends."""
    if VIEWING in request.session:
        close(request, ViewingEnd.REPLACED)
    request.session[VIEWING] = found.pk
    request.session[CAME_FROM] = found.organization_id


def close(request: Any, how: ViewingEnd) -> Viewing | None:
    """End this session's look. Asks for the person who is signed in, not for the borrowed one."""
    request.session.pop(CAME_FROM, None)
    number = request.session.pop(VIEWING, None)
    if number is None:
        return None
    origin = access.origin(request, Source.ADMIN)
    return viewing.end(number, how=how, origin=origin, at=clock.now(), wall=clock.wall())


def back_url(organization_id: int | None) -> str:
    """The organization's page in the admin, where looks begin."""
    if organization_id is None:
        return reverse("admin:index")
    return reverse("admin:accounts_organization_change", args=[quote(organization_id)])


def _going_on(request: Any, number: int) -> Viewing | None:
    staff = request.user
    if not isinstance(staff, User) and not staff.is_authenticated:
        return None
    return queries.acting(number, staff, clock.wall()) if staff.is_active and staff.is_staff else None


def _over(request: Any) -> HttpResponse:
    back = back_url(request.session.get(CAME_FROM)) if request.user.is_staff else settings.LOGIN_REDIRECT_URL
    close(request, ViewingEnd.TIME)
    messages.info(request, _("Your look at the customer's pages has ended."))
    return HttpResponseClientRedirect(back) if request.htmx else HttpResponseRedirect(back)


def _lend_eyes(request: Any, found: Viewing) -> None:
    membership = found.membership
    request.user = membership.user
    request.membership, request.memberships, request.organization = membership, [membership], membership.organization
    timezone.activate(zone(membership.organization.time_zone))


def _refuse(request: Any) -> HttpResponse:
    """The page that says so; a fragment's request moves the whole page there."""
    if request.htmx:
        return HttpResponseClientRedirect(reverse("viewing"))
    response = render(request, "viewing.html", {"is_refused": True}, status=403)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _only_read(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
    text = sql if isinstance(sql, str) else str(sql)
    if READS.match(text) is None or MARKS.search(text):
        raise WouldWrite
    return execute(sql, params, many, context)
