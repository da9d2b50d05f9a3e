"""Visits told by a page's script, and the choice whether it may. Without scripts there is neither."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.middleware import StoreRequest
from accounts.queries import policies
from config import clock
from storefront import limits
from storefront import visits as cookie
from telemetry.models import PageKind
from telemetry.services import visits

NOTHING = 204


@csrf_exempt
@require_POST
@never_cache
def visit(request: StoreRequest) -> HttpResponse:
    """POST /visits/ {page}: a page was looked at. Always 204: whether it was written down is nobody's business.

    Staff are not written down, nor is who looks as a customer.
    """
    visitor, page, at = cookie.visitor(request), request.POST.get("page", ""), clock.now()
    is_told = bool(visitor) and page in PageKind.values and cookie.is_ours(request) and not request.user.is_staff
    if is_told and not limits.is_over(request, "visit", policies.value("telemetry.visits_per_hour_and_network", at)):
        user = request.user if request.user.is_authenticated else None
        visits.note(visitor=visitor, page=PageKind(page), user=user, organization=request.organization, at=at)
    return HttpResponse(status=NOTHING)


@csrf_exempt
@require_POST
@never_cache
def choice(request: HttpRequest) -> HttpResponse:
    """POST /visits/choice/ {may: yes|no}: kept in the browser alone. No also drops what was written down under its number."""
    response, may = HttpResponse(status=NOTHING), request.POST.get("may", "")
    if not cookie.is_ours(request):
        return response
    if may == "yes" and not cookie.wishes_not(request):
        cookie.allow(response, cookie.visitor(request))
    elif may == "no":
        if known := cookie.visitor(request):
            visits.forget_browser(known)
        cookie.refuse(response)
    return response
