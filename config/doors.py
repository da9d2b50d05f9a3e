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

    So is what a view does not answer (None): the long way then says why.

    The paths are in the URLconf as well, for whoever asks it for an address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.doors: dict[str, Callable[[HttpRequest], HttpResponse | None]] = {
            path: import_string(name) for path, name in settings.DOORS.items()
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = self.doors.get(request.path_info)
        response = door(request) if door else None
        if response is None:
            return self.get_response(request)
        # As Django's CommonMiddleware does: without it the server would send chunks, or close the connection.
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response
