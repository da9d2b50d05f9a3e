"""Addresses that programs knock at: answered before sessions, languages, tokens and pages have a say.

Who comes there proves itself by what it sends, has no session and reads no page; most of what a page needs would be work for
nothing. What stands before this middleware still counts: HTTPS, the request id and the line in the log.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string


class DoorMiddleware:
    """Hands a request for one of settings.DOORS (path -> dotted name of a view) to its view, and all others on.

    The paths are in the URLconf as well, for whoever asks it for an address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.doors: dict[str, Callable[[HttpRequest], HttpResponse]] = {
            path: import_string(name) for path, name in settings.DOORS.items()
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.doors.get(request.path_info, self.get_response)(request)
