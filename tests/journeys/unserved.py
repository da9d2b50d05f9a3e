"""A window on pages that no server serves: Django's test client answers in this process, within the test's transaction.

What a test brought about is there at once, whoever it is about, and gone with the test.
"""

import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from config import brand, static_files

ADDRESS = "http://store.example"


class Served:
    """Whoever looks, and what the browser is given: served.as_user(owner); served.prepare("/seats/"); page.goto("/seats/").

    A page is asked for before the browser wants it: Playwright answers requests in a context of its own, in which Django would
    open another connection, which sees nothing of the test's transaction. Fragments that pages fetch are answered "no news".
    """

    def __init__(self, context) -> None:
        self.client = Client()
        self.page: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        context.route(f"{ADDRESS}/**", self._answer)

    def as_user(self, user):
        """Look as somebody who is signed in, or as nobody."""
        self.client = Client()
        if user is not None:
            self.client.force_login(user)
        return self.client

    def prepare(self, address):
        """Ask for the page that the browser will be given next."""
        answer = self.client.get(address, follow=True)
        kept = {name: answer.headers[name] for name in ("Content-Type", "Content-Security-Policy") if name in answer.headers}
        self.page = {"status": answer.status_code, "body": answer.getvalue(), "headers": kept}

    def _answer(self, route):
        address = urlsplit(route.request.url)
        if address.path.startswith(settings.STATIC_URL):
            name = address.path.removeprefix(settings.STATIC_URL)
            route.fulfill(body=self._file(name), content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")
        elif route.request.is_navigation_request():
            route.fulfill(**self.page)
        elif address.path.startswith("/brand."):
            route.fulfill(body=brand.stylesheet(165, 0.105), content_type="text/css")
        else:
            route.fulfill(status=204)

    def _file(self, name):
        if name not in self.files:
            found = finders.find(name)
            assert found, f"there is no static file {name}"
            self.files[name] = _stylesheet() if name == static_files.INDEX else Path(found).read_bytes()
        return self.files[name]


def _stylesheet():
    """In one piece, as collectstatic writes it: the browser keeps nothing of what is answered here."""
    everything = {
        path: (storage, path)
        for finder in finders.get_finders()
        for path, storage in finder.list([])
        if path.startswith("css/")
    }
    assert staticfiles_storage.base_url == settings.STATIC_URL
    return static_files.in_one_piece(static_files.INDEX, everything).encode()
