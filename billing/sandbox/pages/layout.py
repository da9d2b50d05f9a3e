"""The frame of every page: band, main, footer; and the headers that keep it plain HTML."""

import functools
import pathlib
from collections.abc import Iterable
from urllib.parse import urlsplit

from billing.sandbox.http import Response
from billing.sandbox.http import page as html_page
from billing.sandbox.pages.markup import Child, Html, join, tag
from billing.sandbox.pages.words import Say

STYLESHEET = "/pages/sandbox.css"


@functools.cache
def stylesheet() -> bytes:
    """The one stylesheet."""
    return pathlib.Path(__file__).with_name("sandbox.css").read_bytes()


def css() -> Response:
    """The answer to a request for the stylesheet."""
    return Response(200, stylesheet(), {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "no-cache"})


def page(
    say: Say,
    title: str,
    *main: Child,
    reference: str = "",
    wide: bool = False,
    status: int = 200,
    leads_to: Iterable[str | None] = (),
) -> Response:
    """A whole page. ``reference`` is the object's id, shown in the footer; ``leads_to`` are addresses its forms may end at."""
    frame = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="robots", content="noindex"),
            tag("title", f"{title} · SANDBOX"),
            tag("link", rel="stylesheet", href=STYLESHEET),
            tag("link", rel="icon", href="data:,"),
        ),
        tag(
            "body",
            tag("div", tag("strong", say("SANDBOX, no money moves")), class_="band"),
            tag("main", *main, class_=None if wide else "narrow"),
            tag("footer", _footer(say, reference), class_="stack tight"),
        ),
        lang=say.language,
    )
    response = html_page(f"<!doctype html>\n{frame}\n", status)
    response.headers.update(_headers(leads_to))
    return response


def _footer(say: Say, reference: str) -> Html:
    words = say("This page stands in for Stripe's own. Cards are test cards, charges are pretended.")
    return join([tag("p", words), tag("p", tag("code", reference)) if reference else None])


def _headers(leads_to: Iterable[str | None]) -> dict[str, str]:
    # A browser holds the redirect after a form against form-action too, so the addresses a form may end at are named.
    targets = ["'self'", *dict.fromkeys(origin for address in leads_to if (origin := _origin(address)))]
    policy = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {' '.join(targets)}"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _origin(address: str | None) -> str | None:
    parts = urlsplit(address or "")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    safe = all(character.isalnum() or character in ".:-[]" for character in parts.netloc)
    return f"{parts.scheme}://{parts.netloc}" if safe else None


def notice(kind: str, headline: str, *rest: Child) -> Html:
    """A message: ``kind`` is "good", "bad" or "plain". Bad ones are read out at once."""
    return tag("div", tag("strong", headline), *rest, class_=f"notice {kind}", role="alert" if kind == "bad" else "status")
