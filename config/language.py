"""A page to choose the language on, for pages that carry no form of their own (the public ones are cached without a token)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def choose(request: HttpRequest) -> HttpResponse:
    """GET /language/?next=/pricing/: the languages as buttons that post to Django's set_language."""
    wanted = request.GET.get("next", "/")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return render(request, "language.html", {"next": wanted if safe else "/"})
