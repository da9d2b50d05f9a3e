"""Choosing a language (for the browser by cookie, for good if somebody is signed in), and objecting to a new owner."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as django_set_language

from accounts.models import RecoveryState, User
from accounts.origin import Origin, Source
from accounts.services import journal, recoveries
from config import clock


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """POST /language/set/ with `language` and `next`: back to the page, in that language."""
    language = request.POST.get("language", "")
    user = request.user
    if language in dict(settings.LANGUAGES) and isinstance(user, User) and user.locale != language:
        user.locale = language
        user.save(update_fields=["locale"])
    return django_set_language(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_objection(request: HttpRequest, token: str) -> HttpResponse:
    """GET, POST /recovery/<token>/: the link of a notice. Whoever holds it is the member it was mailed to, signed in or not."""
    found = recoveries.by_token(token)
    if found is None:
        raise Http404
    case, person = found
    if request.method == "POST":
        origin = Origin(actor=person, source=Source.PAGE, request_id=journal.current_request_id())
        try:
            case = recoveries.object_to(case=case, person=person, origin=origin, at=clock.now())
        except recoveries.Overtaken:
            case.refresh_from_db(fields=["state"])
    context = {"case": case, "is_open": case.state == RecoveryState.NOTICE, "is_stopped": case.state == RecoveryState.OBJECTED}
    return render(request, "account/recovery_objection.html", context)
