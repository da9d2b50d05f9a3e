"""The terms, the privacy notice and the data processing agreement that are in force."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.queries import legal
from accounts.rules import prose
from config import clock


@require_safe
@cache_control(public=True, max_age=300)
@vary_on_headers("Accept-Language", "Cookie")
def document(request: HttpRequest, kind: str) -> HttpResponse:
    """GET /legal/<kind>/ for terms, privacy and dpa. No query and no session: the texts are part of the release."""
    try:
        found = legal.current(kind, clock.now())
    except legal.Missing:
        raise Http404 from None
    text = found.in_language(translation.get_language() or "")
    return render(request, "storefront/legal/document.html", {"document": found, "blocks": prose.parse(text)})
