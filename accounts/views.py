"""Choosing a language: for the browser by cookie, and for good if somebody is signed in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from accounts.models import User


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """POST /language/set/ with `language` and `next`: back to the page, in that language."""
    language = request.POST.get("language", "")
    user = request.user
    if language in dict(settings.LANGUAGES) and isinstance(user, User) and user.locale != language:
        user.locale = language
        user.save(update_fields=["locale"])
    return django_set_language(request)
