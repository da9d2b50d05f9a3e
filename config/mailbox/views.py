"""The mailbox's pages. A mail's HTML is shown in a frame of its own that can run nothing and load nothing."""

import functools
import re
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from config.mailbox import store

PAGE_SIZE = 100
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
# Styles stand in the mail's own tags; links lead out of the frame, and only when somebody clicks.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "script-src": [NONE],
    "font-src": [NONE],
    "connect-src": [NONE],
    "manifest-src": [NONE],
    "form-action": [NONE],
    "base-uri": [SELF],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-top-navigation-by-user-activation"],
}
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def demo_only(view: View[P]) -> View[P]:
    """404 in a store that is no demo, as if the page did not exist."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@never_cache
@demo_only
def listing(request: HttpRequest) -> HttpResponse:
    """GET /demo/mailbox/?to=: the newest mails."""
    wanted = request.GET.get("to", "").strip()
    return render(request, "mailbox/listing.html", {"mails": store.newest(PAGE_SIZE, wanted), "to": wanted})


@require_safe
@never_cache
@demo_only
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """GET /demo/mailbox/<name>/: one mail, its HTML in a frame and its plain text below."""
    found = _find(name)
    response = render(request, "mailbox/mail.html", {"mail": found, "text": _with_links(found.text)})
    response._csp_update = {"frame-src": [SELF]}  # type: ignore[attr-defined]  # noqa: SLF001 - where django-csp looks
    return response


@require_safe
@never_cache
@xframe_options_sameorigin
@demo_only
def html(request: HttpRequest, name: str) -> HttpResponse:
    """GET /demo/mailbox/<name>/html/: the mail's HTML as it is, for the frame."""
    found = _find(name)
    response = HttpResponse(re.sub(r"<head(\s[^>]*)?>", r'\g<0><base target="_top">', found.html, count=1))
    response._csp_replace = MAIL_POLICY  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    return response


def _find(name: str) -> store.Mail:
    found = store.find(name)
    if found is None:
        raise Http404
    return found


def _with_links(text: str) -> SafeString:
    parts: list[str] = []
    end = 0
    for link in LINK.finditer(text):
        url = escape(link.group())
        parts += [escape(text[end : link.start()]), f'<a href="{url}">{url}</a>']
        end = link.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 - each part is escaped above
