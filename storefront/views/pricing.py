"""The pricing page: public, the same for everybody who chooses the same, and so kept whole in memory."""

import hashlib
import threading
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing.queries import catalog, terms
from billing.queries.catalog import OnSale
from billing.rules import money
from config import clock, words
from offramps.queries import desk_access, hand_raises
from storefront.queries import pricing, pricing_addons, pricing_promotions, pricing_tax
from storefront.queries.pricing_choice import Choice

KEPT_PAGES: Final = 400
# Longer addresses and headers are made up to fill our memory; they find their page by its choice.
LONGEST_ASKED: Final = 600


class _Asked(NamedTuple):
    """What of a request decides the page. The hour is in it because the page says by which day a question is answered."""

    language: str
    hour: int
    is_part: bool
    query: str
    spoken: str


class _Page(NamedTuple):
    body: bytes
    etag: str


class _Kept:
    """Whole pages of one catalog version, in this process's memory: each once, however it was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: object = None
        self._pages: dict[tuple[Choice, str, int, bool], _Page] = {}
        self._by_asked: dict[_Asked, _Page] = {}

    def get(self, on_sale: OnSale, asked: _Asked) -> _Page | None:
        return self._by_asked.get(asked) if self._version is on_sale else None

    def put(self, on_sale: OnSale, asked: _Asked, choice: Choice, make: Callable[[], bytes]) -> _Page:
        """The page of a choice, made if it is not there; found by `asked` from now on."""
        key = choice, asked.language, asked.hour, asked.is_part
        page = self._pages.get(key) if self._version is on_sale else None
        if page is None:
            body = make()
            page = _Page(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')
        with self._lock:
            if self._version is not on_sale or len(self._pages) >= KEPT_PAGES or len(self._by_asked) >= 4 * KEPT_PAGES:
                self._version, self._pages, self._by_asked = on_sale, {}, {}
            self._pages[key] = page
            if len(asked.query) + len(asked.spoken) <= LONGEST_ASKED:
                self._by_asked[asked] = page
        return page


_kept = _Kept()


@require_safe
def pricing_page(request: HttpRequest) -> HttpResponse:
    """GET /pricing/?line=&seats=&interval=&currency=&promo=&country=&addon=: what is not given or sold falls back to a default.

    With HTMX only the part that the choice changes. No query, session, token or cookie once the process is warm.
    """
    on_sale = catalog.on_sale()
    asked = _Asked(
        language=translation.get_language() or "en",
        hour=int(clock.now().timestamp()) // 3600,
        is_part="HTTP_HX_REQUEST" in request.META,
        query=request.META.get("QUERY_STRING", ""),
        spoken=request.META.get("HTTP_ACCEPT_LANGUAGE", ""),
    )
    page = _kept.get(on_sale, asked) or _make(request, on_sale, asked)
    is_known = page.etag in request.META.get("HTTP_IF_NONE_MATCH", "")
    response = HttpResponseNotModified() if is_known else HttpResponse(page.body)
    response["ETag"] = page.etag
    response["Cache-Control"] = "no-cache"
    response["Vary"] = "Accept-Language, Cookie, HX-Request"
    return response


@require_safe
@never_cache
def header(request: HttpRequest) -> HttpResponse:
    """GET /header/: the end of the header for whoever is signed in, which the public pages load.

    The prices page is the same for everybody; what it says too little of for the reader comes along with this.
    """
    on_prices = urlsplit(request.headers.get("HX-Current-URL", "")).path == reverse("storefront:pricing")
    request.desk = desk_access.of(request).pages  # type: ignore[attr-defined] # what the account menu reads
    agreed = _agreed(request) if on_prices and request.user.is_authenticated else []
    return render(request, "components/header_end.html", {"home_link": True, "agreed": agreed})


def _agreed(request: HttpRequest) -> list[str]:
    """Up to how many seats the reader's organization may have by agreement. One query."""
    organization = getattr(request, "organization", None)
    found = terms.agreed_ceilings(organization.pk) if organization is not None else []
    lines = ((catalog.on_sale().line(code), seats) for code, seats in found)
    said = _("Agreed with you: up to %(seats)s of %(line)s. Put a plan in your cart and set the number there.")
    return [said % {"seats": words.seats(seats), "line": catalog.text(line.name)} for line, seats in lines if line is not None]


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
        promo=pricing_promotions.known(on_sale, asked.get("promo", "")),
        country=pricing_tax.country(on_sale, asked.get("country", ""), request.headers.get("Accept-Language", "")),
        addons=pricing_addons.chosen(line, asked) if line else None,
    )


def _seats(said: str) -> int:
    """A number of seats from an address, or 0 for none that makes sense."""
    return min(int(said), pricing.SEATS_LIMIT) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _make(request: HttpRequest, on_sale: OnSale, asked: _Asked) -> _Page:
    choice = _choice(request, on_sale)

    def render_page() -> bytes:
        shown = pricing_tax.shown(on_sale, choice.country)
        context = {
            "page": pricing.page(shown, choice, clock.now()),
            "tax_note": pricing_tax.note(on_sale, choice.country),
            "answer_on": hand_raises.answer_on(clock.now()),
        }
        template = "storefront/pricing/part.html" if asked.is_part else "storefront/pricing/page.html"
        return render_to_string(template, context, request).encode()

    return _kept.put(on_sale, asked, choice, render_page)
