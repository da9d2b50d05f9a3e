"""Around every view: staff prove a second factor before the admin, signing in is refused while attempts can't be counted, and
a session says now and then that it is in use."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from redis import RedisError

from accounts import staff_guard
from accounts.queries import second_factors

log = structlog.get_logger(__name__)

RETRY_SECONDS = 30
# How exact "last seen" is, and how many sessions a process remembers to have noted.
NOTED_EVERY_SECONDS = 3600.0
REMEMBERED = 10_000
# The way out needs no second factor.
ALWAYS_OPEN = {"logout"}


class SignInGuard:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        seen.note(request)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is not None and _is_of_absent_provider(match.url_name or ""):
            raise Http404
        if match is None or "admin" not in match.app_names or match.url_name in ALWAYS_OPEN:
            return None
        elsewhere = staff_guard.way_to_proof(request, request.get_full_path())
        return HttpResponseRedirect(elsewhere) if elsewhere else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Redis counts the attempts. While it is away nobody may guess uncounted: 503, and whoever is signed in stays so."""
        match = request.resolver_match
        if not isinstance(error, RedisError) or match is None or not _is_sign_in(match.url_name or ""):
            return None
        log.error("sign_in_closed", error=type(error).__name__)
        response = render(request, "account/closed_for_now.html", status=503)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response


class Seen:
    """When a session was last used, to the hour, at one statement an hour for each session and process."""

    def __init__(self) -> None:
        self._noted: OrderedDict[str, float] = OrderedDict()

    def note(self, request: HttpRequest) -> None:
        session = getattr(request, "session", None)
        # Public pages read no session, and are not to begin with it here.
        if session is None or not session.accessed or not session.session_key:
            return
        records = second_factors.records_of(session)
        if not records or time.time() - records[-1]["at"] < NOTED_EVERY_SECONDS:
            return
        now = time.monotonic()
        if now - self._noted.get(session.session_key, float("-inf")) < NOTED_EVERY_SECONDS:
            return
        self._noted[session.session_key] = now
        self._noted.move_to_end(session.session_key)
        while len(self._noted) > REMEMBERED:
            self._noted.popitem(last=False)
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now())


def _is_of_absent_provider(url_name: str) -> bool:
    """Whether it is a page for leaving to, or coming back from, a provider that the settings name no application of."""
    name, _underscore, step = url_name.rpartition("_")
    provider = settings.SOCIALACCOUNT_PROVIDERS.get(name) if step in ("login", "callback") else None
    return provider is not None and not provider["APPS"]


def _is_sign_in(url_name: str) -> bool:
    return url_name.startswith(("account_", "mfa_", "usersessions_", "socialaccount_", "google_", "microsoft_"))


seen = Seen()
