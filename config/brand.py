"""The brand's two colours as a stylesheet, and its web app manifest: settings served as cacheable files."""

from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

HUE = (0.0, 360.0)
CHROMA = (0.0, 0.16)
ONE_YEAR = 31_536_000


@lru_cache(maxsize=8)
def stylesheet(hue: float, chroma: float) -> str:
    """The accent as custom properties. Chroma is capped where the palette's contrasts are tested to hold."""
    hue = hue % HUE[1]
    chroma = min(max(chroma, CHROMA[0]), CHROMA[1])
    return f":root{{--accent-hue:{hue:g};--accent-chroma:{chroma:g}}}\n"


def _current() -> tuple[str, str]:
    text = stylesheet(settings.BRAND["accent_hue"], settings.BRAND["accent_chroma"])
    return text, sha256(text.encode()).hexdigest()[:12]


def stylesheet_url() -> str:
    """Address of the brand's stylesheet; it changes with the content, so that browsers may keep it for ever."""
    return reverse("brand_css", args=[_current()[1]])


@require_safe
@cache_control(public=True, max_age=ONE_YEAR, immutable=True)
def css(request: HttpRequest, digest: str) -> HttpResponse:
    """GET /brand.<digest>.css: kept for ever; an older address leads to the present one."""
    text, current = _current()
    if digest != current:
        return HttpResponseRedirect(stylesheet_url())
    return HttpResponse(text, content_type="text/css; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """GET /manifest.webmanifest: name, mark and colours for a home screen."""
    brand = settings.BRAND
    return JsonResponse(
        {
            "name": brand["name"],
            "short_name": brand["name"],
            "description": brand["tagline"],
            "start_url": "/",
            "display": "browser",
            "background_color": "#fbfcfb",
            "theme_color": "#fbfcfb",
            "icons": [{"src": static(brand["mark"]), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )
