"""The API's description, made once a process in each language and format: it takes longer than any call of the API."""

import functools

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

VERSION = "v1"
RENDERERS = {renderer.format: renderer for renderer in (OpenApiYamlRenderer, OpenApiJsonRenderer)}


class Description(SpectacularAPIView):
    """OpenAPI 3.1 as YAML or JSON, by Accept or `?format=`; `?lang=` in another language than the request's."""

    def get(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        renderer = request.accepted_renderer
        name = f"{spectacular_settings.TITLE} ({VERSION}).{renderer.format}"
        return HttpResponse(
            described(_language(request), renderer.format),
            content_type=f"{renderer.media_type}; charset=utf-8",
            headers={"Content-Disposition": f'inline; filename="{name}"'},
        )


@functools.cache
def described(language: str, form: str) -> bytes:
    """The whole description. Of as many languages and formats as there are: a reader cannot ask for more."""
    with translation.override(language):
        schema = SchemaGenerator(api_version=VERSION).get_schema(public=True)  # type: ignore[no-untyped-call] # untyped there
        schema["servers"] = [{"url": settings.STORE_URL}]
        return bytes(RENDERERS[form]().render(schema, renderer_context={}))


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE
