"""May we remember which pages this browser looks at? A cookie says no, or holds the random number under which it is done.

Nothing is asked or written down of a browser that says "do not track" or sends the Global Privacy Control signal.
"""

import re
import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

NAME: Final = "visits"
NO: Final = "no"
_NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_AGE: Final = timedelta(days=90)


def wishes_not(request: HttpRequest) -> bool:
    """Whether the browser itself asks not to be watched."""
    return request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"


def visitor(request: HttpRequest) -> str:
    """The browser's random number; empty where it was not allowed."""
    kept = request.COOKIES.get(NAME, "")
    return kept if _NUMBER.fullmatch(kept) and not wishes_not(request) else ""


def allow(response: HttpResponse, known: str = "") -> None:
    """Remember that it is allowed, under a new number or the `known` one. Scripts read it, to know what to ask."""
    _write(response, known or secrets.token_urlsafe(16))


def refuse(response: HttpResponse) -> None:
    """Remember that it is not, so that nobody asks again."""
    _write(response, NO)


def is_ours(request: HttpRequest) -> bool:
    """Whether a script of one of our own pages asks: the public ones carry no token (docs/decisions/visits.md)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    ours = f"{request.scheme}://{request.get_host()}"
    return constant_time_compare(request.headers.get("Origin", ""), ours)


def _write(response: HttpResponse, value: str) -> None:
    response.set_cookie(NAME, value, max_age=_AGE, secure=settings.SESSION_COOKIE_SECURE, httponly=False, samesite="Lax")
