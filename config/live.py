"""Parts of pages that are asked for again and again: who has the present one hears 304, before anything is drawn.

    tag = live.tag(progress)                             # what the part shows, from one query
    if (known := live.unchanged(request, tag)) is not None:
        return known
    return live.tagged(render(request, "_part.html", ...), tag)

The page holds the part in <live-part src tag every> (static/js/live.js). No thread waits for anybody: each asking is a request.
"""

from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone, translation
from django.utils.http import parse_etags

from config import clock


def tag(*facts: object) -> str:
    """The ETag of what a part shows: its facts (anything whose repr says all of it), the reader's language and day."""
    today = timezone.localdate(clock.now())  # "tomorrow" is another day after midnight
    said = repr((facts, translation.get_language(), today))
    return f'"{blake2b(said.encode(), digest_size=12).hexdigest()}"'


def unchanged(request: HttpRequest, tag: str) -> HttpResponse | None:
    """304 for whoever has the part as it is; None: draw it."""
    if tag not in parse_etags(request.headers.get("If-None-Match", "")):
        return None
    return tagged(HttpResponseNotModified(), tag)


def tagged(response: HttpResponse, tag: str) -> HttpResponse:
    """The part, with what to ask with next time."""
    response.headers["ETag"] = tag
    return response
