"""The door for users of the vendor's product: a link that signs them on, once."""

from allauth.account.utils import perform_login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.middleware import CURRENT, RETURN_URL
from accounts.models import Entry
from accounts.services import entries
from config import clock

GONE = 410


@require_http_methods(["GET", "POST"])
@never_cache
def entry(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET /entry/<token>/: in, and on to the page that the product chose. Good once; looking ahead uses nothing up.

    Somebody else who is signed in here is asked first (POST goes on): a link must not swap people unseen.
    """
    if "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        return HttpResponse(status=204)
    wall = clock.wall()
    found = entries.find(token, wall)
    if found is None:
        return render(request, "storefront/entry/gone.html", status=GONE)
    somebody_else = request.user.is_authenticated and request.user.pk != found.user_id
    if somebody_else and request.method != "POST":
        return render(request, "storefront/entry/switch.html", {"entry": found})
    if not entries.take(found, origin=access.origin(request), at=clock.now(), wall=wall):
        return render(request, "storefront/entry/gone.html", status=GONE)
    if somebody_else:
        logout(request)
    return _sign_on(request, found)


def _sign_on(request: HttpRequest, found: Entry) -> HttpResponseBase:
    request.session[CURRENT] = found.organization.public_id
    request.session[RETURN_URL] = found.return_url
    # The product vouches for the address. Whoever has a second factor is asked for it, as at any other door.
    response: HttpResponseBase = perform_login(request, found.user, email_verification="none", redirect_url=found.path)
    return response
