"""The pricing page: public, the same for everybody who chooses the same, and so kept whole in memory."""

import hashlib
import threading
from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing.queries import catalog
from billing.queries.catalog import OnSale
from billing.rules import money
from config import clock
from offramps.queries import hand_raises
from storefront.queries import pricing
from storefront.queries.pricing import Choice

KEPT_PAGES: Final = 400


class _Key(NamedTuple):
    """What a kept page depends on. The hour is in it because the page says by which day a question is answered."""

    language: str
    hour: str
    is_part: bool
    choice: Choice


class _Kept:
    """Whole pages of one catalog version, in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: object = None
        self._pages: dict[_Key, tuple[bytes, str]] = {}

    def get(self, on_sale: OnSale, key: _Key) -> tuple[bytes, str] | None:
        return self._pages.get(key) if self._version is on_sale else None

    def put(self, on_sale: OnSale, key: _Key, body: bytes) -> tuple[bytes, str]:
        kept = body, f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        with self._lock:
            if self._version is not on_sale or len(self._pages) >= KEPT_PAGES:
                self._version, self._pages = on_sale, {}
            self._pages[key] = kept
        return kept


_kept = _Kept()


@require_safe
def pricing_page(request: HttpRequest) -> HttpResponse:
    """GET /pricing/?line=&seats=&interval=&currency=: what is not given or not sold falls back to a sensible default.

    With HTMX only the part that the choice changes. No query, session, token or cookie once the process is warm.
    """
    on_sale = catalog.on_sale()
    is_part = bool(getattr(request, "htmx", False))
    key = _Key(translation.get_language() or "en", f"{clock.now():%Y-%m-%dT%H}", is_part, _choice(request, on_sale))
    body, etag = _kept.get(on_sale, key) or _kept.put(on_sale, key, _render(request, on_sale, key))
    asked = request.headers.get("If-None-Match", "")
    response = HttpResponseNotModified() if etag in asked else HttpResponse(body)
    response["ETag"] = etag
    patch_cache_control(response, no_cache=True)
    patch_vary_headers(response, ("Accept-Language", "Cookie", "HX-Request"))
    return response


@require_safe
@never_cache
def header(request: HttpRequest) -> HttpResponse:
    """GET /header/: the end of the header for whoever is signed in, which the public pages load."""
    return render(request, "components/header_end.html", {"home_link": True})


def _choice(request: HttpRequest, on_sale: OnSale) -> Choice:
    asked = request.GET
    line = on_sale.line(asked.get("line", "")) or next(iter(on_sale.lines), None)
    interval = asked.get("interval", "")
    currency = asked.get("currency", "").lower()
    if currency not in on_sale.currencies:
        spoken = request.headers.get("Accept-Language", "")
        currency = money.likely_currency(spoken, on_sale.currencies) if on_sale.currencies else ""
    return Choice(
        line=line.code if line else "",
        seats=_seats(asked.get("seats", "")) or (pricing.default_seats(line) if line else 1),
        interval=interval if interval in pricing.intervals() else "month",
        currency=currency,
    )


def _seats(said: str) -> int:
    """A number of seats from an address, or 0 for none that makes sense."""
    return min(int(said), pricing.SEATS_LIMIT) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _render(request: HttpRequest, on_sale: OnSale, key: _Key) -> bytes:
    now = clock.now()
    context: dict[str, Any] = {"page": pricing.page(on_sale, key.choice), "answer_on": hand_raises.answer_on(now)}
    template = "storefront/pricing/plans.html" if key.is_part else "storefront/pricing/page.html"
    return render_to_string(template, context, request).encode()
