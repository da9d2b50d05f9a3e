"""The store with one more address, /bench/empty/: a view that does nothing, behind all of the store's middleware."""

import os
import sys
import types

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urls = types.ModuleType("bench_urls")
urls.urlpatterns = [path("bench/empty/", empty), path("", include("config.urls"))]
sys.modules[urls.__name__] = urls
settings.ROOT_URLCONF = urls.__name__
