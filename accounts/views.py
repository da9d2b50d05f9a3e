"""Choosing a language (for the browser by cookie, for good if somebody is signed in), objecting to a new owner, and the end
of a look at the store as a customer."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language as django_set_language

from accounts import viewing_guard
from accounts.middleware import zone
from accounts.models import RecoveryState, User, ViewingEnd
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
    with timezone.override(zone(case.membership.organization.time_zone)):  # as the mail said it
        return render(request, "account/recovery_objection.html", context)


@require_safe
@never_cache
def viewing_page(request: HttpRequest) -> HttpResponse:
    """GET /viewing/: through whose eyes one looks, until when, and the way out. 404 for everybody who does not."""
    if not hasattr(request, "viewing"):
        raise Http404
    return render(request, "viewing.html", {"is_refused": False})


@require_POST
def viewing_end(request: HttpRequest) -> HttpResponse:
    """POST /viewing/end/: back to the admin, to the customer's page there. 404 for who looks at nothing."""
    if not hasattr(request, "viewing"):
        raise Http404
    found = viewing_guard.close(request, ViewingEnd.BUTTON)
    messages.success(request, _("Ended. You are yourself again."))
    return redirect(viewing_guard.back_url(found.organization_id if found else None))
